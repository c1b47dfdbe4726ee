import { expect, test } from 'vitest';
import { may, PERMISSIONS, rolesThatMay } from '../../src/auth/roles.ts';
import { shortLived } from '../../src/auth/short-lived.ts';
import { VirtualClock } from '../../src/clock.ts';
import { ROLES } from '../../src/vocabulary.ts';

const clock = new VirtualClock(new Date(0));
const counter = () => {
  let n = 0;
  return () => Promise.resolve(++n);
};

test('an answer lives its life and no longer', async () => {
  const cache = shortLived<number>({ clock, lifeMs: 100, maxEntries: 10 });
  const ask = counter();
  expect(await cache.get('a', ask)).toBe(1);
  clock.advance(99);
  expect(await cache.get('a', ask)).toBe(1);
  clock.advance(1);
  expect(await cache.get('a', ask)).toBe(2);
  cache.clear();
  expect(await cache.get('a', ask)).toBe(3);
});

test('a failed question is asked again', async () => {
  const cache = shortLived<number>({ clock, lifeMs: 100, maxEntries: 10 });
  await expect(cache.get('a', () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  expect(await cache.get('a', () => Promise.resolve(7))).toBe(7);
});

test('the oldest goes when there are too many', async () => {
  const cache = shortLived<number>({ clock, lifeMs: 100, maxEntries: 2 });
  const ask = counter();
  for (const key of ['a', 'b', 'c']) await cache.get(key, ask);
  expect(await cache.get('c', ask)).toBe(3);
  expect(await cache.get('b', ask)).toBe(2);
  expect(await cache.get('a', ask)).toBe(4);
});

test('who may do what', () => {
  const table = ROLES.map((role) => [role, PERMISSIONS.filter((permission) => may(role, permission)).join(' ')]);
  expect(table).toEqual([
    ['viewer', 'read'],
    ['ingest', 'ingest'],
    ['operator', 'read ingest operate'],
    ['admin', 'read ingest operate administer'],
  ]);
  expect(rolesThatMay('operate')).toEqual(['operator', 'admin']);
});
