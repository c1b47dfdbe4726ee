import { expect, test } from 'vitest';
import { parseSpec } from '../../src/spec.ts';
import { inWindow, lastDue } from '../../src/triggers/schedule.ts';
import { DAY, HOUR, MINUTE } from '../../src/vocabulary.ts';

const at = (iso: string) => new Date(iso);

test('the last due time is the one at or before now, in the time zone of the spec', () => {
  expect(lastDue('0 3 * * *', 'UTC', at('2026-05-10T03:00:00Z'))).toEqual(at('2026-05-10T03:00:00Z'));
  expect(lastDue('0 3 * * *', 'UTC', at('2026-05-10T02:59:59.999Z'))).toEqual(at('2026-05-09T03:00:00Z'));
  expect(lastDue('0 3 * * *', 'Europe/Zurich', at('2026-05-10T02:00:00Z'))).toEqual(at('2026-05-10T01:00:00Z'));
  expect(lastDue('0 3 * * 1', 'UTC', at('2026-05-13T12:00:00Z'))).toEqual(at('2026-05-11T03:00:00Z'));
});

test.each(['nonsense', '* * *', '0 0 3 * * 1', '99 3 * * *', '0 0 30 2 *'])('the schedule %s is refused with its spec, with an example of what is right', (expression) => {
  expect(() => parseSpec({ name: 'm', task: 'classification', serving: {}, retrain: { schedule: expression } })).toThrow(/retrain\/schedule.*0 3 \* \* 1/);
});

/** The local days of a year, and the due times that ticks every hour (every five minutes around changes of time) find, each taken when it is later than the last. */
function firings(expression: string, timeZone: string): Map<string, number> {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const [from, to] = [at('2026-01-01T12:00:00Z').getTime(), at('2027-01-01T12:00:00Z').getTime()];
  const fired = new Map<string, number>();
  let taken = lastDue(expression, timeZone, new Date(from)).getTime();
  for (let now = from; now < to; now += 5 * MINUTE) {
    const changing = [2, 9, 10].includes(new Date(now).getUTCMonth()) && new Date(now).getUTCDay() === 0;
    if (!changing && now % HOUR !== 0) continue;
    const due = lastDue(expression, timeZone, new Date(now)).getTime();
    if (due <= taken) continue;
    taken = due;
    const key = day.format(due);
    fired.set(key, (fired.get(key) ?? 0) + 1);
  }
  return fired;
}

test.each(['Europe/Zurich', 'America/New_York'])('over a year of ticks in %s, 02:30 of each local day fires once, also where it is missing or comes twice', (timeZone) => {
  const fired = firings('30 2 * * *', timeZone);
  expect(fired.size).toBe(365);
  expect([...fired].filter(([, times]) => times !== 1)).toEqual([]);
});

test('ticks that slept over the repeated hour fire it once too', () => {
  // Zurich, 25 October 2026: 02:30 comes at 00:30Z and again at 01:30Z
  expect(lastDue('30 2 * * *', 'Europe/Zurich', at('2026-10-25T00:45:00Z'))).toEqual(at('2026-10-25T00:30:00Z'));
  expect(lastDue('30 2 * * *', 'Europe/Zurich', at('2026-10-25T01:45:00Z'))).toEqual(at('2026-10-25T00:30:00Z'));
  expect(lastDue('30 2 * * *', 'Europe/Zurich', at('2026-10-26T00:00:00Z'))).toEqual(at('2026-10-25T00:30:00Z'));
  // 02:15 for the second time: 02:30 was already due, and a due time never goes back
  expect(lastDue('30 2 * * *', 'Europe/Zurich', at('2026-10-25T01:15:00Z'))).toEqual(at('2026-10-25T00:30:00Z'));
  // the night of 29 March has no 02:30: it is due an hour later by the clock
  expect(lastDue('30 2 * * *', 'Europe/Zurich', at('2026-03-29T01:29:00Z'))).toEqual(at('2026-03-28T01:30:00Z'));
  expect(lastDue('30 2 * * *', 'Europe/Zurich', at('2026-03-29T01:30:00Z'))).toEqual(at('2026-03-29T01:30:00Z'));
  // a schedule of every ten minutes is not thinned out
  const dues = new Set<number>();
  for (let now = at('2026-05-10T00:00:00Z').getTime(); now < at('2026-05-11T00:00:00Z').getTime(); now += MINUTE) dues.add(lastDue('*/10 * * * *', 'UTC', new Date(now)).getTime());
  expect(dues.size).toBe(DAY / (10 * MINUTE));
});

test('a window holds its first minute and not its last, in its time zone, and may span midnight', () => {
  const inside = (window: string, zone: string, iso: string) => inWindow(window, zone, at(iso));
  expect(inside('01:00-05:00', 'UTC', '2026-05-10T01:00:00Z')).toBe(true);
  expect(inside('01:00-05:00', 'UTC', '2026-05-10T05:00:00Z')).toBe(false);
  expect(inside('01:00-05:00', 'UTC', '2026-05-10T00:59:59Z')).toBe(false);
  expect(inside('01:00-05:00', 'America/New_York', '2026-05-10T05:30:00Z')).toBe(true);
  expect(inside('22:00-02:00', 'UTC', '2026-05-10T23:00:00Z')).toBe(true);
  expect(inside('22:00-02:00', 'UTC', '2026-05-10T01:59:00Z')).toBe(true);
  expect(inside('22:00-02:00', 'UTC', '2026-05-10T02:00:00Z')).toBe(false);
  expect(inside('22:00-02:00', 'UTC', '2026-05-10T00:00:00Z')).toBe(true);
});
