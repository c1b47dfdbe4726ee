/** Reports of performance over rows that went in by ingest, and over many that are counted in the database. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPerformance, type PerformanceQuestion } from '../../../src/drift/performance/index.ts';
import { createIngest } from '../../../src/ingest/index.ts';
import { VirtualClock } from '../../../src/clock.ts';
import { binScores, CONFIDENCE_EDGES } from '../../../src/statistics/confidence-bins.ts';
import { DELAY_EDGES } from '../../../src/statistics/maturity.ts';
import { seededUniform } from '../../../src/statistics/random.ts';
import { ageCounts, calibrationsOf, delayCounts, insertCalibration, outcomeCounts, predictionCounts, type Grid } from '../../../src/store/performance.ts';
import { ensurePartitions } from '../../../src/store/partitions.ts';
import { transaction, type Queryable } from '../../../src/store/postgres.ts';
import { DAY, HOUR } from '../../../src/vocabulary.ts';
import { testDatabase } from '../../support/postgres.ts';
import { promote, register } from '../support.ts';

const { pool } = await testDatabase();
const START = new Date('2026-03-01T00:00:00Z');
const at = (days: number) => new Date(START.getTime() + days * DAY);

/** A model whose exam said that a confidence is worth itself, less 0.1. */
async function world(model: string) {
  await register(pool, {}, model);
  await promote(pool, `${model}-1`, 1, START, undefined, model);
  const exam = Array.from({ length: 4_000 }, (_, i) => ({ confidence: 0.5 + (i % 50) / 100, score: Number((i * 7919) % 1_000 < 1_000 * (0.4 + (i % 50) / 100)) }));
  await insertCalibration(pool, { reference: `${model}-1-reference`, metric: 'accuracy', bins: binScores(exam) });
  const clock = new VirtualClock(START);
  const ingest = createIngest({ pool, clock, events: { emit: () => true } });
  const performance = createPerformance({ pool, clock });
  let made = 0;
  const uniform = seededUniform(1);
  return {
    clock, ingest,
    /** Predictions of now, right as often as the exam promises, less `worse`; returns what would be right of each. */
    async predict(n: number, { worse = 0, segment = 'de' }: { worse?: number; segment?: string } = {}) {
      const rows = Array.from({ length: n }, () => {
        const confidence = 0.5 + Math.floor(uniform() * 50) / 100;
        return { model, id: `p${made++}`, input: 'a text', label: 'a', confidence, segment, truth: uniform() < confidence - 0.1 - worse ? 'a' : 'b' };
      });
      await ingest.predictions(rows.map(({ truth: _truth, ...row }) => row));
      return rows.map(({ id, truth, confidence }) => ({ model, predictionId: id, label: truth, confidence }));
    },
    say: (rows: readonly { model: string; predictionId: string; label: string }[]) => ingest.feedback(rows.map(({ model: of, predictionId, label }) => ({ model: of, predictionId, label }))),
    report: (question: Partial<PerformanceQuestion> = {}) => performance.report({ model, from: START, to: clock.now(), bucketMs: DAY, segment: null, ...question }),
  };
}

const share = (rows: readonly { label: string }[]) => rows.filter((row) => row.label === 'a').length / rows.length;

