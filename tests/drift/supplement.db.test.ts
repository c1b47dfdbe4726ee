import { expect, it } from 'vitest';
import { createIngest } from '../../src/ingest/index.ts';
import { FIRST_LOOK, LAST_LOOK } from '../../src/drift/learn-panes.ts';
import { decodeProfile, inSeason, LABELS, type ColumnCounts } from '../../src/profile/index.ts';
import { createReferences } from '../../src/store/reference-cache.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { DAY, HOUR, MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { promote, register, START, world, type World } from './support.ts';

const { pool } = await testDatabase();

async function traffic({ clock }: World, model: string, from: number, n: number, more: (i: number) => object = () => ({})): Promise<void> {
  const ingest = createIngest({ pool, clock, events: { emit: () => {} } });
  const rows = Array.from({ length: n }, (_, i) => ({ model, id: `${model}-${from + i}`, input: 'raise my card limit', label: 'a', confidence: 0.9, features: { age: (from + i) % 80, language: i % 4 === 0 ? 'de' : 'en', ...more(i) } }));
  const { refused } = await ingest.predictions(rows);
  expect(refused).toEqual([]);
  await ingest.stop();
}

async function close({ drift, clock }: World): Promise<void> {
  clock.advance(5 * MINUTE);
  await drift.closeDuePanes();
}

async function lastPane(model: string): Promise<Uint8Array> {
  const { rows: [last] } = await pool.query<{ profile: Uint8Array }>('select profile from pane_profiles where model = $1 order by pane desc limit 1', [model]);
  return last?.profile as Uint8Array;
}

/** Closed panes that all have the same profile, before the open one. */
async function repeated({ clock }: World, model: string, profile: Uint8Array, panes: number): Promise<void> {
  const { rows: [open] } = await pool.query<{ pane: number }>('update panes set pane = pane + $2 where model = $1 and closed_at is null returning pane - $2 as pane', [model, panes]);
  const [first, now] = [open?.pane ?? 0, clock.now()];
  await pool.query(`insert into panes (model, pane, opened_at, closed_at) select $1, $2 + i, $3::timestamptz, $3::timestamptz from generate_series(0, $4::int - 1) i`, [model, first, now, panes]);
  await pool.query(`insert into pane_profiles (model, pane, adapter, reference, profile) select $1, $2 + i, $1 || '--v1', $1 || '--v1-reference', $3 from generate_series(0, $4::int - 1) i`, [model, first, profile, panes]);
}

const referenceOf = (adapter: string) => createReferences()(pool, `${adapter}-reference`);

it('a reference of imported rows learns the columns and segments of traffic once there are enough rows, and then counts them', async () => {
  await ensurePartitions(pool, START, new Date(START.getTime() + DAY));
  await register(pool, { segments: ['language'] }, 'taught');
  const exam = await promote(pool, 'taught--v1', 1, START, undefined, 'taught');
  expect(exam.columns.map(({ name }) => name)).toEqual(['@input']);
  const w = world(pool);
  await traffic(w, 'taught', 0, 150);
  await close(w);
  // too few to be a reference
  expect((await referenceOf('taught--v1')).columns).toHaveLength(1);
  await traffic(w, 'taught', 150, 450);
  await close(w);
  const learnt = await referenceOf('taught--v1');
  expect(learnt.columns.map(({ name, source }) => [name, source])).toEqual([['@input', 'exam'], ['age', 'traffic'], ['language', 'traffic']]);
  expect(learnt.divisions).toEqual([{ kind: 'segment', by: 'language', values: ['en', 'de'] }]);
  expect((learnt.profile.columns.get('age') as ColumnCounts & { kind: 'number' }).count).toBe(600);
  expect(learnt.profile.parts.get('language=en')?.confidence.count).toBe(450 - 1);
  expect(learnt.profile.rows).toBe(exam.profile.rows);
  await traffic(w, 'taught', 600, 40, (i) => ({ fresh: i }));
  await close(w);
  const { rows } = await pool.query<{ profile: Uint8Array }>('select profile from pane_profiles where model = $1 order by pane', ['taught']);
  const [first, , last] = rows.map(({ profile }) => decodeProfile(profile));
  expect([...(first?.columns.keys() ?? [])]).toEqual(['@input']);
  expect(last?.columns.get('age')).toMatchObject({ count: 40 });
  expect(last?.parts.get('language=de')?.rows).toBe(10);
  expect((await pool.query('select from supplements where reference = $1', ['taught--v1-reference'])).rowCount).toBe(1);
  // what comes later is learnt later, and frozen columns stay as they are
  await traffic(w, 'taught', 640, 600, (i) => ({ fresh: i }));
  await close(w);
  const more = await referenceOf('taught--v1');
  expect(more.columns.map(({ name }) => name)).toEqual(['@input', 'age', 'language', 'fresh']);
  expect(more.profile.columns.get('age')).toEqual(learnt.profile.columns.get('age'));
});

