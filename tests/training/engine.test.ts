/** The real engine, started by the real executor on a small random base: what the fake one stands in for elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadPredictor } from '../../src/lora/predictor.ts';
import { parseSpec } from '../../src/spec.ts';
import { openFilesystem } from '../../src/store/objects/filesystem.ts';
import { putLines } from '../../src/store/objects/index.ts';
import { createTraining, type JobHandle, type JobStatus, type TrainingRequest } from '../../src/training/index.ts';
import { writeTinyBase } from '../lora/tiny.ts';

const WORDS = ['open', 'close', 'the', 'door', 'window', 'please'];
const LABELS = ['close', 'open'];
let dir: string;
let request: (id: string, changes?: Partial<TrainingRequest>) => TrainingRequest;
let training: ReturnType<typeof createTraining>;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-engine-'));
  await writeTinyBase(path.join(dir, 'base'), WORDS);
  const objects = openFilesystem(path.join(dir, 'objects'));
  const row = (n: number) => ({ id: `r${n}`, text: `${LABELS[n % 2]} the ${n % 3 === 0 ? 'door' : 'window'}${n % 5 === 0 ? ' please' : ''}`, label: LABELS[n % 2]!, window: true, origin: 'feedback' });
  const train = await putLines(objects, Array.from({ length: 64 }, (_, n) => row(n)));
  const exam = await putLines(objects, [...Array.from({ length: 10 }, (_, n) => row(n)), { ...row(10), label: 'a label the head does not know' }]);
  const training_ = { lora: { r: 2, alpha: 4 }, epochs: 10, batchSize: 16, learningRate: 0.02, maxLength: 16 };
  const spec = parseSpec({ name: 'm', task: 'classification', serving: {}, training: training_ });
  training = createTraining({ objects, dataDir: dir, log: { info: () => {} } });
  request = (id, changes = {}) => ({ id, kind: 'train', model: 'm', spec, base: path.join(dir, 'base'), labels: LABELS, train, exam, seed: 3, workers: 1, ...changes });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const ended = (handle: JobHandle): Promise<JobStatus> =>
  vi.waitUntil(async () => {
    const status = await training.poll(handle);
    return status.state === 'running' ? false : status;
  }, { timeout: 50_000, interval: 20 });
const done = async (job: TrainingRequest) => {
  const handle = await training.launch(job);
  expect(await ended(handle)).not.toHaveProperty('error');
  return training.results(handle);
};

it('trains an adapter that a job and a predictor read alike', async () => {
  const { result, predictions, adapter, baseDigest } = await done(request('train'));
  expect(result).toMatchObject({ kind: 'train', rows: 64, steps: 40 });
  expect(predictions.filter(({ label }, n) => n < 10 && label === LABELS[n % 2])).toHaveLength(10);
  expect(predictions.at(-1)).toMatchObject({ id: 'r10', loss: null });
  const { train: _, ...rest } = request('predict');
  const again = await done({ ...rest, kind: 'predict', initial: adapter });
  expect(again).toMatchObject({ adapter: null, baseDigest });
  // the one computes with the adapter beside the weights, the other with it merged in: equal but for rounding
  again.predictions.forEach(({ id, label, confidence }, n) => {
    expect({ id, label }).toEqual({ id: predictions[n]!.id, label: predictions[n]!.label });
    expect(confidence).toBeCloseTo(predictions[n]!.confidence, 5);
  });
  const predictor = await loadPredictor({ basePath: path.join(dir, 'base'), adapter: adapter! });
  expect((await predictor.predict(['open the door', 'close the window please'])).map(({ label }) => label)).toEqual(['open', 'close']);
  await predictor.dispose();
});

it('gives the same adapter when it was killed on the way and started again', async () => {
  const handle = await training.launch(request('killed'));
  process.kill(handle.pid, 'SIGKILL');
  expect(await ended(handle)).toMatchObject({ state: 'lost', retryable: true });
  const [killed, whole] = [await done(request('killed')), await done(request('train'))];
  expect(killed.result.adapterDigest).toBe(whole.result.adapterDigest);
});

it('says for good what is wrong with its input', async () => {
  const { spec } = request('long');
  const handle = await training.launch(request('long', { spec: { ...spec, training: { ...spec.training, maxLength: 64 } } }));
  const status = await ended(handle);
  expect(status).toMatchObject({ state: 'failed', retryable: false });
  expect(status.error).toContain('at most 32');
});

it('is stopped by cancel', async () => {
  const { spec } = request('endless');
  const handle = await training.launch(request('endless', { spec: { ...spec, training: { ...spec.training, epochs: 1e6 } } }));
  await training.cancel(handle);
  expect(await ended(handle)).toMatchObject({ state: 'failed', retryable: false, error: 'cancelled' });
});
