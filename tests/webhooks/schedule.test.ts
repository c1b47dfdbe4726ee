import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY, HOUR, SECOND } from '../../src/vocabulary.ts';
import { nextTry, RETRY_DELAYS } from '../../src/webhooks/out/schedule.ts';

const NOW = new Date('2026-11-30T12:00:00Z');
const wait = (tries: number, retryAfter: string | null = null, random = 0.5) => {
  const next = nextTry(tries, NOW, { retryAfter, random });
  return next === null ? null : Math.round(next.getTime() - NOW.getTime());
};

test('the table: ten attempts over three days, then no more', () => {
  expect(RETRY_DELAYS.map((_, i) => wait(i + 1))).toEqual(RETRY_DELAYS);
  expect(wait(10)).toBeNull();
  expect(RETRY_DELAYS.reduce((sum, delay) => sum + delay, 0) / HOUR).toBeCloseTo(75.6, 1);
});

test('waits are spread by a fifth either way, and never shorter', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (tries, random) => {
    const delay = RETRY_DELAYS[tries - 1] as number;
    expect(wait(tries, null, random)).toBeGreaterThanOrEqual(Math.floor(delay * 0.8));
    expect(wait(tries, null, random)).toBeLessThanOrEqual(Math.ceil(delay * 1.2));
  }));
});

test.each([
  ['60', 60 * SECOND], ['0', 5 * SECOND], ['1', 5 * SECOND], [new Date(NOW.getTime() + HOUR).toUTCString(), HOUR], [new Date(NOW.getTime() - HOUR).toUTCString(), 5 * SECOND],
  ['999999999', DAY], ['soon', 5 * SECOND], ['-5', 5 * SECOND], ['1e9', 5 * SECOND],
])('Retry-After %s', (header, expected) => expect(wait(1, header)).toBe(expected));
