/** What rows carry besides text and answer: features, parts, seasons and clusters, in the profile of exactly the rows that went in. */
import { describe, expect, it } from 'vitest';
import { buildReference, decodeProfile, divideBy, emptyProfile, encodeReference, observeOutcome, observePrediction, seasonOf, type Profile, type ReferenceBody, type ScoredRow } from '../../src/profile/index.ts';
import { testDatabase } from '../support/postgres.ts';
import { addAdapter, goLive, prediction, register, START, sumOfDeltas, world } from './world.ts';

const { pool } = await testDatabase();

const features = (i: number) => ({ amount: 10 + (i % 90), tier: i % 3 === 0 ? 'gold' : 'basic', language: ['en', 'de', 'pl'][i % 3] as string, talk: `t${i % 40}`, embedding: [Math.sin(i), Math.cos(i)] });
const examRows: ScoredRow[] = Array.from({ length: 600 }, (_, i) => ({
  id: `e${i}`, text: `hello ${i % 7} there`, label: 'greet', trueLabel: 'greet', confidence: (i % 20) / 20, features: features(i), segment: null, at: START.getTime() - i * 60_000,
}));

async function live(model: string, clusterKey: string | null): Promise<ReferenceBody> {
  await register(pool, model);
  await addAdapter(pool, model, `${model}--v1`, 1);
  const reference = buildReference({
    model, adapter: `${model}--v1`, createdAt: START.toISOString(), trainTexts: ['hello there'], rows: examRows,
    parting: { segments: ['language'], season: { kind: 'season', by: 'hourOfDay', timeZone: 'UTC' }, clusterKey },
  });
  await pool.query('update "references" set body = $2 where id = $1', [`${model}--v1-reference`, Buffer.from(encodeReference(reference))]);
  await goLive(pool, model, `${model}--v1`);
  return reference;
}

interface Row { readonly id: string; readonly features: Record<string, unknown> | null; readonly occurredAt: string }
const rows = (n: number): Row[] => Array.from({ length: n }, (_, i) => ({ id: `p${String(i).padStart(4, '0')}`, features: i % 10 === 9 ? null : { ...features(i), ...(i % 10 === 8 ? { amount: 'much', embedding: [1] } : {}) }, occurredAt: new Date(START.getTime() - i * 10 * 60_000).toISOString() }));
const sent = (model: string, { id, features, occurredAt }: Row) => prediction(model, id, { occurredAt, ...(features === null ? {} : { features }) });

function profileOf(reference: ReferenceBody, counted: readonly Row[], judged: readonly Row[]): Profile {
  const profile = emptyProfile(reference);
  const partsOf = ({ features, occurredAt }: Row) => divideBy(reference.divisions)({ features, segment: null, at: Date.parse(occurredAt) });
  for (const row of counted) observePrediction(profile, reference, { id: row.id, text: `hello ${row.id}`, label: 'greet', confidence: 0.75, features: row.features, output: null, parts: partsOf(row), season: seasonOf(reference.divisions)?.({ at: Date.parse(row.occurredAt) }) ?? null });
  for (const row of judged) observeOutcome(profile, 0, partsOf(row));
  return profile;
}

it.each([['one by one', 40], ['copied', 150]])('features of every type, segments and seasons are in the profile of the rows, %s', async (_, n) => {
  const model = `wide-${n}`;
  const reference = await live(model, null);
  expect(reference.columns.map(({ name, layout }) => `${name} ${layout.kind}`)).toEqual(['@input text', 'amount number', 'embedding vector', 'language category', 'talk category', 'tier category']);
  const { ingest } = world(pool);
  const all = rows(n);
  // a repeat is no second contribution; feedback may be first
  const early = all.slice(0, 5);
  await ingest.feedback(early.map(({ id }) => ({ model, predictionId: id, label: 'bye' })));
  await ingest.predictions(all.map((row) => sent(model, row)));
  await ingest.predictions(all.slice(10, 20).map((row) => sent(model, row)));
  const late = all.slice(20, 35);
  await ingest.feedback(late.map(({ id }) => ({ model, predictionId: id, label: 'bye' })));
  await ingest.stop();
  const profile = await sumOfDeltas(pool, model, `${model}--v1`, reference);
  expect(profile).toEqual(profileOf(reference, all, [...early, ...late]));
  expect(profile.columns.get('amount')).toMatchObject({ mistyped: n / 10, nulls: n / 10 });
  expect(profile.columns.get('embedding')).toMatchObject({ mistyped: n / 10, nulls: n / 10 });
});

describe('a cluster', () => {
  it('counts once in a pane, whatever the batches and lanes, and its outcome once', async () => {
    const model = 'talks';
    const reference = await live(model, 'talk');
    const { ingest } = world(pool, { lanes: 2, rowsPerBatch: 8 });
    const all = rows(120);
    await Promise.all(Array.from({ length: 12 }, (_, i) => ingest.predictions(all.slice(i * 10, i * 10 + 10).map((row) => sent(model, row)))));
    const talks = new Set(all.flatMap(({ features }) => (features === null ? [] : [features['talk']])));
    const alone = all.filter(({ features }) => features === null).length;
    const counted = (await sumOfDeltas(pool, model, `${model}--v1`, reference)).rows;
    expect(counted).toBe(talks.size + alone);
    await ingest.feedback(all.map(({ id }) => ({ model, predictionId: id, label: 'bye' })));
    await ingest.stop();
    expect((await sumOfDeltas(pool, model, `${model}--v1`, reference)).outcome.labelled).toBe(talks.size + alone);
    const { rows: stored } = await pool.query<{ n: number }>('select count(*)::int as n from predictions where model = $1', [model]);
    expect(stored[0]?.n).toBe(120);
  });
});

it('the deltas of a model without features have its texts and no more', async () => {
  await register(pool, 'narrow');
  await addAdapter(pool, 'narrow', 'narrow--v1', 1);
  await goLive(pool, 'narrow', 'narrow--v1');
  const { ingest } = world(pool);
  await ingest.predictions([prediction('narrow', 'a'), prediction('narrow', 'b', { features: { surprise: 1 } })]);
  await ingest.stop();
  const { rows: deltas } = await pool.query<{ profile: Uint8Array }>('select profile from pane_deltas where model = $1', ['narrow']);
  expect(deltas.map(({ profile }) => [...decodeProfile(profile).columns.keys()])).toEqual([['@input']]);
});
