/**
 * Classification of a labelled CSV by whole jobs, as the service runs them: accuracy on the test split, seconds, memory. One line of JSON a job.
 *
 *   node bench/utterances.ts FILE.csv [--text text] [--label intent] [--split split] [--seeds 1,2,3] [--schedule cosine] [--epochs 3]
 *     [--rate auto] [--rows N] [--workers 2] [--base models/mini-encoder] [--backend wasm] [--engine DIR] [--together]
 *
 * Rows whose split is `train` are learnt (with --rows the first of a seeded order), those of `test` examined. Jobs run one after the other,
 * so that seconds mean something; with --together all at once.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { random, shuffle } from '../src/lora/random.ts';
import type { Hyperparameters, Job, JobResult, PredictionLine } from '../src/training/job.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { positionals: [file], values } = parseArgs({
  allowPositionals: true,
  options: {
    text: { type: 'string', default: 'text' },
    label: { type: 'string', default: 'intent' },
    split: { type: 'string', default: 'split' },
    seeds: { type: 'string', default: '1,2,3' },
    schedule: { type: 'string', default: 'cosine' },
    epochs: { type: 'string', default: '3' },
    rate: { type: 'string', default: 'auto' },
    rows: { type: 'string' },
    workers: { type: 'string', default: String(Math.min(2, os.availableParallelism())) },
    base: { type: 'string', default: path.join(ROOT, 'models/mini-encoder') },
    backend: { type: 'string', default: 'wasm' },
    engine: { type: 'string' },
    together: { type: 'boolean', default: false },
  },
});
if (file === undefined) throw new Error('usage: node bench/utterances.ts FILE.csv');

interface Row {
  readonly id: string;
  readonly text: string;
  readonly label: string;
}

const table = parse(await readFile(file), { columns: true }) as Record<string, string>[];
const rowsOf = (split: string): Row[] => table.filter((row) => row[values.split] === split).map((row, i) => ({ id: `${split}-${i}`, text: row[values.text] ?? '', label: row[values.label] ?? '' }));
const [train, exam] = [rowsOf('train'), rowsOf('test')];
const labels = [...new Set(train.map((row) => row.label))].sort();

function hyperparameters(): Hyperparameters {
  return {
    lora: { r: 16, alpha: 32, targets: 'all-linear' },
    epochs: Number(values.epochs),
    batchSize: 32,
    learningRate: values.rate === 'auto' || values.rate === 'probe' ? values.rate : Number(values.rate),
    warmup: 0.1,
    schedule: values.schedule as Hyperparameters['schedule'],
    weightDecay: 0.01,
    maxLength: 128,
    quantisation: 'none',
    checkpoint: { steps: 1_000, seconds: 60 },
    maxNewTokens: 1,
    loss: 'completion',
  };
}

async function runJob(folder: string, seed: number): Promise<object> {
  const chosen = values.rows === undefined ? train : Array.from(shuffle(Int32Array.from(train.keys()), random(seed, 'subset')).subarray(0, Number(values.rows)), (i) => train[i] as Row);
  const job: Job = {
    version: 1, id: `seed-${seed}`, kind: 'train', model: 'utterances', task: 'classification', labelling: 'single', base: { path: path.resolve(values.base), digest: null },
    initial: false, labels, hyperparameters: hyperparameters(), seed, workers: Number(values.workers), backend: values.backend as Job['backend'], engineDir: values.engine ?? null, compileDir: null, limits: { memoryBytes: null },
  };
  await mkdir(folder, { recursive: true });
  const lines = (rows: readonly Row[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await Promise.all([writeFile(path.join(folder, 'job.json'), JSON.stringify(job)), writeFile(path.join(folder, 'train.jsonl'), lines(chosen)), writeFile(path.join(folder, 'exam.jsonl'), lines(exam))]);
  const child = spawn(process.execPath, [path.join(ROOT, 'src/training/engines/tfjs/main.ts'), folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`the job of seed ${seed} ended with code ${code}`);
  const result = JSON.parse(await readFile(path.join(folder, 'result.json'), 'utf8')) as JobResult;
  const answers = (await readFile(path.join(folder, 'predictions.jsonl'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as PredictionLine & { readonly label: string });
  const right = answers.filter(({ label }, i) => label === exam[i]?.label).length;
  return {
    seed, schedule: values.schedule, rate: result.learningRate, rows: chosen.length, steps: result.steps, accuracy: right / exam.length, finalLoss: result.finalLoss,
    backend: result.backend, workers: Number(values.workers), seconds: result.seconds, peakMiB: Math.round(result.peakMemoryBytes / 2 ** 20),
  };
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-utterances-'));
try {
  const waiting = values.seeds.split(',').map((seed) => async () => console.log(JSON.stringify(await runJob(path.join(dir, seed), Number(seed)))));
  if (values.together) await Promise.all(waiting.map((start) => start()));
  else for (const start of waiting) await start();
} finally {
  await rm(dir, { recursive: true, force: true });
}
