import { expect, test } from 'vitest';
import type { Incident } from '../../src/http/api.ts';
import { alarmedOf, isMuted, replayed, worstLevel } from '../../src/ui/lib/incident.ts';

const now = Date.parse('2026-03-01T13:00:00Z');
const [before, after] = ['2026-03-01T12:59:59Z', '2026-03-01T13:00:01Z'];

test('an incident is muted until its time is over, or it is', () => {
  expect(isMuted({ state: 'open', mutedUntil: after }, now)).toBe(true);
  expect(isMuted({ state: 'acknowledged', mutedUntil: after }, now)).toBe(true);
  expect(isMuted({ state: 'resolved', mutedUntil: after }, now)).toBe(false);
  expect(isMuted({ state: 'open', mutedUntil: before }, now)).toBe(false);
  expect(isMuted({ state: 'open', mutedUntil: null }, now)).toBe(false);
});

test('the level of several is the worst that is not muted, and of muted ones alone theirs', () => {
  const ticket = { level: 'ticket', state: 'open', mutedUntil: null } as const;
  const page = { level: 'page', state: 'open', mutedUntil: after } as const;
  expect(worstLevel([], now)).toBeNull();
  expect(worstLevel([ticket, page], now)).toEqual({ level: 'ticket', muted: false });
  expect(worstLevel([ticket, { ...page, mutedUntil: before }], now)).toEqual({ level: 'page', muted: false });
  expect(worstLevel([{ ...ticket, mutedUntil: after }, page], now)).toEqual({ level: 'page', muted: true });
});

test('monitors stand in the order in which they alarmed, each with the pane of its change and of its alarm', () => {
  const alarm = (monitor: string, since: number, last: number) => ({ monitor, panes: [since, last], series: [{ pane: since, n: 9, sums: [] }, { pane: last, n: 9, sums: [] }], effect: 0.2, interval: [0.1, 0.3], tolerance: 0.02 });
  const evidence = { ...alarm('confidence', 4, 6), joined: [alarm('error', 5, 8)] } as unknown as Incident['evidence'];
  const rise = { effect: 0.2, interval: [0.1, 0.3], tolerance: 0.02 };
  expect(alarmedOf({ pane: 7, evidence })).toEqual([
    { monitor: 'confidence', joined: false, since: 4, at: 7, ...rise },
    { monitor: 'error', joined: true, since: 5, at: 8, ...rise },
  ]);
});

test('a replay that gives other bits names whose they are', () => {
  const error = { monitor: 'error', stored: 2, replayed: 2, alarm: true, same: true };
  expect(replayed([error])).toEqual({ same: true, text: 'The stored evidence gives the alarm again, bit for bit.' });
  expect(replayed([error, { ...error, monitor: 'confidence' }])).toEqual({ same: true, text: 'The stored evidence gives all 2 alarms again, bit for bit.' });
  expect(replayed([error, { ...error, monitor: 'confidence', replayed: 2.0000000000000004, same: false }])).toEqual({ same: false, text: 'The stored evidence does not give the stored alarm of confidence.' });
});