test('a label counts for the day of its prediction, however late it comes; the last stands and the first is shown beside it', async () => {
  const { clock, predict, say, report } = await world('late');
  const monday = await predict(200);
  clock.advance(DAY);
  const tuesday = await predict(100);
  clock.advance(DAY);
  await say([...monday.slice(0, 150), ...tuesday]);
  await say(monday.slice(0, 10).map((row) => ({ ...row, label: row.label === 'a' ? 'b' : 'a' })));
  const { buckets, whole, feedback } = await report();
  expect(buckets.map(({ from, to, predictions, labelled }) => ({ from, to, predictions, labelled }))).toEqual([
    { from: at(0), to: at(1), predictions: 200, labelled: 150 }, { from: at(1), to: at(2), predictions: 100, labelled: 100 },
  ]);
  const first = share(monday.slice(0, 150));
  const changed = monday.slice(0, 10).reduce((sum, row) => sum + (row.label === 'a' ? -1 : 1), 0);
  expect(buckets[0]?.firstScore).toBeCloseTo(first, 12);
  expect(buckets[0]?.score?.mean).toBeCloseTo(first + changed / 150, 12);
  expect(buckets[1]?.score).toMatchObject({ mean: share(tuesday), guarantee: 'exact', weighted: false, effectiveRows: 100 });
  expect(whole).toMatchObject({ from: at(0), to: at(2), predictions: 300, labelled: 250 });
  expect(feedback).toEqual({ repeats: 0, contradicted: 10, otherMetric: 0 });
});

test('before labels come the calibrated confidences answer; with some they are put right; without predictions there is no answer', async () => {
  const { clock, predict, say, report } = await world('early');
  const rows = await predict(1_000);
  clock.advance(HOUR);
  const expected = rows.reduce((sum, row) => sum + row.confidence - 0.1, 0) / rows.length;
  const before = (await report()).whole;
  expect(before).toMatchObject({ labelled: 0, score: null, firstScore: null, maturity: null, provisional: true, estimate: { method: 'confidence', guarantee: 'asymptotic' } });
  if (before.estimate.method === null) throw new Error(before.estimate.because);
  expect(Math.abs(before.estimate.mean - expected)).toBeLessThan(0.02);
  expect(before.estimate.low).toBeLessThan(share(rows));
  expect(before.estimate.high).toBeGreaterThan(share(rows));
  await say(rows.slice(0, 50));
  expect((await report()).whole.estimate).toMatchObject({ method: 'prediction-powered' });
  expect((await report({ from: at(-3), to: at(-2) })).whole.estimate).toEqual({ method: null, because: 'there are no predictions' });
});

test('concept drift is found, told apart from covariate drift, and silences the estimate where there are no labels', async () => {
  const { clock, predict, say, report } = await world('concept');
  await say(await predict(400, { worse: 0.25 }));
  clock.advance(DAY);
  await predict(400, { worse: 0.25 });
  clock.advance(HOUR);
  const { changes, buckets } = await report();
  expect(changes).toMatchObject([{ adapter: 'concept-1', conceptDrift: 'found' }]);
  expect(changes[0]?.calibration?.high).toBeLessThan(-0.1);
  expect(Math.abs(changes[0]?.covariate?.mean ?? 1)).toBeLessThan(0.02);
  expect(buckets.map(({ estimate }) => estimate.method)).toEqual(['prediction-powered', null]);
  expect(buckets[1]?.estimate).toMatchObject({ because: expect.stringMatching(/^concept drift: /) as string });
});

test('without exam rows to hold confidences against, labels answer and confidences do not', async () => {
  const { predict, say, clock, report } = await world('bare');
  await pool.query(`delete from calibrations where reference = 'bare-1-reference'`);
  const rows = await predict(300);
  clock.advance(HOUR);
  expect(await report()).toMatchObject({ changes: [], whole: { estimate: { method: null, because: expect.stringMatching(/^of 100 %/) as string } } });
  await say(rows.slice(0, 100));
  expect((await report()).whole.estimate).toMatchObject({ method: 'prediction-powered' });
});

