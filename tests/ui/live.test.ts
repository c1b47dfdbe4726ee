import { expect, test } from 'vitest';
import { parseEvent } from '../../src/ui/lib/sse.ts';
import { runText, standOf } from '../../src/ui/lib/standing.ts';

test('a block of the stream is an event, a comment is none, and what is broken does not end the stream', () => {
  expect(parseEvent('event: run:state\ndata: {"model":"router","state":"train"}')).toEqual({ type: 'run:state', data: { model: 'router', state: 'train' } });
  for (const block of [': ', '', 'retry: 2000', 'event: run:state', 'event: run:state\ndata: {"model"']) expect(parseEvent(block)).toBeNull();
});

const run = { id: 'router-r1', state: 'train', waiting: false, startedAt: '2026-03-01T12:00:00Z', step: 5, steps: 20 } as const;
const live = { adapter: 'router--v1-00000000', version: 1, since: '2026-03-01T12:00:00Z' };
const incident = (state: 'open' | 'acknowledged') => ({ id: 'i', monitor: 'error', state, openedAt: '2026-03-01T12:00:00Z' });

test('an alarm that nobody has seen comes before everything else', () => {
  expect(standOf({ incidents: [incident('open')], live, run: { ...run, waiting: true } })).toEqual({ is: 'bad', text: '1 alarm' });
  expect(standOf({ incidents: [incident('acknowledged')], live, run: { ...run, waiting: true } })).toEqual({ is: 'busy', text: 'waits for approval' });
  expect(standOf({ incidents: [incident('acknowledged')], live, run: null })).toEqual({ is: 'busy', text: '1 alarm seen' });
  expect(standOf({ incidents: [], live, run })).toEqual({ is: 'good', text: 'on course' });
  expect(standOf({ incidents: [], live: null, run })).toEqual({ is: 'quiet', text: 'nothing is live yet' });
  expect([runText(run), runText({ ...run, step: null, steps: null })]).toEqual(['trains, 25 %', 'trains']);
});
