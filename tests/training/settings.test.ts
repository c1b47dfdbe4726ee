import { expect, test } from 'vitest';
import { parseSpec } from '../../src/spec.ts';
import { ENGINES, modelTypesFor, tasksOf } from '../../src/training/capabilities.ts';
import type { TrainingRequest } from '../../src/training/index.ts';
import { jobOf } from '../../src/training/settings.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';

const BASE = { path: '/base', digest: 'd' };
const request = (training: object = {}, rest: Partial<TrainingRequest> = {}): TrainingRequest => ({
  id: 'j', kind: 'train', model: 'm', spec: parseSpec({ name: 'm', task: 'classification', serving: {}, training }), base: '/base', labels: ['a'], exam: 'e', seed: 1, workers: 1, ...rest,
});
const adapter = (config: object): AdapterFiles => ({ config: Buffer.from(JSON.stringify(config)), weights: new Uint8Array(0), extra: {} });
const NO_ENGINE = { engineDir: null, compileDir: null };
const loraOf = (given: TrainingRequest, rows: number) => jobOf(given, BASE, rows, NO_ENGINE).hyperparameters.lora;

test('the rank follows the number of rows, and alpha the rank, where the spec leaves them open', () => {
  expect(loraOf(request(), 10_000)).toEqual({ r: 16, alpha: 32, targets: 'all-linear', rslora: false });
  expect(loraOf(request(), 10_001)).toMatchObject({ r: 32, alpha: 64 });
  expect(loraOf(request({ lora: { r: 8 } }), 20_000)).toMatchObject({ r: 8, alpha: 16 });
  expect(loraOf(request({ lora: { r: 8, alpha: 4, rslora: true } }), 20_000)).toMatchObject({ r: 8, alpha: 4, rslora: true });
});

test('an adapter that is continued keeps its shape, however many rows there are', () => {
  expect(loraOf(request({}, { initial: adapter({ r: 4, lora_alpha: 6 }) }), 20_000)).toMatchObject({ r: 4, alpha: 6 });
  expect(loraOf(request({ lora: { r: 8 } }, { initial: adapter({ r: 4, lora_alpha: 6 }) }), 20_000)).toMatchObject({ r: 8 });
  expect(loraOf(request({}, { initial: adapter({}) }), 20_000)).toMatchObject({ r: 32 });
});

test('what no spec says is the same in every job', () => {
  const job = jobOf(request({ learningRate: 'probe' }), BASE, 5, { engineDir: '/engines', compileDir: '/data/compiled' });
  expect(job).toMatchObject({ version: 1, labelling: 'single', backend: 'auto', engineDir: '/engines', compileDir: '/data/compiled', initial: false, limits: { memoryBytes: null } });
  expect(job.hyperparameters).toMatchObject({ learningRate: 'probe', schedule: 'cosine', warmup: 0.1, checkpoint: { steps: 1_000, seconds: 60 }, quantisation: 'none' });
});

test('the table says which tasks an engine can do, and on which bases', () => {
  expect(tasksOf(ENGINES.tfjs)).toEqual(['classification', 'extraction', 'generation', 'embedding']);
  expect(modelTypesFor(ENGINES.tfjs, 'generation')).toEqual(['llama', 'mistral', 'qwen2', 'qwen3']);
  expect(modelTypesFor(ENGINES.tfjs, 'embedding')).toContain('bert');
});
