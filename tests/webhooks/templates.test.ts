import { describe, expect, test } from 'vitest';
import { WEBHOOK_TARGETS, WEBHOOK_TYPES } from '../../src/vocabulary.ts';
import { PAGING_TYPES, render, sentence, type Told } from '../../src/webhooks/out/templates.ts';

const AT = new Date('2026-11-30T12:00:00Z');
const told = (type: Told['type'], data: Told['data'] = {}, model: string | null = 'router'): Told => ({ id: 'msg_1', type, model, at: AT, data });
const opened = told('incident.opened', { incident: 'i1', monitor: 'error', effect: 0.1234, state: 'open' });
const body = (target: 'standard' | 'slack' | 'pagerduty', what: Told) => JSON.parse(render(target, what, 'key-0')) as Record<string, unknown>;

test('standard: type, time of the event, data with the model', () => {
  expect(body('standard', opened)).toEqual({ type: 'incident.opened', timestamp: '2026-11-30T12:00:00.000Z', data: { model: 'router', incident: 'i1', monitor: 'error', effect: 0.1234, state: 'open' } });
});

test('slack: a text for notifications, a section, a line of context; nothing of ours is markup', () => {
  expect(body('slack', told('run.outcome', { run: 'r1', outcome: 'rejected', reason: 'p < 0.05 & <!channel>' }))).toEqual({
    text: 'router: run r1 ended, rejected: p < 0.05 & <!channel>',
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: ':information_source: *router*: run r1 ended, rejected: p &lt; 0.05 &amp; &lt;!channel&gt;' } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: 'run.outcome at <!date^1796040000^{date_short_pretty} {time_secs}|2026-11-30T12:00:00.000Z>' }] },
    ],
  });
});

describe('pagerduty', () => {
  test('an incident is triggered, acknowledged and resolved under one key', () => {
    const life = [opened, told('incident.acknowledged', { incident: 'i1' }), told('incident.resolved', { incident: 'i1' })].map((event) => body('pagerduty', event));
    expect(life.map((event) => [event['event_action'], event['dedup_key']])).toEqual([['trigger', 'trimtab:i1'], ['acknowledge', 'trimtab:i1'], ['resolve', 'trimtab:i1']]);
    expect(life[0]).toMatchObject({
      routing_key: 'key-0', payload: { summary: 'router: error has drifted by 0.123 (incident i1)', source: 'router', severity: 'warning', timestamp: AT.toISOString(), component: 'trimtab', class: 'incident.opened' },
    });
  });
  test('two rollbacks are two alerts, an endless reason is cut', () => {
    const key = (seq: number) => body('pagerduty', told('rollback', { seq, adapter: 'a' }))['dedup_key'];
    expect(key(1)).not.toBe(key(2));
    expect((body('pagerduty', told('rollback', { reason: 'x'.repeat(5_000) }))['payload'] as { summary: string }).summary).toHaveLength(1_024);
  });
  test('what pages is a part of what there is', () => expect(WEBHOOK_TYPES).toEqual(expect.arrayContaining([...PAGING_TYPES])));
});

test.each([...WEBHOOK_TYPES, 'test'] as const)('%s is a sentence in every target, also when its data lack something', (type) => {
  expect(sentence(told(type))).toMatch(/^[\w].* .*\w\)?$/);
  for (const target of WEBHOOK_TARGETS) expect(render(target, told(type, {}, null), null)).not.toMatch(/undefined|\[object/);
});
