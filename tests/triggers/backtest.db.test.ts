import { beforeAll, describe, expect, it } from 'vitest';
import { adwin, ddm } from '../../src/statistics/detectors/index.ts';
import { backtest, type BacktestQuestion } from '../../src/triggers/backtest.ts';
import type { Incident } from '../../src/drift/index.ts';
import { MINUTE } from '../../src/vocabulary.ts';
import { MODEL, playPane, promote, referenceFor, register, rowsOnCourse, START, world } from '../drift/support.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const [A1, A2] = ['router--v1-aaaaaaaa', 'router--v2-bbbbbbbb'];
const at = (pane: number) => new Date(START.getTime() + pane * 5 * MINUTE);
const ask = (over: Partial<BacktestQuestion> = {}) => backtest(pool, { model: MODEL, policy: {}, from: new Date(0), to: at(1_000), changes: [], compare: false, ...over });

/** 30 panes on course, 20 in which confidence falls and errors come, another adapter that knows the world, and a small rise of errors under it. */
let stored: Incident[] = [];
beforeAll(async () => {
  await register(pool);
  const reference = await promote(pool, A1, 1, START);
  const here = world(pool);
  for (let pane = 1; pane <= 30; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane * 50));
  for (let pane = 31; pane <= 50; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane * 50, 4).map((row) => ({ ...row, confidence: (row.confidence ?? 0) - 0.1 })));
  here.clock.advance(1);
  const next = await promote(pool, A2, 2, here.clock.now(), referenceFor(A2, rowsOnCourse(2_000, 0, 5)));
  await here.drift.rebaseline(MODEL);
  for (let pane = 51; pane <= 90; pane++) await playPane(pool, here, A2, next, rowsOnCourse(50, pane * 50, pane > 70 ? 4 : 5));
  for (let i = 0; i < 90; i++) await pool.query("insert into labelled_rows (model, id, origin, text, label, labelled_at) values ($1, $2, 'import', $2, 'a', $3)", [MODEL, `row-${i}`, new Date(at(i + 1).getTime() - MINUTE)]);
  stored = (await here.drift.incidents.list({ model: MODEL })).reverse();
}, 120_000);

