import { describe, expect, it } from 'vitest';
import { watchStep, type WatchState } from '../../src/promotion/watch.ts';
import type { BuiltinTarget } from '../../src/promotion/targets/builtin.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { documentDigest, taskRules } from '../../src/tasks/index.ts';
import { DAY } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { promotions } from './support.ts';

const { pool } = await testDatabase();
const { registry, clock, model, promoted } = await promotions(pool);
await ensurePartitions(pool, clock.now(), new Date(clock.now().getTime() + 2 * DAY));

const rules = taskRules('classification');

/** A text `n` is of class `n % 2`; the previous adapter is wrong where `n % 100 < errors`. */
const labelOf = (n: number) => `l${n % 2}`;
const wrong = (n: number) => `l${1 - (n % 2)}`;
function shadow(errors: number): Pick<BuiltinTarget, 'predict'> & { texts: string[]; adapters: Set<string> } {
  const seen = { texts: [] as string[], adapters: new Set<string>() };
  return {
    ...seen,
    predict: async (_, texts, { adapter = '' } = {}) => {
      seen.texts.push(...texts);
      seen.adapters.add(adapter);
      return { adapter, rules, labels: [], rows: texts.map(Number).map((n) => ({ label: n % 100 < errors ? wrong(n) : labelOf(n), confidence: 1, scores: [] })) };
    },
  };
}

/** Two promotions, the second to be watched. */
async function watched(name: string, errors: number) {
  await model(name);
  await promoted(name, `${name}-1`);
  clock.advance(60_000);
  const { adapter, previous, at } = await promoted(name, `${name}-2`);
  const target = shadow(errors);
  let state: WatchState | null = null;
  return {
    adapter,
    previous: previous!,
    target,
    async step(from: WatchState | null = state): Promise<WatchState> {
      state = await watchStep({ pool, clock, target }, { run: `${name}-2`, model: name, challenger: adapter, previous: previous!, since: at, alpha: 0.05, rules, metric: 'accuracy', state: from });
      return state;
    },
    /** Labelled predictions `from`..`to`; the live adapter is wrong where `n % 100` is at least `100 - liveErrors`. */
    async traffic(from: number, to: number, liveErrors: number, options: { by?: string; first?: boolean } = {}) {
      clock.advance(1000);
      const now = clock.now();
      const numbers = Array.from({ length: to - from }, (_, i) => from + i);
      const answered = numbers.map((n) => (n % 100 >= 100 - liveErrors ? wrong(n) : labelOf(n)));
      await pool.query(
        `insert into predictions (model, id, received_at, pane, adapter, input, label)
         select $1, 'p' || r.n, $2, 1, $3, r.n::text, r.label from unnest($4::int[], $5::text[]) as r(n, label)`,
        [name, now, options.by ?? adapter, numbers, answered],
      );
      await pool.query(
        `insert into feedback (model, id, prediction_id, received_at, label, first, matched_at)
         select $1, 'f' || r.n, 'p' || r.n, $2, r.label, $3, $2 from unnest($4::int[], $5::text[]) as r(n, label)`,
        [name, now, options.first ?? true, numbers, numbers.map(labelOf)],
      );
    },
  };
}

