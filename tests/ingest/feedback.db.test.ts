import { expect, test } from 'vitest';
import type { IngestAnswer } from '../../src/ingest/schema.ts';
import { expireIds } from '../../src/store/predictions.ts';
import { HOUR } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { addAdapter, count, goLive, prediction, profileOfRows, register, START, sumOfDeltas, world } from './world.ts';

const { pool } = await testDatabase();
const answer = (accepted: number, duplicates = 0) => ({ accepted, duplicates, refused: [] });
const later = (hours: number) => new Date(START.getTime() + hours * HOUR);

async function live(model: string) {
  await register(pool, model);
  const reference = await addAdapter(pool, model, `${model}-1`, 1);
  await goLive(pool, model, `${model}-1`);
  const parts = world(pool);
  const outcome = async () => {
    const { labelled, errors } = (await sumOfDeltas(pool, model, `${model}-1`, reference)).outcome;
    return { labelled, errors };
  };
  const say = (predictionId: string, label: string, id?: string): Promise<IngestAnswer> => parts.ingest.feedback([{ model, predictionId, label, ...(id === undefined ? {} : { id }) }]);
  const labels = async () => (await pool.query<{ id: string }>('select id, origin, text, label, segment, labelled_at, corrected_at from labelled_rows where model = $1 order by id', [model])).rows;
  return { ...parts, reference, outcome, say, labels };
}

test('the first feedback labels the row and counts for the monitors; a repeat is a duplicate; another label corrects the row alone', async () => {
  const { ingest, clock, outcome, say, labels } = await live('first');
  await ingest.predictions([prediction('first', 'p', { segment: 'de' })]);
  clock.advance(HOUR);
  expect(await say('p', 'bye')).toEqual(answer(1));
  expect(await say('p', 'bye')).toEqual(answer(0, 1));
  expect(await outcome()).toEqual({ labelled: 1, errors: 1 });
  const row = { id: 'p', origin: 'feedback', text: 'hello p', label: 'bye', segment: 'de', labelled_at: later(1), corrected_at: null };
  expect(await labels()).toEqual([row]);
  clock.advance(HOUR);
  expect(await say('p', 'greet')).toEqual(answer(1));
  expect(await outcome()).toEqual({ labelled: 1, errors: 1 });
  expect(await labels()).toEqual([{ ...row, label: 'greet', corrected_at: later(2) }]);
});

test('in one request the first of a prediction is the first, the last is the label', async () => {
  const { ingest, outcome, labels } = await live('batch');
  await ingest.predictions(['b', 'a'].map((id) => prediction('batch', id)));
  const rows = [['b', 'greet'], ['a', 'order'], ['b', 'bye'], ['a', 'order'], ['b', 'order']].map(([predictionId, label]) => ({ model: 'batch', predictionId, label }));
  expect(await ingest.feedback(rows)).toEqual(answer(4, 1));
  expect(await outcome()).toEqual({ labelled: 2, errors: 1 });
  expect(await labels()).toMatchObject([{ id: 'a', label: 'order', corrected_at: null }, { id: 'b', label: 'order', corrected_at: START }]);
});

test('an outcome goes into the pane that is open when it comes, under the adapter that predicted, even when another one is live', async () => {
  const { ingest, say, reference } = await live('moved');
  await ingest.predictions([prediction('moved', 'p')]);
  const next = await addAdapter(pool, 'moved', 'moved-2', 2);
  await goLive(pool, 'moved', 'moved-2');
  await pool.query(`update panes set closed_at = $1 where model = 'moved'`, [START]);
  await pool.query(`insert into panes values ('moved', 2, $1, null)`, [START]);
  await say('p', 'greet');
  expect((await sumOfDeltas(pool, 'moved', 'moved-1', reference, 2)).outcome).toMatchObject({ labelled: 1, errors: 0 });
  expect((await sumOfDeltas(pool, 'moved', 'moved-2', next)).outcome.labelled).toBe(0);
});

