import { expect, test } from 'vitest';
import { dropOldPartitions, ensurePartitions } from '../../src/store/partitions.ts';
import { databaseNow } from '../../src/store/clock.ts';
import { transaction } from '../../src/store/postgres.ts';
import { copyPredictions, expireIds, findOldPredictions, findPredictions, takeIds } from '../../src/store/predictions.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const at = (iso: string) => new Date(iso);
const row = (id: string) => ({ id, occurredAt: null, adapter: null, input: 'text', label: 'l', confidence: 0.5, scores: null, features: null, values: null, segment: null });

test('a partition for each UTC day, made once, even by many at a time', async () => {
  const ensure = () => transaction(pool, (db) => ensurePartitions(db, at('2026-02-27T23:59:59.999Z'), at('2026-03-01T00:00:00.001Z')));
  const made = await Promise.all(Array.from({ length: 5 }, ensure));
  expect(made.flat()).toEqual(['predictions_20260227', 'predictions_20260228', 'predictions_20260301']);
});

test('rows fall on their day; a day that has ended by the time given is dropped, a day that has not is kept', async () => {
  for (const [id, time] of [['a', '2026-02-27T12:00:00Z'], ['b', '2026-02-28T23:59:59.999Z'], ['c', '2026-03-01T00:00:00Z']] as const) {
    await transaction(pool, async (db) => {
      await takeIds(db, 'm', [id], at(time));
      await copyPredictions(db, { model: 'm', pane: 1, receivedAt: at(time) }, [row(id)]);
    });
  }
  const found = async () => (await findPredictions(pool, 'm', ['a', 'b', 'c'])).map((r) => r.id).sort();
  expect(await found()).toEqual(['a', 'b', 'c']);
  expect(await dropOldPartitions(pool, at('2026-02-28T23:59:59.999Z'))).toEqual(['predictions_20260227']);
  expect(await found()).toEqual(['b', 'c']);
  expect(await dropOldPartitions(pool, at('2026-03-01T00:00:00Z'))).toEqual(['predictions_20260228']);
  expect(await found()).toEqual(['c']);
});

test('an expired id is forgotten, its prediction is still found by the long way', async () => {
  expect(await expireIds(pool, at('2026-03-01T00:00:00Z'))).toBe(2);
  expect(await expireIds(pool, at('2026-03-02T00:00:00Z'))).toBe(1);
  expect(await findPredictions(pool, 'm', ['c'])).toEqual([]);
  expect(await findOldPredictions(pool, 'm', ['c', 'x'])).toEqual([{ id: 'c', adapter: null, input: 'text', label: 'l', segment: null, confidence: 0.5, receivedAt: at('2026-03-01T00:00:00Z') }]);
});

test('the database tells its own time, also inside a transaction', async () => {
  const [first, second] = await transaction(pool, async (db) => {
    const before = await databaseNow(db);
    await db.query('select pg_sleep(0.005)');
    return [before, await databaseNow(db)] as const;
  });
  expect(second.getTime()).toBeGreaterThan(first.getTime());
});
