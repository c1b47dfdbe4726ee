/** Registry and builtin target with real adapters on a small random base. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { adapterFiles } from '../../src/lora/adapter-files.ts';
import { initialValues } from '../../src/lora/adapter.ts';
import { readBase } from '../../src/lora/base.ts';
import { createBuiltinTarget } from '../../src/promotion/targets/builtin.ts';
import { transaction } from '../../src/store/postgres.ts';
import { putModel } from '../../src/store/models.ts';
import { parseSpec } from '../../src/spec.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';
import { tinyPlan, writeTinyBase } from '../lora/tiny.ts';
import { testDatabase } from '../support/postgres.ts';
import { promotions } from './support.ts';

const { pool } = await testDatabase();
const { registry, clock } = await promotions(pool);
const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-serving-'));
afterAll(() => rm(dir, { recursive: true, force: true }));
await writeTinyBase(path.join(dir, 'base'), ['open', 'close', 'door']);
const LABELS = ['close', 'open'];
const base = await readBase(path.join(dir, 'base'), null);

async function filesOf(seed: number): Promise<AdapterFiles> {
  const plan = tinyPlan(base, LABELS.length, { r: 2, alpha: 4, targets: 'all-linear' });
  return adapterFiles(plan, { shape: plan.shape, kind: 'sequence', quantisation: 'none', labels: LABELS, pooling: 'mean', baseDigest: base.digest, maxLength: 16, values: initialValues(plan, seed) }, 'base');
}

it('serves what is live, shadows what was, refuses what is torn', async () => {
  await transaction(pool, (db) => putModel(db, parseSpec({ name: 'm', task: 'classification', serving: {}, base: { model: './base' } }), clock.now()));
  const target = createBuiltinTarget({ registry, baseDir: dir, log: { info: () => {}, warn: () => {} } });
  const register = async (runId: string, files: AdapterFiles) => registry.registerAdapter({ model: 'm', runId, files, labels: LABELS, baseSha256: base.digest });
  const [one, two] = [await register('r1', await filesOf(1)), await register('r2', await filesOf(2))];
  for (const { id, runId } of [one, two]) {
    expect(await target.probe(id)).toMatchObject({ adapter: id });
    await registry.promote({ model: 'm', adapter: id, referenceBody: Buffer.from(id), expectedSeq: (await registry.live('m'))?.seq ?? null, runId, reason: 'r', by: 'auto' });
  }
  const texts = ['open the door', 'close'];
  const [live, before] = [await target.predict('m', texts), await target.predict('m', texts, { adapter: one.id })];
  expect([live.adapter, before.adapter]).toEqual([two.id, one.id]);
  expect(live.rows.map(({ scores }) => scores)).not.toEqual(before.rows.map(({ scores }) => scores));
  await registry.rollback({ model: 'm', reason: 'r', by: 'me' });
  expect(await target.predict('m', texts)).toMatchObject({ adapter: one.id, rows: before.rows });

  const whole = await filesOf(3);
  const torn = await register('r3', { ...whole, weights: whole.weights.subarray(0, whole.weights.length - 4) });
  await expect(target.probe(torn.id)).rejects.toMatchObject({ code: 'bad-adapter' });
  await target.ensureAbsent(two.id);
  expect((await target.list()).map(({ adapter }) => adapter)).toEqual([one.id]);
  await target.stop();
});
