/** Every task in its own fields: stored as one canonical string, scored by its metric, counted in the profile. */
import { expect, test } from 'vitest';
import { UNIT, type ScoredRow } from '../../src/profile/index.ts';
import { documentDigest } from '../../src/tasks/index.ts';
import type { Task } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { addAdapter, goLive, register, sumOfDeltas, world } from './world.ts';

const { pool } = await testDatabase();
const answer = (accepted: number, refused: readonly object[] = []) => ({ accepted, duplicates: 0, refused });
const scored = (label: ScoredRow['label']): ScoredRow[] => [{ id: 'e', text: 'hello there', label, trueLabel: label, confidence: 0.5, score: 1 }];

async function live(model: string, task: Task, metric: string, rows: readonly ScoredRow[]) {
  await register(pool, model, task);
  const reference = await addAdapter(pool, model, `${model}-1`, 1, { scoring: { task, labelling: 'single', metric }, rows });
  await goLive(pool, model, `${model}-1`);
  const { ingest } = world(pool);
  const labelled = async () => (await pool.query<{ id: string; label: string }>('select id, label from labelled_rows where model = $1 order by id', [model])).rows;
  return { ingest, labelled, profile: () => sumOfDeltas(pool, model, `${model}-1`, reference) };
}

test('extraction: spans are held against the text, also when the text comes later', async () => {
  const { ingest, labelled, profile } = await live('slots', 'extraction', 'spanF1', scored(['artist']));
  const [artist, city] = [{ start: 5, end: 9, label: 'artist' }, { start: 0, end: 4, label: 'city' }];
  const says = (predictionId: string, spans: readonly object[]) => ({ model: 'slots', predictionId, spans });
  expect(await ingest.feedback([says('late', [artist]), says('short', [artist])])).toEqual(answer(2));
  const predictions = [['p1', 'play abba', [artist]], ['p2', 'play abba now', [artist, city]], ['late', 'play abba', []], ['short', 'play', []]] as const;
  expect(await ingest.predictions(predictions.map(([id, input, spans]) => ({ model: 'slots', id, input, spans, confidence: 0.5 })))).toEqual(answer(4));
  expect(await ingest.feedback([says('p1', [artist]), says('p2', [artist]), says('p1', [{ ...artist, end: 10 }])])).toEqual(answer(2, [
    { index: 2, id: null, reason: "spans: end 10 is beyond the text's 9 characters" },
  ]));
  expect(await labelled()).toEqual(['late', 'p1', 'p2'].map((id) => ({ id, label: JSON.stringify([artist]) })));
  const { labels, outcome } = await profile();
  // a row counts for a label once; rows without spans for none
  expect([[...labels.counts], labels.unseen]).toEqual([[2], 1]);
  // p1 is right, p2 has one span too many (F1 2/3), the late one found nothing
  expect(outcome).toEqual({ labelled: 3, errors: 2, loss: Math.floor((1 - 2 / 3) * UNIT) + UNIT, squares: Math.floor((1 - 2 / 3) ** 2 * UNIT) + UNIT });
});

test('embedding: a ranking is kept as ten digests, and scored by where the right document stands', async () => {
  const { ingest, labelled, profile } = await live('search', 'embedding', 'nDCG@10', scored(null));
  const ranking = Array.from({ length: 12 }, (_, i) => `document ${i}`);
  expect(await ingest.predictions([{ model: 'search', id: 'p', input: 'which one', ranking }])).toEqual(answer(1));
  expect(await ingest.feedback([{ model: 'search', predictionId: 'p', document: 'document 2' }])).toEqual(answer(1));
  const { rows } = await pool.query<{ label: string }>("select label from predictions where model = 'search'");
  expect(JSON.parse(rows[0]?.label ?? '')).toEqual(ranking.slice(0, 10).map(documentDigest));
  expect(await labelled()).toEqual([{ id: 'p', label: 'document 2' }]);
  const { outcome, labels } = await profile();
  expect(outcome).toMatchObject({ labelled: 1, errors: 1, loss: Math.floor((1 - 1 / Math.log2(4)) * UNIT) });
  expect([labels.counts.length, labels.unseen]).toEqual([0, 0]);
});

test('generation: thumbs and scores feed the error monitor and no dataset; the form of outputs is counted', async () => {
  const { ingest, labelled, profile } = await live('writer', 'generation', 'json', scored(null));
  const outputs = ['{"a":1}', '{"a":', '{}'];
  expect(await ingest.predictions(outputs.map((output, i) => ({ model: 'writer', id: `p${i}`, input: 'x', output })))).toEqual(answer(3));
  const says = (i: number, what: object) => ({ model: 'writer', predictionId: `p${i}`, ...what });
  expect(await ingest.feedback([says(0, { completion: '{"a":1,"b":2}' }), says(1, { thumbs: 'down' }), says(2, { score: 0.75 }), says(3, { thumbs: 'up' })])).toEqual(answer(4));
  expect(await labelled()).toEqual([{ id: 'p0', label: '{"a":1,"b":2}' }]);
  expect(await profile()).toMatchObject({ outcome: { labelled: 3, errors: 3, loss: 1.75 * UNIT }, format: { rows: 3, bad: 1 } });
  // the thumb that waited counts once its prediction is there
  expect(await ingest.predictions([{ model: 'writer', id: 'p3', input: 'x', output: 'y' }])).toEqual(answer(1));
  expect(await profile()).toMatchObject({ outcome: { labelled: 4, errors: 3, loss: 1.75 * UNIT }, format: { rows: 4, bad: 2 } });
});

test('what is of another task is refused by row, and the good rows are kept', async () => {
  await register(pool, 'mixed');
  const { ingest } = world(pool);
  const row = { model: 'mixed', input: 'x' };
  expect(await ingest.predictions([{ ...row, id: '1', label: 'a' }, { ...row, id: '2', spans: [] }, { ...row, id: '3' }])).toEqual(answer(1, [
    { index: 1, id: '2', reason: "spans is not of this model's task: it takes label" },
    { index: 2, id: '3', reason: 'the row must have required properties label' },
  ]));
  expect(await ingest.importRows('mixed', [{ text: 'x', label: 'a' }, { text: 'y', completion: 'b' }])).toEqual(answer(1, [
    { index: 1, id: null, reason: "completion is not of this model's task: it takes label" },
  ]));
});
