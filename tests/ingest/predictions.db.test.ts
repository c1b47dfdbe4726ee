import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTrimtabError } from '../../src/errors.ts';
import type { Ingest } from '../../src/ingest/index.ts';
import { lockModel, transaction } from '../../src/store/postgres.ts';
import { expireIds } from '../../src/store/predictions.ts';
import { DAY } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { addAdapter, count, goLive, prediction, profileOfRows, register, START, sumOfDeltas, world } from './world.ts';

const { pool } = await testDatabase();
const range = (n: number, of: (i: number) => unknown) => Array.from({ length: n }, (_, i) => of(i));

test('rows come back as they were sent, whatever their characters', async () => {
  await register(pool, 'exact');
  const input = 'tab\t newline\n return\r backslash\\ \\N \\. quote" \u0001 \u{1f600} ä';
  const row = { model: 'exact', id: 'a\tb\\', input, label: '\\N', confidence: 0.1, scores: { 'x\n\\': 0.25 }, features: { n: null, t: '\\"\t' }, segment: '\\.', adapter: 'elsewhere', occurredAt: '2026-02-28T23:00:00.5+01:00' };
  expect(await world(pool).ingest.predictions([row])).toEqual({ accepted: 1, duplicates: 0, refused: [] });
  const { rows } = await pool.query('select * from predictions where model = $1', ['exact']);
  expect(rows).toEqual([{
    model: 'exact', id: row.id, received_at: START, occurred_at: new Date(row.occurredAt), pane: 1, adapter: 'elsewhere', input, label: '\\N',
    confidence: 0.1, scores: row.scores, features: row.features, segment: '\\.',
  }]);
});

test('any text that is accepted comes back the same', async () => {
  await register(pool, 'any');
  const texts = fc.sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { numRuns: 500, seed: 1 });
  const sent = texts.map((text, i) => ({ model: 'any', id: `${i} ${text}`, input: text, label: text, features: { [text]: text }, segment: text }));
  const { accepted, refused } = await world(pool).ingest.predictions(sent);
  expect(accepted).toBeGreaterThan(100);
  const kept = sent.filter((_, i) => !refused.some((refusal) => refusal.index === i));
  const { rows } = await pool.query('select model, id, input, label, features, segment from predictions where model = $1', ['any']);
  expect(new Map(rows.map((row: { id: string }) => [row.id, row]))).toEqual(new Map(kept.map((row) => [row.id, row])));
  expect(kept).toHaveLength(accepted);
});

test.each([3, 300])('%i rows: good ones go in, duplicates and refused ones are told, with index and reason', async (n) => {
  const model = `mixed-${n}`;
  await register(pool, model);
  const { ingest, events } = world(pool);
  const good = range(n, (i) => prediction(model, `p${i}`));
  const bad = { ...prediction(model, 'bad'), label: 3 };
  expect(await ingest.predictions([bad, ...good, prediction(model, 'p0'), prediction('nobody', 'x')])).toEqual({
    accepted: n, duplicates: 1,
    refused: [
      { index: 0, id: 'bad', reason: 'label must be string' },
      { index: n + 2, id: 'x', reason: 'there is no model "nobody"; register it with PUT /v1/models/nobody' },
    ],
  });
  expect(events).toEqual([{ model, kind: 'predictions', accepted: n, duplicates: 1, refused: 1, seconds: expect.any(Number) as number }]);
  expect(await ingest.predictions([...good, prediction(model, 'new')])).toEqual({ accepted: 1, duplicates: n, refused: [] });
  expect(await count(pool, 'predictions', model)).toBe(n + 1);
});

test('several models in one request are written each under its own', async () => {
  await register(pool, 'two-a');
  await register(pool, 'two-b');
  const rows = range(500, (i) => prediction(i % 2 === 0 ? 'two-a' : 'two-b', `p${i >> 1}`));
  expect(await world(pool).ingest.predictions(rows)).toEqual({ accepted: 500, duplicates: 0, refused: [] });
  expect([await count(pool, 'predictions', 'two-a'), await count(pool, 'predictions', 'two-b')]).toEqual([250, 250]);
});

test('an id is a duplicate until it expires', async () => {
  await register(pool, 'week');
  const { ingest, clock } = world(pool);
  const send = () => ingest.predictions([prediction('week', 'same')]);
  expect((await send()).accepted).toBe(1);
  clock.advance(7 * DAY - 1);
  await expireIds(pool, new Date(clock.now().getTime() - 7 * DAY));
  expect((await send()).duplicates).toBe(1);
  clock.advance(2);
  await expireIds(pool, new Date(clock.now().getTime() - 7 * DAY));
  expect((await send()).accepted).toBe(1);
});

test('the same ids sent at once from many sides, in any order, go in once; the profile is of the rows', async () => {
  await register(pool, 'race');
  const reference = await addAdapter(pool, 'race', 'race-1', 1);
  await goLive(pool, 'race', 'race-1');
  const rows = range(400, (i) => prediction('race', `p${i}`, { confidence: i / 400 }));
  // replicas: each has lanes of its own
  const answers = await Promise.all(range(4, (replica) => {
    const turned = [...rows.slice(100 * (replica as number)), ...rows.slice(0, 100 * (replica as number))];
    return world(pool, { rowsPerBatch: 50 }).ingest.predictions(replica as number % 2 === 0 ? turned : turned.reverse());
  }) as Promise<{ accepted: number; duplicates: number }>[]);
  expect(answers.reduce((sum, a) => sum + a.accepted, 0)).toBe(400);
  expect(answers.reduce((sum, a) => sum + a.duplicates, 0)).toBe(1200);
  expect(await count(pool, 'predictions', 'race')).toBe(400);
  const sum = await sumOfDeltas(pool, 'race', 'race-1', reference);
  expect(sum.rows).toBe(400);
  expect(sum).toEqual(await profileOfRows(pool, 'race', 'race-1', reference));
});

