import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterFiles, writeAdapter } from '../../src/lora/adapter-files.ts';
import { initialValues } from '../../src/lora/adapter.ts';
import { readBase } from '../../src/lora/base.ts';
import { loadPredictor } from '../../src/lora/predictor.ts';
import { random } from '../../src/lora/random.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';
import { tinyPlan, writeTinyBase } from './tiny.ts';

const WORDS = ['open', 'close', 'the', 'door', 'window', 'please'];
const LABELS = ['yes', 'no', 'maybe'];
let folder: string;
let files: AdapterFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predictor-'));
  await writeTinyBase(join(folder, 'base'), WORDS);
  files = await adapterOf(3);
  await writeAdapter(join(folder, 'adapter'), files);
});
afterAll(() => rm(folder, { recursive: true }));

async function adapterOf(seed: number): Promise<AdapterFiles> {
  const base = await readBase(join(folder, 'base'), null);
  const plan = tinyPlan(base, LABELS.length, { r: 2, alpha: 4, targets: 'all-linear' });
  const uniform = random(seed, 'adapter');
  const values = initialValues(plan, seed).map((value) => value + uniform() - 0.5);
  return adapterFiles(plan, { shape: plan.shape, kind: 'sequence', quantisation: 'none', labels: LABELS, pooling: 'mean', baseDigest: base.digest, maxLength: 16, values }, 'base');
}

test('a text gets the same answer alone and among others, from a folder and from bytes', async () => {
  const [a, b] = await Promise.all([loadPredictor({ basePath: join(folder, 'base'), adapter: join(folder, 'adapter') }), loadPredictor({ basePath: join(folder, 'base'), adapter: files })]);
  const texts = ['open the door please', '', 'close window', 'unheard words here'];
  const together = await a.predict(texts);
  expect(a.labels).toEqual(LABELS);
  for (const [i, text] of texts.entries()) {
    const [alone] = await b.predict([text]);
    expect(alone!.label).toBe(together[i]!.label);
    alone!.scores!.forEach((score, j) => expect(score).toBeCloseTo(together[i]!.scores![j]!, 6));
    expect(alone!.scores!.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 10);
    expect(Math.max(...alone!.scores!)).toBe(alone!.confidence);
  }
  await Promise.all([a.dispose(), b.dispose()]);
  await expect(a.predict(['open'])).rejects.toMatchObject({ code: 'stopping' });
});

test('two adapters side by side answer differently, and one outlives the other', async () => {
  const basePath = join(folder, 'base');
  const [a, b] = [await loadPredictor({ basePath, adapter: files }), await loadPredictor({ basePath, adapter: await adapterOf(4) })];
  const [[first], [second]] = [await a.predict(['open the window']), await b.predict(['open the window'])];
  expect(first!.scores).not.toEqual(second!.scores);
  await a.dispose();
  expect(await b.predict(['open the window'])).toEqual([second]);
  await b.dispose();
});

test('an adapter of another base, and a missing base, are refused by name', async () => {
  await writeTinyBase(join(folder, 'other'), WORDS, undefined, 2);
  await expect(loadPredictor({ basePath: join(folder, 'other'), adapter: files })).rejects.toMatchObject({ code: 'bad-adapter' });
  await expect(loadPredictor({ basePath: join(folder, 'none'), adapter: files })).rejects.toMatchObject({ code: 'bad-base' });
});