describe('the watch', () => {
  it('finds a live adapter that is worse, and stays with it', async () => {
    const watch = await watched('worse', 5);
    await watch.traffic(0, 1000, 30);
    const state = await watch.step();
    expect(state).toMatchObject({ decided: 'worse' });
    expect(state.worse).toBeGreaterThan(state.better);
    expect(state.eValue).toBeGreaterThanOrEqual(20);
    expect([...watch.target.adapters]).toEqual([watch.previous]);
    await watch.traffic(1000, 1100, 0);
    expect(await watch.step()).toEqual(state);
    expect(await registry.rollback({ model: 'worse', runId: 'worse-2', reason: 'worse', by: 'watch' })).toMatchObject({ adapter: watch.previous });
  });

  it('leaves one that is as good, and one that is better', async () => {
    for (const [name, errors, liveErrors] of [['equal', 10, 10], ['better', 30, 5]] as const) {
      const watch = await watched(name, errors);
      await watch.traffic(0, 3000, liveErrors);
      const first = await watch.step();
      expect(first.n).toBe(2000);
      expect(await watch.step()).toMatchObject({ decided: null, n: 3000, better: errors * 30, worse: liveErrors * 30 });
    }
  });

  it('looks only at first feedback on what the live adapter answered since the promotion', async () => {
    const watch = await watched('only', 0);
    await watch.traffic(0, 10, 0);
    await watch.traffic(10, 20, 100, { by: watch.previous });
    await watch.traffic(20, 30, 100, { first: false });
    expect(await watch.step()).toMatchObject({ n: 10, better: 0, worse: 0, eValue: 1 });
    expect(watch.target.texts).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
  });

  it('scores a row once: two replicas at once, a state that was lost, rows that appear late', async () => {
    const watch = await watched('twice', 5);
    await watch.traffic(0, 50, 8);
    const both = await Promise.all([watch.step(null), watch.step(null)]);
    expect(both.map(({ n }) => n)).toEqual([50, 50]);
    expect(both[0].process).toEqual(both[1].process);
    await watch.traffic(50, 100, 8);
    const ahead = await watch.step();
    await pool.query(`update feedback set matched_at = matched_at - interval '1 second' where model = 'twice' and id >= 'f7' and id <= 'f79'`);
    await watch.traffic(100, 101, 0);
    await pool.query(`update feedback set matched_at = matched_at - interval '2 seconds' where model = 'twice' and id = 'f100'`);
    const late = await watch.step();
    expect(late).toMatchObject({ n: 101, better: ahead.better + 1, cursor: ahead.cursor });
    const again = await watch.step(null);
    expect({ ...again, cursor: '' }).toEqual({ ...late, cursor: '' });
  });

  it('decides the same however the rows are cut into steps', async () => {
    const [whole, cut] = [await watched('cut-no', 5), await watched('cut-yes', 5)];
    await whole.traffic(0, 400, 25);
    for (let i = 0; i < 400; i += 40) {
      await cut.traffic(i, i + 40, 25);
      await cut.step();
    }
    const [a, b] = [await whole.step(), await cut.step()];
    expect({ ...a, cursor: '' }).toEqual({ ...b, cursor: '' });
    expect(a.decided).toBe('worse');
  });

  it('takes scores between 0 and 1, and lets both adapters search the same documents', async () => {
    await model('search');
    await promoted('search', 'search-1');
    clock.advance(60_000);
    const { adapter, previous, at } = await promoted('search', 'search-2');
    clock.advance(1_000);
    const documents = ['d0', 'd1', 'd2'];
    await pool.query(
      `insert into predictions (model, id, received_at, pane, adapter, input, label) select 'search', 'p' || n, $1, 1, $2, 'd' || n, '[]' from generate_series(0, 2) n`,
      [clock.now(), adapter],
    );
    await pool.query(
      `insert into feedback (model, id, prediction_id, received_at, label, score, first, matched_at)
       select 'search', 'f' || n, 'p' || n, $1, case when n < 2 then 'd' || n end, case when n = 2 then 0.5 end, true, $1 from generate_series(0, 2) n`,
      [clock.now()],
    );
    const asked: unknown[] = [];
    const target: Pick<BuiltinTarget, 'predict'> = {
      predict: async (_, texts, options = {}) => {
        asked.push(options);
        // the previous adapter finds the right document first, the live one second
        const found = (text: string) => (options.adapter === previous ? [text] : [documents.find((d) => d !== text)!, text]);
        return { adapter, rules, labels: [], rows: texts.map((text) => ({ label: JSON.stringify(found(text).map(documentDigest)), confidence: 1 })) };
      },
    };
    const state = await watchStep({ pool, clock, target }, { run: 'search-2', model: 'search', challenger: adapter, previous: previous!, since: at, alpha: 0.05, rules: taskRules('embedding'), metric: 'nDCG@10', state: null });
    // what has a score alone cannot be held against another answer
    expect(state).toMatchObject({ n: 2, better: 0, worse: 2 });
    expect(state.process.sum).toBeCloseTo(2 * (1 - 1 / Math.log2(3)), 12);
    expect(asked).toEqual([previous, adapter].map((each) => ({ adapter: each, documents: ['d0', 'd1'] })));
  });
});