describe('a backtest', () => {
  it('of the policy in force finds what happened, to the alarm and the last bit of the effect', async () => {
    const { played, happened, panes, rows, lacks } = await ask();
    expect([panes, rows, lacks]).toEqual([90, 4_500, []]);
    expect(stored).not.toEqual([]);
    expect(played.incidents).toEqual(stored.map(({ openedAt, monitor, joined, level, alarms, evidence }) => ({ at: openedAt, monitor, joined, level, alarms, effect: evidence.effect })));
    expect(happened.incidents.map(({ monitor, alarms }) => [monitor, alarms])).toEqual(played.incidents.map(({ monitor, alarms }) => [monitor, alarms]));
    expect(happened.runs).toEqual([]);
  });

  it('counts rows until a change was seen, with another tolerance too', async () => {
    const changes = [at(30), at(70)];
    const asked = await ask({ changes });
    expect(asked.played.rowsUntilDetection[0]).toBe(asked.happened.rowsUntilDetection[0]);
    expect(asked.played.rowsUntilDetection[0]).toBeGreaterThan(0);
    expect(asked.played.rowsUntilDetection[0]).toBeLessThanOrEqual(500);
    const deaf = await ask({ changes, policy: { monitor: { tolerance: { error: 0.9, confidence: 0.9, labels: 0.9, unseen: 0.9 } } } });
    expect(deaf.played).toMatchObject({ incidents: [], rowsUntilDetection: [null, null] });
    const keen = await ask({ changes, policy: { monitor: { tolerance: { error: 0 }, alarmBudget: { maxFalseAlarms: 20, per: '1d' } } } });
    expect(keen.played.rowsUntilDetection[0]).toBeLessThan(asked.played.rowsUntilDetection[0] ?? 0);
  });

  it('sums panes for longer ones, says so of shorter ones, and of all else that was not profiled', async () => {
    const longer = await ask({ policy: { monitor: { pane: '15m' } } });
    // two panes were left over before the promotion, and one at the end
    expect([longer.panes, longer.rows, longer.lacks]).toEqual([29, 4_350, []]);
    expect(longer.played.incidents[0]?.monitor).toBe(stored[0]?.monitor);
    const { lacks, panes } = await ask({ policy: { monitor: { pane: '1m', segments: ['language'], seasonKey: 'hourOfDay', clusterKey: 'user', columns: { amount: { watch: true } } } } });
    expect(panes).toBe(90);
    expect(lacks).toEqual(expect.arrayContaining([
      'panes of 1m cannot be cut out of stored ones of 300s: played with 300s, thresholds too',
      `segment "language" was not profiled under ${A1}: played without it`, `season hourOfDay was not profiled under ${A2}: played without seasons`,
      `rows were counted each by itself under ${A1}: played so, not by cluster of "user"`, `column "amount" was not profiled under ${A2}: played without it`,
    ]));
  });

  it('decides runs as the triggers do: labels, cooldown, the most a day, observing alone', async () => {
    const retrain = (over: object) => ask({ policy: { retrain: { minLabels: 10, cooldown: '1h', maxPerDay: 2, ...over } } }).then(({ played }) => played);
    const two = await retrain({ on: ['labels'] });
    // a label a pane: after ten panes, then an hour of cooldown, then the day's share is spent
    expect(two.runs).toEqual([{ at: at(10), reason: 'labels', labels: 10 }, { at: at(22), reason: 'labels', labels: 12 }]);
    expect(two.labels).toBe(22);
    expect(two.held.map(({ why }) => why)).toEqual(expect.arrayContaining([expect.stringContaining('cooldown of 1h'), expect.stringContaining('maxPerDay is 2'), 'retrain.on does not name performance: only observing']));
    const drift = await retrain({ on: ['performance', 'drift'] });
    expect(drift.runs[0]?.at.getTime()).toBe(stored[0]?.openedAt.getTime());
    expect((await retrain({ on: [] })).held).toEqual(expect.arrayContaining([expect.objectContaining({ why: expect.stringContaining('only observing') as string })]));
    const starved = await retrain({ minLabels: 500 });
    expect(starved).toMatchObject({ runs: [], labels: 0, missingLabels: 410 });
    const scheduled = await retrain({ on: [], schedule: '0 */3 * * *' });
    expect(scheduled.runs.map((run) => [run.at.toISOString(), run.reason])).toEqual([['2026-03-01T03:00:00.000Z', 'schedule'], ['2026-03-01T06:00:00.001Z', 'schedule']]);
  });

  it('of a stretch takes that alone; of what is no policy it says what would be one', async () => {
    expect(await ask({ from: at(20), to: at(30) })).toMatchObject({ panes: 10, played: { incidents: [] }, happened: { incidents: [] } });
    await expect(ask({ policy: [] })).rejects.toMatchObject({ code: 'bad-request' });
    expect((await ask({ policy: { name: 'other', task: 'classification', serving: {}, gates: { alpha: 0.01 } } })).lacks).toEqual(['gates is another: what it would have made of the runs is not known']);
    await expect(ask({ policy: { monitors: {} } })).rejects.toThrow(/no field "monitors"/);
    await expect(ask({ policy: { monitor: { pane: 'soon' } } })).rejects.toMatchObject({ code: 'bad-spec' });
    await expect(ask({ model: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('reads nothing into the database', async () => {
    const states = async () => (await pool.query('select monitor, reference, pane, state from monitors order by 1, 2')).rows;
    const before = await states();
    await ask({ policy: { monitor: { tolerance: { error: 0 } } } });
    expect(await states()).toEqual(before);
    expect((await pool.query('select count(*)::int as n from incidents')).rows).toEqual([{ n: stored.length }]);
  });

  it('lets the detectors of other tools read the same outcomes, each as alone on them, anew with each promotion, and says that they promise nothing', async () => {
    const errors = (from: number, count: number, every: number) => Array.from({ length: count }, (_, i) => Number((from + i) % every === 0));
    const [first, second] = [[...errors(0, 3_000, 10), ...errors(0, 3_000, 3)], errors(0, 500, 5)];
    const from = new Date(START.getTime() - 90 * 86_400_000);
    const promotions = [0, 1].map((i) => new Date(from.getTime() + i * 86_400_000));
    await pool.query("update promotions set at = case adapter when $2 then $3::timestamptz else $4::timestamptz end where model = $1", [MODEL, A1, ...promotions]);
    // two a millisecond and one more by another adapter: neither read twice nor left out
    const outcomes = [...first.map((error, i) => [A1, i, error] as const), ...second.map((error, i) => [A2, 86_400_000 * 2 + i, error] as const), ...first.map((_, i) => ['shadow', i, 1] as const)];
    await pool.query(
      `insert into outcomes (model, prediction_id, predicted_at, arrived_at, adapter, metric, first_score, score, said, repeats, contradictions)
       select $1, 'o' || n, $2::timestamptz + (ms * interval '500 microseconds') + interval '1 microsecond', $2, adapter, 'accuracy', 1 - error, 1 - error, '', 0, 0 from unnest($3::text[], $4::float8[], $5::int[]) with ordinality as o(adapter, ms, error, n)`,
      [MODEL, from, outcomes.map(([adapter]) => adapter), outcomes.map(([, ms]) => ms), outcomes.map(([, , error]) => error)],
    );
    // the millisecond before the 3,000th
    const change = new Date(from.getTime() + 1_499);
    const { others } = await ask({ from, to: START, changes: [change], compare: true });
    expect(others?.rows).toBe(6_500);
    for (const detector of [adwin, ddm]) {
      const alarmsIn = (values: readonly number[], step = detector.start()) => values.flatMap((error, i) => (step(error) === 'drift' ? [i] : []));
      const found = alarmsIn(first);
      const seen = found.find((i) => i >= 3_000) ?? -1;
      expect(others?.detectors.find((each) => each.detector === detector.name)).toEqual({
        detector: detector.name, promise: 'no promise', alarms: found.length + alarmsIn(second).length, rowsUntilDetection: [seen - 2_999],
      });
    }
    await pool.query("update outcomes set first_score = 0.5 where model = $1 and prediction_id = 'o1'", [MODEL]);
    const graded = (await ask({ from, to: START, compare: true })).others?.detectors ?? [];
    expect(graded.filter(({ alarms }) => alarms === null).map(({ detector }) => detector).sort()).toEqual(['DDM', 'EDDM', 'HDDM-A', 'HDDM-W']);
  });
});
