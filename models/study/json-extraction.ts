/**
 * `node models/study/json-extraction.ts SNIPS.jsonl.gz FOLDER [--rows 1000] [--exam 100]
 * [--epochs 1] [--batch 8]`: teaches mini-decoder to answer with the slots of a sentence as JSON, through a job folder of our own engine, and
 * marks its answers to the test rows before and after. A job that is done in FOLDER is not done again.
 *
 * Before: the same job on two rows at a learning rate of 1e-9, which changes nothing; a generation job needs an adapter to predict with.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { random, shuffle } from '../../src/lora/random.ts';
import { taskRules } from '../../src/tasks/index.ts';
import { FIXED } from '../../src/training/settings.ts';
import type { Hyperparameters, Job, JobResult, PredictionLine } from '../../src/training/job.ts';

const ENGINE = path.join(import.meta.dirname, '../../src/training/engines/tfjs/main.ts');
const BASE = path.join(import.meta.dirname, '../mini-decoder');
/** The task stands in every prompt; the base has seen these words in texts of our own grammar, on other sentences and other names. */
const SYSTEM = 'Which spans? JSON.';

interface Snips {
  readonly text: string;
  readonly split: string;
  readonly slots: readonly { readonly slot: string; readonly text: string }[];
}

interface Row {
  readonly id: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly completion: string;
}

/** A sample of one split; a slot that a sentence has twice keeps its last words, as JSON.parse would. */
function sample(rows: readonly Snips[], count: number, name: string): Row[] {
  const order = shuffle(Int32Array.from(rows.keys()), random(1, name));
  return Array.from(order.subarray(0, count), (index, i): Row => {
    const { text, slots } = rows[index]!;
    const messages = [{ role: 'system', content: SYSTEM }, { role: 'user', content: text.trim() }];
    return { id: `${name}-${i}`, messages, completion: python(Object.fromEntries(slots.map(({ slot, text: words }) => [slot, words]))) };
  });
}

/** As Python's json.dumps writes it, with a space behind colon and comma: what the base has read. */
const python = (fields: Readonly<Record<string, string>>): string => `{${Object.entries(fields).map(([name, words]) => `${JSON.stringify(name)}: ${JSON.stringify(words)}`).join(', ')}}`;

function run(folder: string, train: readonly Row[], exam: readonly Row[], settings: Pick<Hyperparameters, 'epochs' | 'learningRate' | 'batchSize'>): { result: JobResult; predictions: PredictionLine[] } {
  const hyperparameters: Hyperparameters = { ...FIXED, lora: { r: 16, alpha: 32, targets: 'all-linear' }, maxLength: 192, maxNewTokens: 96, loss: 'completion', quantisation: 'none', ...settings };
  const job: Job = {
    version: 1, id: 'json-extraction', kind: 'train', model: 'mini-decoder', task: 'generation', labelling: 'single', base: { path: BASE, digest: null }, initial: false, labels: [],
    hyperparameters, backend: 'wasm', engineDir: null, limits: { memoryBytes: null }, seed: 1, workers: 1,
  };
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, 'result.json'))) {
    for (const [name, text] of [['train.jsonl', lines(train)], ['exam.jsonl', lines(exam)], ['job.json', JSON.stringify(job)]] as const) writeFileSync(path.join(folder, name), text);
    execFileSync(process.execPath, [ENGINE, folder], { stdio: 'inherit' });
  }
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  return { result: JSON.parse(read('result.json')) as JobResult, predictions: read('predictions.jsonl').trimEnd().split('\n').map((line) => JSON.parse(line) as PredictionLine) };
}

/** Means over the exam: the whole answer equal, fields equal, answers that are JSON at all, nats of a token of the true answer. */
function marks(exam: readonly Row[], predictions: readonly PredictionLine[]): Record<string, number> {
  const rules = taskRules('generation', 'single');
  const mean = (of: (row: Row, line: PredictionLine) => number): number => Math.round((1e4 * exam.reduce((sum, row, i) => sum + of(row, predictions[i]!), 0)) / exam.length) / 1e4;
  return {
    exact: mean(({ completion }, { output }) => rules.score(completion, output!, 'exact')),
    json: mean(({ completion }, { output }) => rules.score(completion, output!, 'json')),
    wellFormed: mean((_, { output }) => (rules.isMalformed(output!, 'json') ? 0 : 1)),
    loss: mean((_, { loss }) => loss!),
  };
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rows: { type: 'string', default: '1000' }, exam: { type: 'string', default: '100' }, epochs: { type: 'string', default: '1' }, batch: { type: 'string', default: '8' } } });
const [file, folder] = positionals;
if (file === undefined || folder === undefined) throw new Error('usage: node json-extraction.ts SNIPS.jsonl.gz FOLDER');
const all = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Snips);
const of = (wanted: (split: string) => boolean): Snips[] => all.filter(({ split }) => wanted(split));
const train = sample(of((split) => split === 'train'), Number(values.rows), 'train');
const exam = sample(of((split) => split !== 'train'), Number(values.exam), 'test');

const before = run(path.join(folder, 'before'), train.slice(0, 2), exam, { epochs: 1, batchSize: 8, learningRate: 1e-9 });
console.log(JSON.stringify({ before: marks(exam, before.predictions), seconds: before.result.seconds }));
const after = run(path.join(folder, 'after'), train, exam, { epochs: Number(values.epochs), batchSize: Number(values.batch), learningRate: 'auto' });
const { steps, learningRate, seconds, peakMemoryBytes, finalLoss, trainableParameters } = after.result;
console.log(JSON.stringify({ after: marks(exam, after.predictions), rows: train.length, exam: exam.length, steps, learningRate, finalLoss, seconds, peakMemoryMiB: Math.round(peakMemoryBytes / 2 ** 20), trainableParameters }));
