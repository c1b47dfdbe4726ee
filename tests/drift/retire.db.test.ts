/** Retention: panes and feedback that nothing needs any more. */
import { expect, test } from 'vitest';
import { CHECKPOINT_EVERY } from '../../src/drift/state.ts';
import { expireUnmatched } from '../../src/store/feedback.ts';
import { DAY } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { MODEL, promote, register, START, world } from './support.ts';

const { pool } = await testDatabase();
const days = (n: number) => new Date(START.getTime() + n * DAY);

/** A model whose panes 1 to `count` closed one a day, each with a profile; the next is open. */
async function panes(model: string, count: number): Promise<void> {
  await register(pool, {}, model);
  await pool.query('delete from panes where model = $1', [model]);
  await pool.query(
    `insert into panes (model, pane, opened_at, closed_at)
     select $1, n, $2::timestamptz + n * interval '1 day', case when n <= $3 then $2::timestamptz + (n + 1) * interval '1 day' end from generate_series(1, $3 + 1) n`,
    [model, START, count],
  );
  await pool.query(`insert into pane_profiles (model, pane, adapter, reference, profile) select $1, n, 'a', 'r', '' from generate_series(1, $2) n`, [model, count]);
}
const left = async (model: string) => (await pool.query<{ first: number; n: number; profiles: number }>(
  `select min(pane)::int as first, count(*)::int as n, (select count(*)::int from pane_profiles f where f.model = $1) as profiles from panes where model = $1`, [model])).rows[0];

test('panes that closed long ago go, with their profiles; a report always has its last ones', async () => {
  await panes('old', 200);
  const { drift } = world(pool);
  expect(await drift.retire(days(101))).toBe(99);
  expect(await left('old')).toEqual({ first: 100, n: 102, profiles: 101 });
  expect(await drift.retire(days(101))).toBe(0);
  // all are older than a year, and still the report shows 48 of them
  await drift.retire(days(400));
  expect(await left('old')).toEqual({ first: 153, n: 49, profiles: 48 });
});

test('what the oldest checkpoint of a live monitor needs stays, however old it is', async () => {
  await panes(MODEL, 400);
  await promote(pool, 'a', 1, START);
  const state = { version: 1, seq: 1, steps: 3, detector: { m: [], levels: [] }, checkpoints: [{ pane: 400 - 2 * CHECKPOINT_EVERY }, { pane: 400 - CHECKPOINT_EVERY }] };
  await pool.query(`insert into monitors (model, monitor, reference, pane, state, updated_at) values ($1, 'error', 'a-reference', 400, $2, $3), ($1, 'error', 'former', 9, $4, $3)`, [
    MODEL, JSON.stringify(state), START, JSON.stringify({ ...state, checkpoints: [{ pane: 5 }] }),
  ]);
  await world(pool).drift.retire(days(1_000));
  expect(await left(MODEL)).toEqual({ first: 401 - 2 * CHECKPOINT_EVERY, n: 2 * CHECKPOINT_EVERY + 1, profiles: 2 * CHECKPOINT_EVERY });
});

test('feedback whose prediction never came expires, matched feedback does not', async () => {
  await pool.query(
    `insert into feedback (model, id, prediction_id, received_at, label, first, matched_at) values
       ('old', 'waiting', 'p1', $1, 'x', true, null), ('old', 'matched', 'p2', $1, 'x', true, $1), ('old', 'young', 'p3', $2, 'x', true, null)`,
    [START, days(50)],
  );
  expect(await expireUnmatched(pool, days(30))).toBe(1);
  expect((await pool.query<{ id: string }>(`select id from feedback where model = 'old' order by id`)).rows.map((row) => row.id)).toEqual(['matched', 'young']);
});
