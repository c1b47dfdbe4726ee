import { expect, test } from 'vitest';
import { parseEvent } from '../../src/ui/lib/sse.ts';
import { runText, standOf } from '../../src/ui/lib/standing.ts';

test('a block of the stream is an event, a comment is none, and what is broken does not end the stream', () => {
  expect(parseEvent('event: run:state\ndata: {"model":"router","state":"train"}')).toEqual({ type: 'run:state', data: { model: 'router', state: 'train' } });
  for (const block of [': ', '', 'retry: 2000', 'event: run:state', 'event: run:state\ndata: {"model"']) expect(parseEvent(block)).toBeNull();
});

const run = { id: 'router-r1', state: 'train', waiting: false, startedAt: '2026-03-01T12:00:00Z', step: 5, steps: 20 } as const;
const live = { adapter: 'router--v1-00000000', version: 1, since: '2026-03-01T12:00:00Z' };
const now = Date.parse('2026-03-01T13:00:00Z');
const incident = (state: 'open' | 'acknowledged', mutedUntil: string | null = null) => ({ id: 'i', monitor: 'error', level: 'page', state, openedAt: '2026-03-01T12:00:00Z', mutedUntil }) as const;

test('an alarm that nobody has seen comes before everything else', () => {
  expect(standOf({ incidents: [incident('open')], live, run: { ...run, waiting: true } }, now)).toEqual({ is: 'bad', text: '1 alarm' });
  expect(standOf({ incidents: [incident('acknowledged')], live, run: { ...run, waiting: true } }, now)).toEqual({ is: 'busy', text: 'waits for approval' });
  expect(standOf({ incidents: [incident('acknowledged')], live, run: null }, now)).toEqual({ is: 'busy', text: '1 alarm seen' });
  expect(standOf({ incidents: [], live, run }, now)).toEqual({ is: 'good', text: 'on course' });
  expect(standOf({ incidents: [], live: null, run }, now)).toEqual({ is: 'quiet', text: 'nothing is live yet' });
  expect([runText(run), runText({ ...run, step: null, steps: null })]).toEqual(['trains, 25 %', 'trains']);
});

test('a muted alarm calls nobody, until its time is over', () => {
  const muted = incident('open', '2026-03-01T14:00:00Z');
  expect(standOf({ incidents: [muted], live, run: null }, now)).toEqual({ is: 'busy', text: '1 alarm muted' });
  expect(standOf({ incidents: [muted, incident('acknowledged')], live, run: null }, now)).toEqual({ is: 'busy', text: '1 alarm seen' });
  expect(standOf({ incidents: [muted, incident('open')], live, run: null }, now)).toEqual({ is: 'bad', text: '1 alarm' });
  expect(standOf({ incidents: [muted], live, run: null }, Date.parse('2026-03-01T14:00:00Z'))).toEqual({ is: 'bad', text: '1 alarm' });
});
