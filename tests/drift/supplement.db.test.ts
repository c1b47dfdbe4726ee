import { expect, it } from 'vitest';
import { createIngest } from '../../src/ingest/index.ts';
import { decodeProfile, type ColumnCounts } from '../../src/profile/index.ts';
import { createReferences } from '../../src/store/reference-cache.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { DAY, MINUTE } from '../../src/vocabulary.ts';
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
