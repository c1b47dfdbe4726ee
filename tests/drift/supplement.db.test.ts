import { expect, it } from 'vitest';
import { createIngest } from '../../src/ingest/index.ts';
import { FIRST_LOOK } from '../../src/drift/learn-panes.ts';
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
  const { rows: [stored] } = await pool.query<{ profile: Uint8Array }>('select profile from pane_profiles where model = $1 order by pane desc limit 1', ['daily']);
  expect(decodeProfile(stored?.profile as Uint8Array).columns.get(inSeason('hourOfDay=1', 'age'))).toMatchObject({ count: 40 });
  const { monitors } = await w.drift.report('daily');
  expect(monitors.find(({ monitor }) => monitor === 'column.age')?.verdict).toMatch(/insufficient/);
  // as many panes of that hour as a first look needs
  await pool.query(`insert into panes (model, pane, opened_at, closed_at) select 'daily', 1000 + i, $1::timestamptz, $1::timestamptz from generate_series(1, $2::int) i`, [w.clock.now(), FIRST_LOOK - 2]);
  await pool.query(`insert into pane_profiles (model, pane, adapter, reference, profile) select 'daily', 1000 + i, 'daily--v1', 'daily--v1-reference', $1 from generate_series(1, $2::int) i`, [stored?.profile, FIRST_LOOK - 2]);
  await traffic(w, 'daily', 640, 40);
  await close(w);
  const filled = await referenceOf('daily--v1');
  expect(filled.panesLearnt).toBeGreaterThanOrEqual(FIRST_LOOK);
  expect((filled.profile.columns.get(inSeason('hourOfDay=1', 'age')) as ColumnCounts & { kind: 'number' }).count).toBe(40 * FIRST_LOOK);
  // what it had stays
  expect(filled.profile.columns.get(inSeason('hourOfDay=0', 'age'))).toEqual(learnt.profile.columns.get(inSeason('hourOfDay=0', 'age')));
  expect(filled.profile.columns.get('age')).toEqual(learnt.profile.columns.get('age'));
});
