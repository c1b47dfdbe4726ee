import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastDue, nextDue } from '../../src/triggers/schedule.ts';

const at = (text: string) => new Date(text);

test('the next due time, also over a night that leaves an hour out and one that has it twice', () => {
  expect(nextDue('0 3 * * 1', 'UTC', at('2026-03-02T02:59:59Z'))).toEqual(at('2026-03-02T03:00:00Z'));
  expect(nextDue('0 3 * * 1', 'UTC', at('2026-03-02T03:00:00Z'))).toEqual(at('2026-03-09T03:00:00Z'));
  expect(nextDue('30 2 * * *', 'Europe/Zurich', at('2026-03-28T12:00:00Z'))).toEqual(at('2026-03-29T01:30:00Z'));
  expect(nextDue('30 2 * * *', 'Europe/Zurich', at('2026-10-24T12:00:00Z'))).toEqual(at('2026-10-25T00:30:00Z'));
  expect(nextDue('30 2 * * *', 'Europe/Zurich', at('2026-10-25T00:30:00Z'))).toEqual(at('2026-10-26T01:30:00Z'));
});

test('what is due next is what was due last, a moment later', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Zurich', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
  const schedule = fc.constantFrom('0 3 * * 1', '*/15 * * * *', '30 2 * * *', '0 0 1 * *', '15 1 * * 0');
  fc.assert(fc.property(zone, schedule, fc.date({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z'), noInvalidDate: true }), (timeZone, expression, now) => {
    const next = nextDue(expression, timeZone, now);
    expect(next.getTime()).toBeGreaterThan(now.getTime());
    expect(lastDue(expression, timeZone, next)).toEqual(next);
    const before = lastDue(expression, timeZone, new Date(next.getTime() - 1));
    expect(before.getTime()).toBeLessThanOrEqual(now.getTime());
  }), { numRuns: 100 });
});