test('a bucket is provisional until nine in ten of its labels have come, by the delays of the segment where it has enough', async () => {
  const { clock, predict, say, report } = await world('mature');
  const waiting: { due: number; rows: Awaited<ReturnType<typeof predict>> }[] = [];
  for (let day = 0; day < 12; day++) {
    // labels of `de` take an hour, those of `fr` two days
    waiting.push({ due: day + 1 / 24, rows: await predict(40) }, { due: day + 2, rows: await predict(10, { segment: 'fr' }) });
    for (let hour = 0; hour < 24; hour += 1) {
      clock.advance(HOUR);
      const now = (clock.now().getTime() - START.getTime()) / DAY;
      for (const each of waiting.splice(0)) if (each.due > now + 1e-9) waiting.push(each);
      else await say(each.rows);
    }
  }
  const segment = (await report({ segment: 'de' })).maturity;
  expect(segment?.of).toBe('segment');
  const pooled = await report({ segment: 'fr' });
  expect(pooled.maturity?.of).toBe('model');
  expect((await report({ segment: 'de' })).buckets.map((each) => each.provisional).slice(-2)).toEqual([false, true]);
  const all = await report();
  expect(all.buckets.slice(-4).map((each) => each.provisional)).toEqual([false, false, true, true]);
  expect(all.buckets.map((each) => each.labelled)).toEqual([...Array<number>(11).fill(50), 40]);
}, 120_000);

test('a range that is none, and buckets without number, are refused; so is a model that is not there', async () => {
  const { report } = await world('refused');
  for (const from of [at(1), at(0), new Date('no time')]) await expect(report({ from, to: at(0) })).rejects.toThrow(/no time before `to`/);
  await expect(report({ from: at(-300), to: at(0), bucketMs: HOUR })).rejects.toThrow(/7200 buckets/);
  await expect(report({ model: 'nobody', from: at(-1), to: at(0) })).rejects.toThrow(/no model "nobody"/);
});

