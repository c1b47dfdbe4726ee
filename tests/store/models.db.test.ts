import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/clock.ts';
import { createModels } from '../../src/models.ts';
import { getModelVersion } from '../../src/store/models.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const clock = new VirtualClock(new Date('2026-01-01T00:00:00Z'));
const models = createModels({ pool, clock });
const spec = (name: string, over: object = {}) => ({ name, task: 'classification', serving: { target: 'builtin' }, ...over });
const panes = async (model: string) => (await pool.query<{ pane: number }>('select pane from panes where model = $1 order by pane', [model])).rows.map((r) => r.pane);

test('a model is put with every default, and its first pane opens', async () => {
  const model = await models.put(spec('first'));
  expect(model).toMatchObject({ name: 'first', version: 1, changed: true, createdAt: clock.now() });
  expect(model.spec.retrain.minLabels).toBe(200);
  expect(await panes('first')).toEqual([1]);
});

test('the same spec changes nothing, another makes a version, and both versions stay', async () => {
  await models.put(spec('second'));
  expect(await models.put(spec('second'))).toMatchObject({ version: 1, changed: false });
  const moved = await models.put(spec('second', { retrain: { minLabels: 50 } }));
  expect(moved).toMatchObject({ version: 2, changed: true });
  expect((await getModelVersion(pool, 'second', 1))?.spec.retrain.minLabels).toBe(200);
  expect((await getModelVersion(pool, 'second', 2))?.spec.retrain.minLabels).toBe(50);
  expect(await getModelVersion(pool, 'second', 3)).toBeNull();
  expect(await panes('second')).toEqual([1]);
});

test('a later pane is left as it is', async () => {
  await models.put(spec('third'));
  await pool.query(`update panes set closed_at = now() where model = 'third'`);
  await pool.query(`insert into panes values ('third', 2, now(), null)`);
  await models.put(spec('third', { retrain: { minLabels: 9 } }));
  expect(await panes('third')).toEqual([1, 2]);
});

test('writers at the same time make versions without gap, and one pane', async () => {
  await Promise.all(Array.from({ length: 8 }, (_, i) => models.put(spec('busy', { retrain: { minLabels: i + 1 } }))));
  const { rows } = await pool.query<{ version: number }>(`select version from model_versions where model = 'busy' order by version`);
  expect(rows.map((r) => r.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await panes('busy')).toEqual([1]);
});

test('an unknown model and a bad spec are errors of the catalogue', async () => {
  await expect(models.get('nobody')).rejects.toMatchObject({ code: 'not-found', message: 'there is no model "nobody"' });
  await expect(models.put({ ...spec('x'), extra: 1 })).rejects.toMatchObject({ code: 'bad-spec' });
  expect((await models.list()).map((m) => m.name)).toEqual(['busy', 'first', 'second', 'third']);
});