it('columns and labels are learnt and counted by a declared season, and closed panes fill the hours that the reference lacks', async () => {
  await ensurePartitions(pool, START, new Date(START.getTime() + DAY));
  await register(pool, { seasonKey: 'hourOfDay' }, 'daily');
  await promote(pool, 'daily--v1', 1, START, undefined, 'daily');
  const w = world(pool);
  await traffic(w, 'daily', 0, 600);
  await close(w);
  const learnt = await referenceOf('daily--v1');
  expect(learnt.profile.columns.get(inSeason('hourOfDay=0', 'age'))).toMatchObject({ kind: 'number', count: 600 });
  // as a category whose nulls are all rows
  expect(learnt.profile.columns.get(inSeason('hourOfDay=0', LABELS))).toMatchObject({ kind: 'category', nulls: 600 });
  w.clock.advance(HOUR);
  await traffic(w, 'daily', 600, 40);
  await close(w);
  const stored = await lastPane('daily');
  expect(decodeProfile(stored).columns.get(inSeason('hourOfDay=1', 'age'))).toMatchObject({ count: 40 });
  const { monitors } = await w.drift.report('daily');
  expect(monitors.find(({ monitor }) => monitor === 'column.age')?.verdict).toMatch(/insufficient/);
  // as many panes of that hour as a first look needs
  await repeated(w, 'daily', stored, FIRST_LOOK - 2);
  await traffic(w, 'daily', 640, 40);
  await close(w);
  const filled = await referenceOf('daily--v1');
  expect(filled.panesLearnt).toBeGreaterThanOrEqual(FIRST_LOOK);
  expect((filled.profile.columns.get(inSeason('hourOfDay=1', 'age')) as ColumnCounts & { kind: 'number' }).count).toBe(40 * FIRST_LOOK);
  // what it had stays
  expect(filled.profile.columns.get(inSeason('hourOfDay=0', 'age'))).toEqual(learnt.profile.columns.get(inSeason('hourOfDay=0', 'age')));
  expect(filled.profile.columns.get('age')).toEqual(learnt.profile.columns.get('age'));
});

it('of a season that is declared after the last look at all panes, those since fill the hours', async () => {
  await ensurePartitions(pool, START, new Date(START.getTime() + DAY));
  await register(pool, {}, 'late');
  await promote(pool, 'late--v1', 1, START, undefined, 'late');
  const w = world(pool);
  await traffic(w, 'late', 0, 600);
  await close(w);
  await traffic(w, 'late', 600, 40);
  await close(w);
  await repeated(w, 'late', await lastPane('late'), LAST_LOOK);
  await traffic(w, 'late', 640, 40);
  await close(w);
  const { panesLearnt } = await referenceOf('late--v1');
  expect(panesLearnt).toBeGreaterThan(LAST_LOOK);
  await pool.query(`update models set spec = jsonb_set(spec, '{monitor,seasonKey}', '"hourOfDay"') where name = 'late'`);
  w.clock.advance(HOUR);
  await traffic(w, 'late', 680, 40);
  await close(w);
  const hour = inSeason('hourOfDay=1', 'age');
  // learnt from the newest rows, of which that hour has few
  expect((await referenceOf('late--v1')).profile.columns.get(hour)).toMatchObject({ count: 40 });
  await traffic(w, 'late', 720, 40);
  await close(w);
  await repeated(w, 'late', await lastPane('late'), LAST_LOOK - 4);
  await traffic(w, 'late', 760, 40);
  await close(w);
  expect((await referenceOf('late--v1')).panesLearnt).toBe(panesLearnt);
  await traffic(w, 'late', 800, 40);
  await close(w);
  const filled = await referenceOf('late--v1');
  expect(filled.panesLearnt).toBe(panesLearnt + LAST_LOOK);
  // the rows that it was learnt from, and those of the panes since that were counted by season
  expect(filled.profile.columns.get(hour)).toMatchObject({ count: 40 + 40 * (LAST_LOOK - 1) });
});