describe('counts in the database', () => {
  const MODEL = 'many';
  const ROWS = 60_000;
  const grid = (from: number, to: number, segment: string | null = null): Grid => ({ model: MODEL, from: at(from), to: at(to), segment, bucketSeconds: DAY / 2_000, edges: CONFIDENCE_EDGES });

  async function fill() {
    await transaction(pool, (db) => ensurePartitions(db, at(0), at(6)));
    await pool.query(
      `insert into predictions (model, id, received_at, pane, adapter, input, label, confidence, segment)
       select $1, 'p' || n, $2::timestamptz + n * interval '7 seconds', 1, 'x', 't', 'a', case when n % 11 = 0 then null else (n * 7919 % 1000) / 1000.0 end, case n % 3 when 0 then 'de' end
       from generate_series(0, $3 - 1) n`,
      [MODEL, at(0), ROWS],
    );
    await pool.query(
      `insert into outcomes (model, prediction_id, predicted_at, arrived_at, adapter, segment, confidence, metric, first_score, score, said, repeats, contradictions)
       select model, id, received_at, received_at + interval '1 hour', adapter, segment, confidence, 'accuracy', 1, 0.5, '', 0, 0 from predictions where model = $1 and substr(id, 2)::int % 20 = 0`,
      [MODEL],
    );
    await pool.query('analyze');
  }

  test('they are the counts of the rows', async () => {
    await fill();
    const rows = (await pool.query<{ confidence: number | null; seconds: number }>(
      `select confidence, extract(epoch from received_at - $2)::float8 as seconds from predictions where model = $1 and segment = 'de' and received_at >= $3 and received_at < $4`, [MODEL, at(1), at(1), at(3)],
    )).rows;
    const counted = await predictionCounts(pool, grid(1, 3, 'de'));
    for (const bucket of [0, 1, 2, 3]) {
      const own = rows.filter((row) => Math.floor(row.seconds / (DAY / 2_000)) === bucket).map((row) => ({ ...row, score: 0 }));
      expect(own.length).toBeGreaterThan(1_000);
      expect(counted.filter((each) => each.bucket === bucket).map(({ bin, n, confidence }) => ({ bin, n, confidence }))).toEqual(
        binScores(own).map(({ bin, n, confidence }) => ({ bin, n, confidence: expect.closeTo(confidence, 6) as number })),
      );
    }
    const outcomes = await outcomeCounts(pool, grid(0, 6), 'accuracy');
    const sum = (pick: (each: (typeof outcomes)[number]) => number) => outcomes.reduce((total, each) => total + pick(each), 0);
    expect([sum((each) => each.n), sum((each) => each.score), sum((each) => each.squares), sum((each) => each.firstScore)]).toEqual([ROWS / 20, ROWS / 40, ROWS / 80, ROWS / 20]);
    expect(await outcomeCounts(pool, grid(0, 6), 'f1')).toEqual([]);
  });

  test('ages and delays are by the edges at or below them', async () => {
    const ages = await ageCounts(pool, grid(0, 6), at(6), DELAY_EDGES);
    expect(ages.reduce((sum, each) => sum + each.n, 0)).toBe(ROWS);
    const hour = DELAY_EDGES.filter((edge) => edge <= 3_600).length;
    const delays = await delayCounts(pool, grid(0, 6), at(6), DELAY_EDGES);
    expect(delays.every((each) => each.delay === hour)).toBe(true);
    expect(delays.reduce((sum, each) => sum + each.n, 0)).toBe(ROWS / 20);
  });

  test('they open the days of the range alone, and outcomes by their index', async () => {
    const plans: string[] = [];
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    } as unknown as Queryable;
    const range = grid(2, 2.25);
    await predictionCounts(explaining, range);
    await ageCounts(explaining, range, at(6), DELAY_EDGES);
    await outcomeCounts(explaining, range, 'accuracy');
    await delayCounts(explaining, range, at(6), DELAY_EDGES);
    const opened = plans.map((plan) => [...new Set(plan.match(/\bon (predictions_\d+|outcomes)\b/g))]);
    expect(opened.slice(0, 2)).toEqual([['on predictions_20260303'], ['on predictions_20260303']]);
    expect(plans[0]).toMatch(/Index Cond: \(\(model = 'many'::text\) AND \(received_at >= /);
    expect(opened.slice(2)).toEqual([['on outcomes'], ['on outcomes']]);
    for (const plan of plans.slice(2)) expect(plan).toMatch(/outcomes_time/);
  });

  test('the calibration of an adapter is that of its newest reference, by the metric that is asked for', async () => {
    const bins = binScores([{ confidence: 0.5, score: 1 }]);
    await world('calibrated');
    await pool.query(`insert into "references" (id, model, adapter, body, created_at) values ('newer', 'calibrated', 'calibrated-1', '', $1)`, [at(1)]);
    await insertCalibration(pool, { reference: 'newer', metric: 'accuracy', bins });
    await insertCalibration(pool, { reference: 'newer', metric: 'accuracy', bins: [] });
    expect(await calibrationsOf(pool, 'calibrated', ['calibrated-1', 'other'], 'accuracy')).toEqual(new Map([['calibrated-1', { reference: 'newer', metric: 'accuracy', bins }]]));
    expect(await calibrationsOf(pool, 'calibrated', ['calibrated-1'], 'f1')).toEqual(new Map());
  });
});

test('what the migration makes of feedback from before is what ingest would have written', async () => {
  const { ingest, clock, predict, say } = await world('before');
  const rows = await predict(6);
  clock.advance(HOUR);
  await say(rows);
  await say(rows.slice(0, 2).map((row) => ({ ...row, label: 'c' })));
  await ingest.feedback([{ model: 'before', predictionId: rows[5]?.predictionId, score: 0.25 }]);
  const outcomes = async () => (await pool.query<object>(`select * from outcomes where model = 'before' order by prediction_id`)).rows;
  const written = await outcomes();
  expect(written).toHaveLength(6);
  await pool.query('delete from outcomes');
  const migration = readFileSync(path.resolve(import.meta.dirname, '../../../migrations/0009_performance.sql'), 'utf8');
  await pool.query(migration.slice(migration.indexOf('insert into outcomes')));
  // only truths are held against each other there: a score that differs is not counted
  expect(await outcomes()).toEqual(written.map((row, i) => (i === 5 ? { ...row, contradictions: 0 } : row)));
});
