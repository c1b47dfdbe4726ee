import { expect, test } from 'vitest';
import { expireOutcomes } from '../../src/store/outcomes.ts';
import { HOUR, MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { addAdapter, goLive, prediction, register, START, world } from './world.ts';

const { pool } = await testDatabase();
const answer = (accepted: number, duplicates = 0) => ({ accepted, duplicates, refused: [] });
const outcomes = async (model: string) =>
  (await pool.query<object>('select prediction_id as id, predicted_at, arrived_at, adapter, segment, confidence, metric, first_score, score, repeats, contradictions from outcomes where model = $1 order by 1', [model])).rows;

async function live(model: string) {
  await register(pool, model);
  await addAdapter(pool, model, `${model}-1`, 1);
  await goLive(pool, model, `${model}-1`);
  return world(pool);
}

test('an outcome has the time, confidence, segment and adapter of its prediction, and the delay of its first feedback', async () => {
  const { ingest, clock } = await live('whole');
  await ingest.predictions([prediction('whole', 'p', { segment: 'de' }), prediction('whole', 'q', { confidence: undefined })]);
  clock.advance(HOUR);
  await ingest.feedback([{ model: 'whole', predictionId: 'p', label: 'bye' }, { model: 'whole', predictionId: 'q', score: 0.25 }]);
  const common = { predicted_at: START, arrived_at: new Date(START.getTime() + HOUR), adapter: 'whole-1', metric: 'accuracy', repeats: 0, contradictions: 0 };
  expect(await outcomes('whole')).toEqual([
    { ...common, id: 'p', segment: 'de', confidence: 0.75, first_score: 0, score: 0 },
    { ...common, id: 'q', segment: null, confidence: null, first_score: 0.25, score: 0.25 },
  ]);
  clock.advance(HOUR);
  await ingest.feedback([{ model: 'whole', predictionId: 'p', label: 'greet' }]);
  expect((await outcomes('whole'))[0]).toEqual({ ...common, id: 'p', segment: 'de', confidence: 0.75, first_score: 0, score: 1, contradictions: 1 });
});

test('the same said again under another id is a duplicate; said after something else it is a contradiction', async () => {
  const { ingest } = await live('again');
  await ingest.predictions([prediction('again', 'p')]);
  const say = (id: string, label: string) => ingest.feedback([{ model: 'again', id, predictionId: 'p', label }]);
  expect(await say('1', 'bye')).toEqual(answer(1));
  expect(await say('2', 'bye')).toEqual(answer(0, 1));
  expect(await say('3', 'greet')).toEqual(answer(1));
  expect(await say('4', 'bye')).toEqual(answer(1));
  expect(await say('2', 'bye')).toEqual(answer(0, 1));
  expect(await outcomes('again')).toMatchObject([{ first_score: 0, score: 0, repeats: 1, contradictions: 2 }]);
});

test('feedback in one request is told in its order, at once over two predictions', async () => {
  const { ingest } = await live('order');
  await ingest.predictions(['a', 'b'].map((id) => prediction('order', id)));
  const rows = [['b', '1', 'greet'], ['a', '2', 'bye'], ['b', '3', 'greet'], ['b', '4', 'bye']].map(([predictionId, id, label]) => ({ model: 'order', id, predictionId, label }));
  expect(await ingest.feedback(rows)).toEqual(answer(3, 1));
  expect(await outcomes('order')).toMatchObject([{ id: 'a', score: 0, contradictions: 0 }, { id: 'b', first_score: 1, score: 0, repeats: 1, contradictions: 1 }]);
});

test('feedback that waited for its prediction is told when it comes, in order of arrival, with no delay', async () => {
  const { ingest, clock } = await live('waiting');
  await ingest.feedback([{ model: 'waiting', predictionId: 'p', label: 'greet' }, { model: 'waiting', predictionId: 'p', label: 'bye' }]);
  expect(await outcomes('waiting')).toEqual([]);
  clock.advance(5 * MINUTE);
  await ingest.predictions([prediction('waiting', 'p')]);
  const at = new Date(START.getTime() + 5 * MINUTE);
  expect(await outcomes('waiting')).toMatchObject([{ predicted_at: at, arrived_at: at, confidence: 0.75, adapter: 'waiting-1', first_score: 1, score: 0, contradictions: 1 }]);
});

test('two requests at once about one prediction are told one after the other', async () => {
  const { ingest } = await live('race');
  const other = world(pool).ingest;
  await ingest.predictions([prediction('race', 'p')]);
  const say = (who: typeof ingest, id: string, label: string) => who.feedback([{ model: 'race', id, predictionId: 'p', label }]);
  await Promise.all([say(ingest, '1', 'greet'), say(other, '2', 'bye'), say(ingest, '3', 'order'), say(other, '4', 'cancel')]);
  expect(await outcomes('race')).toMatchObject([{ repeats: 0, contradictions: 3 }]);
});

test('outcomes end with the retention of their predictions', async () => {
  const { ingest } = await live('old');
  await ingest.predictions([prediction('old', 'p')]);
  await ingest.feedback([{ model: 'old', predictionId: 'p', label: 'bye' }]);
  await expireOutcomes(pool, START);
  expect(await outcomes('old')).toHaveLength(1);
  await expireOutcomes(pool, new Date(START.getTime() + 1));
  expect(await outcomes('old')).toEqual([]);
});
