/** What panes after a promotion teach a reference of how rows depend on each other, and how an alarm says and keeps it. */
import { expect, it } from 'vitest';
import { FIRST_LOOK } from '../../src/drift/learn-panes.ts';
import { encodeProfile } from '../../src/profile/index.ts';
import { evidenceDivisor } from '../../src/statistics/autocorrelation.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { createReferences } from '../../src/store/reference-cache.ts';
import { MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { playPane, profileOf, promote, register, rowsOnCourse, START, world } from './support.ts';

const { pool } = await testDatabase();

/** Closed panes as they would be stored, of 60 rows of which an error is followed by an error with chance 0.7, else one in ten is one. */
async function pastPanes(model: string, adapter: string, reference: Parameters<typeof profileOf>[0], panes: number): Promise<void> {
  const uniform = seededUniform(3);
  let wrong = false;
  const all = Array.from({ length: panes }, (_, pane) => profileOf(reference, rowsOnCourse(60, pane * 60).map((row) => {
    wrong = uniform() < 0.7 ? wrong : uniform() < 0.1;
    return { ...row, trueLabel: wrong ? 'z' : row.label };
  })));
  const distinct = all.map((profile) => Buffer.from(encodeProfile(profile)));
  await pool.query('update panes set pane = $2, opened_at = $3 where model = $1', [model, panes + 1, START]);
  await pool.query(`insert into panes (model, pane, opened_at, closed_at) select $1, i, $2::timestamptz, $2::timestamptz from generate_series(1, $3::int) i`, [model, START, panes]);
  await pool.query(`insert into pane_profiles (model, pane, adapter, reference, profile) select $1, i, $2, $3, p from unnest($4::bytea[]) with ordinality as t(p, i)`, [model, adapter, `${adapter}-reference`, distinct]);
}

it('errors that resemble their forerunners are estimated, used, told, and replayed to the bit', async () => {
  await register(pool, {}, 'sticky');
  const reference = await promote(pool, 'sticky--v1', 1, START, undefined, 'sticky');
  const w = world(pool);
  await pastPanes('sticky', 'sticky--v1', reference, FIRST_LOOK - 1);
  const before = await w.drift.report('sticky');
  const watching = before.monitors.filter(({ idle }) => idle === null);
  expect(watching.map(({ kind, dependence }) => ({ kind, dependence }))).toEqual(['error', 'confidence', 'labels', 'unseen'].map((kind) => ({ kind, dependence: { source: 'none', phi: 0, blocks: null } })));
  await playPaneOf(w, reference, 60, 10);
  const learnt = await createReferences()(pool, 'sticky--v1-reference');
  expect(learnt.panesLearnt).toBe(FIRST_LOOK);
  const report = await w.drift.report('sticky');
  const error = report.monitors.find(({ kind }) => kind === 'error');
  expect(error?.dependence).toMatchObject({ source: 'estimated', blocks: FIRST_LOOK });
  const phi = error?.dependence?.phi ?? 0;
  // rows of 0.7
  expect(phi).toBeGreaterThan(0.55);
  expect(phi).toBeLessThan(0.85);
  expect(error?.guarantee).toMatch(/^asymptotic, for rows whose autocorrelation is at most what the panes after the promotion showed/);
  // of words that are never unseen nothing can be estimated, and their promise stays as it was
  const unseen = report.monitors.find(({ kind }) => kind === 'unseen');
  expect(unseen?.dependence?.source).toBe('none');
  expect(unseen?.guarantee).toMatch(/^at most T/);
  let opened;
  for (let pane = 0; pane < 40 && opened === undefined; pane++) [opened] = (await playPaneOf(w, reference, 60, 2))[0]?.opened ?? [];
  const incident = await w.drift.incidents.get(opened?.id ?? '');
  expect(incident.evidence).toMatchObject({ kind: 'error', dependence: { source: 'estimated', phi }, assumptions: { dependence: { source: 'estimated', phi } } });
  expect(incident.evidence.start.detector.divisor).toBe(evidenceDivisor(phi));
  expect(await w.drift.incidents.replay(incident.id)).toEqual([expect.objectContaining({ monitor: 'error', same: true })]);
  // found once, it is not looked for again before there are twice as many panes
  expect((await pool.query('select from supplements where reference = $1', ['sticky--v1-reference'])).rowCount).toBe(1);

  function playPaneOf(at: typeof w, of: typeof reference, n: number, errorEvery: number) {
    return playPane(pool, at, 'sticky--v1', of, rowsOnCourse(n, 0, errorEvery), 'sticky');
  }
});

it('what is declared is not estimated: not even 0', async () => {
  await register(pool, { autocorrelation: 0 }, 'declared');
  const reference = await promote(pool, 'declared--v1', 1, START, undefined, 'declared');
  const w = world(pool);
  await pastPanes('declared', 'declared--v1', reference, FIRST_LOOK);
  w.clock.advance(5 * MINUTE);
  await w.drift.closeDuePanes();
  const monitors = (await w.drift.report('declared')).monitors.filter(({ idle }) => idle === null);
  expect(monitors.map(({ dependence }) => dependence?.source)).toEqual(monitors.map(() => 'declared'));
  expect(monitors[0]?.guarantee).toMatch(/^at most T/);
});