test.each([1, 150])('feedback that comes before its prediction is kept, and matched when that comes (%i rows)', async (n) => {
  const model = `early-${n}`;
  const { ingest, clock, outcome, say, labels, reference } = await live(model);
  expect(await say('p0', 'bye')).toEqual(answer(1));
  expect(await say('p0', 'greet')).toEqual(answer(1));
  expect(await say('never', 'bye')).toEqual(answer(1));
  expect(await labels()).toEqual([]);
  clock.advance(HOUR);
  await ingest.predictions(Array.from({ length: n }, (_, i) => prediction(model, `p${i}`)));
  expect(await outcome()).toEqual({ labelled: 1, errors: 1 });
  expect(await labels()).toEqual([{ id: 'p0', origin: 'feedback', text: 'hello p0', label: 'greet', segment: null, labelled_at: later(1), corrected_at: later(1) }]);
  const { rows } = await pool.query('select prediction_id, label, first, matched_at from feedback where model = $1 order by seq', [model]);
  expect(rows).toEqual([
    { prediction_id: 'p0', label: 'bye', first: true, matched_at: later(1) },
    { prediction_id: 'p0', label: 'greet', first: false, matched_at: later(1) },
    { prediction_id: 'never', label: 'bye', first: true, matched_at: null },
  ]);
  expect(await sumOfDeltas(pool, model, `${model}-1`, reference)).toEqual(await profileOfRows(pool, model, `${model}-1`, reference));
});

test('feedback that comes after the id has expired still finds its prediction', async () => {
  const { ingest, outcome, say } = await live('late');
  await ingest.predictions([prediction('late', 'p')]);
  await expireIds(pool, later(1));
  await say('p', 'greet');
  expect(await outcome()).toEqual({ labelled: 1, errors: 0 });
});

test('one prediction, many first feedbacks at once: one of them counts', async () => {
  const { ingest, outcome } = await live('rush');
  await ingest.predictions(Array.from({ length: 20 }, (_, i) => prediction('rush', `p${i}`)));
  const replicas = Array.from({ length: 5 }, (_, replica) => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ model: 'rush', predictionId: `p${replica % 2 === 0 ? i : 19 - i}`, label: `l${replica}` }));
    return world(pool).ingest.feedback(rows);
  });
  expect(await Promise.all(replicas)).toEqual(Array.from({ length: 5 }, () => answer(20)));
  expect((await outcome()).labelled).toBe(20);
  const { rows } = await pool.query(`select count(*)::int as n from feedback where model = 'rush' and first`);
  expect(rows).toEqual([{ n: 20 }]);
  expect(await count(pool, 'labelled_rows', 'rush')).toBe(20);
});

test('prediction and feedback at once, again and again: each pair meets once', async () => {
  const { outcome, reference } = await live('meet');
  const [one, other] = [world(pool), world(pool)];
  const pairs = Array.from({ length: 60 }, (_, i) => i);
  await Promise.all(pairs.flatMap((i) => [
    one.ingest.predictions([prediction('meet', `p${i}`)]),
    other.ingest.feedback([{ model: 'meet', predictionId: `p${i}`, label: i % 2 === 0 ? 'greet' : 'bye' }]),
  ]));
  expect(await outcome()).toEqual({ labelled: 60, errors: 30 });
  const { rows } = await pool.query(`select count(*)::int as n from feedback where model = 'meet' and matched_at is null`);
  expect(rows).toEqual([{ n: 0 }]);
  expect(await sumOfDeltas(pool, 'meet', 'meet-1', reference)).toEqual(await profileOfRows(pool, 'meet', 'meet-1', reference));
});

test('feedback for a model that is not registered is refused', async () => {
  expect(await world(pool).ingest.feedback([{ model: 'nobody', predictionId: 'p', label: 'l' }])).toEqual({
    accepted: 0, duplicates: 0, refused: [{ index: 0, id: null, reason: 'there is no model "nobody"; register it with PUT /v1/models/nobody' }],
  });
});