test('a row counts for the adapter that answered, against the reference that it owns; without an adapter for the live one', async () => {
  await register(pool, 'keyed');
  const first = await addAdapter(pool, 'keyed', 'keyed-1', 1);
  const second = await addAdapter(pool, 'keyed', 'keyed-2', 2);
  const { ingest } = world(pool);
  await ingest.predictions([prediction('keyed', 'before')]);
  expect(await count(pool, 'pane_deltas', 'keyed')).toBe(0);
  await goLive(pool, 'keyed', 'keyed-2');
  await ingest.predictions([prediction('keyed', 'a'), prediction('keyed', 'b', { adapter: 'keyed-1' }), prediction('keyed', 'c', { adapter: 'stranger' })]);
  expect((await sumOfDeltas(pool, 'keyed', 'keyed-1', first)).rows).toBe(1);
  expect((await sumOfDeltas(pool, 'keyed', 'keyed-2', second)).rows).toBe(1);
  expect(await count(pool, 'pane_deltas', 'keyed')).toBe(2);
  const { rows } = await pool.query<{ adapter: string | null }>(`select adapter from predictions where model = 'keyed' order by id`);
  expect(rows.map((row) => row.adapter)).toEqual(['keyed-2', 'keyed-1', null, 'stranger']);
});

test('while the closer moves the pane on, ingest waits, and then writes into the new pane', async () => {
  await register(pool, 'paned');
  const reference = await addAdapter(pool, 'paned', 'paned-1', 1);
  await goLive(pool, 'paned', 'paned-1');
  const { ingest } = world(pool);
  await ingest.predictions([prediction('paned', 'old')]);
  let late: Promise<unknown> = Promise.resolve();
  await transaction(pool, async (db) => {
    await lockModel(db, 'pane', 'paned', 'exclusive');
    late = ingest.predictions([prediction('paned', 'late')]);
    await waitFor(`select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`);
    await db.query(`update panes set closed_at = $1 where model = 'paned'`, [START]);
    await db.query(`insert into panes values ('paned', 2, $1, null)`, [START]);
  });
  await late;
  expect((await sumOfDeltas(pool, 'paned', 'paned-1', reference, 1)).rows).toBe(1);
  expect((await sumOfDeltas(pool, 'paned', 'paned-1', reference, 2)).rows).toBe(1);
});

test('a server that is killed inside a transaction leaves nothing; the same request again brings all in', async () => {
  await register(pool, 'killed');
  const reference = await addAdapter(pool, 'killed', 'killed-1', 1);
  await goLive(pool, 'killed', 'killed-1');
  const { ingest } = world(pool);
  const rows = range(200, (i) => prediction('killed', `p${i}`));
  await ingest.predictions([prediction('killed', 'warm')]);
  await transaction(pool, async (db) => {
    await db.query('lock table pane_deltas in access exclusive mode');
    const sent = expect(ingest.predictions(rows)).rejects.toThrow();
    const stuck = `select pid from pg_locks where relation = 'pane_deltas'::regclass and not granted`;
    await waitFor(`select count(*)::int as n from (${stuck}) as stuck`);
    await db.query(`select pg_terminate_backend(pid) from (${stuck}) as stuck`);
    await sent;
  });
  expect(await count(pool, 'predictions', 'killed')).toBe(1);
  expect(await count(pool, 'prediction_ids', 'killed')).toBe(1);
  expect(await ingest.predictions(rows)).toEqual({ accepted: 200, duplicates: 0, refused: [] });
  expect(await sumOfDeltas(pool, 'killed', 'killed-1', reference)).toEqual(await profileOfRows(pool, 'killed', 'killed-1', reference));
});

test('too many rows in a request, or too many waiting, are refused before anything is written', async () => {
  await register(pool, 'full');
  const { ingest } = world(pool, { rowsPerRequest: 5, maxRows: 5, lanes: 1 });
  await known(ingest, 'full');
  await expect(ingest.predictions(range(6, (i) => prediction('full', `p${i}`)))).rejects.toSatisfy((error) => isTrimtabError(error, 'too-large'));
  const answers = await Promise.allSettled(range(3, (i) => ingest.predictions([prediction('full', `a${i}`), prediction('full', `b${i}`)])));
  expect(answers.map((a) => a.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(await count(pool, 'predictions', 'full')).toBe(4);
});

test('stop answers what was taken and refuses what comes after', async () => {
  await register(pool, 'stopped');
  const { ingest } = world(pool);
  await known(ingest, 'stopped');
  const taken = ingest.predictions([prediction('stopped', 'a')]);
  const stopped = ingest.stop();
  await expect(ingest.predictions([prediction('stopped', 'b')])).rejects.toSatisfy((error) => isTrimtabError(error, 'stopping'));
  await stopped;
  expect((await taken).accepted).toBe(1);
});

/** Its first request looks the model up; from then on a request is taken, or refused, before it waits for anything. */
const known = (ingest: Ingest, model: string) => ingest.predictions([{ model }]);

async function waitFor(sql: string): Promise<void> {
  for (let n = 0; n === 0;) n = (await pool.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
}
