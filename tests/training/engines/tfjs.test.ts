/** The engine as its executor sees it: a process, a folder, an exit code. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile, mkdir, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '../../../src/training/job.ts';
import type { Hyperparameters, Job, JobEvent, JobPrediction, JobResult, TrainRow } from '../../../src/training/job.ts';
import { random } from '../../../src/lora/random.ts';
import { TINY, writeTinyBase } from '../../lora/tiny.ts';

const MAIN = join(import.meta.dirname, '../../../src/training/engines/tfjs/main.ts');
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  weather: ['rain', 'sun', 'wind', 'cold', 'warm'],
  music: ['song', 'play', 'loud', 'band', 'quiet'],
  travel: ['train', 'plane', 'hotel', 'ticket', 'road'],
};
const FILLERS = ['the', 'a', 'please', 'now', 'some', 'my'];
const LABELS = Object.keys(TOPICS);
const HYPERPARAMETERS: Hyperparameters = {
  lora: { r: 4, alpha: 8, targets: 'all-linear' }, epochs: 6, batchSize: 8, learningRate: 1e-2, warmup: 0.1, schedule: 'cosine', weightDecay: 0.01, maxLength: 16,
  quantisation: 'none', checkpoint: { steps: 1_000, seconds: 60 }, maxNewTokens: 16, loss: 'completion',
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'engine-'));
  await writeTinyBase(join(root, 'base'), [...Object.values(TOPICS).flat(), ...FILLERS], TINY);
});
afterAll(() => rm(root, { recursive: true }));

function rows(count: number, seed: number, labels: readonly string[] = LABELS): TrainRow[] {
  const uniform = random(seed, 'texts');
  const pick = (words: readonly string[]): string => words[Math.floor(uniform() * words.length)]!;
  return Array.from({ length: count }, (_, i) => {
    const label = labels[i % labels.length]!;
    return { id: `r${i}`, text: [pick(FILLERS), pick(TOPICS[label]!), pick(FILLERS), pick(TOPICS[label]!)].join(' '), label, weight: 1 };
  });
}

interface Given {
  readonly job?: Partial<Job> & Readonly<Record<string, unknown>>;
  readonly train?: readonly unknown[] | string;
  readonly exam?: readonly unknown[];
  readonly initial?: string;
}

async function writeJob(name: string, { job = {}, train = rows(120, 1), exam = rows(30, 2), initial }: Given): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  const whole: Job = {
    version: 1, id: name, kind: 'train', model: 'm', task: 'classification', labelling: 'single', backend: 'wasm', engineDir: null, compileDir: null, limits: { memoryBytes: null }, base: { path: join(root, 'base'), digest: null },
    initial: initial !== undefined, labels: LABELS, hyperparameters: HYPERPARAMETERS, seed: 1, workers: 1, ...job,
  };
  const lines = (list: readonly unknown[]): string => list.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(join(folder, 'job.json'), JSON.stringify(whole));
  await writeFile(join(folder, 'train.jsonl'), typeof train === 'string' ? train : lines(train));
  await writeFile(join(folder, 'exam.jsonl'), lines(exam));
  if (initial !== undefined) await cp(initial, join(folder, 'initial'), { recursive: true });
  return folder;
}

async function run(folder: string): Promise<number | null> {
  const [code] = (await once(spawn(process.execPath, [MAIN, folder], { stdio: 'ignore' }), 'exit')) as [number | null];
  return code;
}

async function readLines<Row>(folder: string, name: string): Promise<Row[]> {
  return (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as Row);
}

const accuracy = (predictions: readonly JobPrediction[], exam: readonly TrainRow[]): number => predictions.filter(({ label }, i) => label === exam[i]!.label).length / exam.length;

test('a job is trained and examined; one worker or two, each time with the same bits', async () => {
  const folders = await Promise.all(['one', 'two', 'two-again'].map((name) => writeJob(name, { job: { workers: name === 'one' ? 1 : 2 } })));
  const codes = await Promise.all(folders.map(run));
  expect(codes).toEqual([EXIT.done, EXIT.done, EXIT.done]);
  const results = await Promise.all(folders.map(async (folder) => JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')) as JobResult));
  expect(results[1]!.adapterDigest).toBe(results[2]!.adapterDigest);
  expect(await readFile(join(folders[1]!, 'predictions.jsonl'), 'utf8')).toBe(await readFile(join(folders[2]!, 'predictions.jsonl'), 'utf8'));

  const [folder, result] = [folders[0]!, results[0]!];
  expect(result).toMatchObject({ kind: 'train', engine: 'tfjs', backend: 'wasm', rows: 120, steps: 90, learningRate: 1e-2 });
  expect(result.finalLoss).toBeLessThan(0.5);
  const predictions = await readLines<JobPrediction>(folder, 'predictions.jsonl');
  expect(predictions.map(({ id }) => id)).toEqual(rows(30, 2).map(({ id }) => id));
  expect(accuracy(predictions, rows(30, 2))).toBeGreaterThan(0.9);
  for (const { confidence, loss } of predictions) expect(Math.abs(-Math.log(confidence) - loss!) < 1e-9 || loss! > -Math.log(confidence)).toBe(true);

  const events = await readLines<JobEvent>(folder, 'events.ndjson');
  expect(events[0]).toMatchObject({ type: 'start', backend: 'wasm' });
  expect(events.at(-1)).toMatchObject({ type: 'done' });
  expect(events.at(-2)).toMatchObject({ type: 'progress', step: 90, steps: 90 });
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect((await readdir(join(folder, 'adapter'))).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'trimtab.json']);
  // [CLS], not the mean: on mini-encoder the mean costs a point of accuracy (bench/utterances.ts)
  expect(JSON.parse(await readFile(join(folder, 'adapter/trimtab.json'), 'utf8'))).toMatchObject({ pooling: 'first' });
});

test('a warm start continues with one label more, and the result predicts what it was trained to', async () => {
  const known = LABELS.slice(0, 2);
  const first = await writeJob('first', { job: { labels: known }, train: rows(120, 3, known), exam: rows(30, 4) });
  expect(await run(first)).toBe(EXIT.done);
  const strangers = (await readLines<JobPrediction>(first, 'predictions.jsonl')).filter(({ loss }) => loss === null);
  expect(strangers.length).toBe(10);

  const second = await writeJob('second', { initial: join(first, 'adapter'), job: { labels: ['travel', ...known] }, exam: rows(30, 4) });
  expect(await run(second)).toBe(EXIT.done);
  const trained = await readLines<JobPrediction>(second, 'predictions.jsonl');
  expect(accuracy(trained, rows(30, 4))).toBeGreaterThan(0.9);

  const third = await writeJob('third', { initial: join(second, 'adapter'), job: { kind: 'predict', workers: 2 }, exam: rows(30, 4) });
  expect(await run(third)).toBe(EXIT.done);
  const predicted = await readLines<JobPrediction>(third, 'predictions.jsonl');
  predicted.forEach(({ id, label, confidence }, i) => {
    expect({ id, label }).toEqual({ id: trained[i]!.id, label: trained[i]!.label });
    expect(confidence).toBeCloseTo(trained[i]!.confidence, 4);
  });
  expect(JSON.parse(await readFile(join(third, 'result.json'), 'utf8'))).toMatchObject({ kind: 'predict', rows: 30, adapterDigest: null });
});

test.each<[string, Given, RegExp]>([
  ['an unknown label', { train: [...rows(3, 1), { id: 'x', text: 'rain', label: 'sports' }] }, /train\.jsonl, line 4: label "sports" is not among/],
  ['a line that is no JSON', { train: '{"id": "1", "text": "rain"' }, /train\.jsonl, line 1: it is not JSON/],
  ['a row without text', { exam: [{ id: '1', label: 'music' }] }, /exam\.jsonl, line 1: "text" is undefined/],
  ['a negative weight', { train: [{ id: '1', text: 'rain', label: 'music', weight: -1 }] }, /"weight" is -1/],
  ['no rows', { train: [] }, /train\.jsonl: it has no rows; at least 2/],
  ['one row', { train: rows(1, 1) }, /train\.jsonl: it has one row; at least 2/],
  ['an unknown setting', { job: { hyperparameters: { ...HYPERPARAMETERS, learningrate: 1 } as unknown as Hyperparameters } }, /there is no field "learningrate"/],
  ['a wrong hyperparameter', { job: { hyperparameters: { ...HYPERPARAMETERS, epochs: 0 } } }, /hyperparameters, epochs: it is 0; a number above 0/],
  ['more tokens than the base has positions', { job: { hyperparameters: { ...HYPERPARAMETERS, maxLength: 999 } } }, /maxLength: it is 999; at most 32/],
  ['another task', { job: { task: 'generation', labels: [] }, train: [1, 2].map((n) => ({ id: `${n}`, text: 'a', completion: 'b' })), exam: [] }, /model_type is "bert"; a base on which this engine can do the task generation: llama, mistral, qwen2, qwen3/],
  ['a base that is not there', { job: { base: { path: '/nowhere', digest: null } } }, /base \/nowhere: config\.json cannot be read/],
  ['a base with another digest', { job: { base: { path: '', digest: 'f'.repeat(64) } } }, /the digest that was asked for, f{64}/],
  ['a prediction without an adapter', { job: { kind: 'predict' } }, /no initial adapter/],
])('%s: an error event that says what, where and what would be right, and exit code 42', async (name, given, message) => {
  const base = given.job?.base?.path === '' ? { base: { ...given.job.base, path: join(root, 'base') } } : {};
  const folder = await writeJob(name.replaceAll(' ', '-'), { ...given, job: { ...given.job, ...base } });
  expect(await run(folder)).toBe(EXIT.permanent);
  const error = (await readLines<JobEvent>(folder, 'events.ndjson')).at(-1)!;
  expect(error).toMatchObject({ type: 'error', retryable: false });
  expect((error as { message: string }).message).toMatch(message);
  expect(await readdir(folder)).not.toContain('result.json');
});

test('SIGTERM ends it with 143 and no result; a second start does the job', async () => {
  const folder = await writeJob('stopped', { job: { hyperparameters: { ...HYPERPARAMETERS, epochs: 2000 } } });
  const child = spawn(process.execPath, [MAIN, folder], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!(await readFile(join(folder, 'events.ndjson'), 'utf8').catch(() => '')).includes('"progress"')) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGTERM');
  expect((await ended)[0]).toBe(EXIT.preempted);
  expect(await readdir(folder)).not.toContain('result.json');
  const job = JSON.parse(await readFile(join(folder, 'job.json'), 'utf8')) as Job;
  await writeFile(join(folder, 'job.json'), JSON.stringify({ ...job, hyperparameters: HYPERPARAMETERS }));
  expect(await run(folder)).toBe(EXIT.done);
});
