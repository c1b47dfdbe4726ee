/**
 * `node bench/memory.ts [--json] [--only TEXT]`: peak memory of jobs as it was predicted before they started and as the operating system counted
 * it (maximum resident set), each job in a process of its own. On `wasm`, and on `tensorflow` where an engine for a CPU is installed. Exits 1 when a
 * prediction is off by more than 15 %.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { readConfig } from '../src/config.ts';
import { findEngines } from '../src/lora/backends/tensorflow/find.ts';
import type { BenchRow } from './row.ts';

const ENGINE = path.join(import.meta.dirname, '../src/training/engines/tfjs/main.ts');
const MODELS = path.join(import.meta.dirname, '../models');
/** How far a prediction may be off. */
const TOLERANCE = 0.15;
const LABELS = ['play', 'book', 'ask', 'stop'];
const MIB = 2 ** 20;

interface Case {
  readonly base: 'mini-encoder' | 'mini-decoder';
  readonly task: 'classification' | 'extraction' | 'embedding' | 'generation';
  readonly length: number;
  readonly workers: number;
  readonly quantisation: 'none' | 'nf4';
  /** To train on, where more than the two steps need. */
  readonly rows?: number;
  /** By default wasm. */
  readonly backend?: 'tensorflow';
}

const ON_WASM: readonly Case[] = [
  ...[32, 128, 512].flatMap((length) => (['none', 'nf4'] as const).map((quantisation): Case => ({ base: 'mini-encoder', task: 'classification', length, workers: 1, quantisation }))),
  ...[32, 128, 512].map((length): Case => ({ base: 'mini-encoder', task: 'classification', length, workers: 2, quantisation: 'none' })),
  { base: 'mini-encoder', task: 'classification', length: 128, workers: 2, quantisation: 'nf4' },
  ...[32, 512].map((length): Case => ({ base: 'mini-encoder', task: 'extraction', length, workers: 1, quantisation: 'none' })),
  { base: 'mini-encoder', task: 'extraction', length: 128, workers: 2, quantisation: 'nf4' },
  ...[32, 128].map((length): Case => ({ base: 'mini-encoder', task: 'embedding', length, workers: 1, quantisation: 'none' })),
  ...(['none', 'nf4'] as const).map((quantisation): Case => ({ base: 'mini-decoder', task: 'classification', length: 128, workers: 1, quantisation })),
  { base: 'mini-decoder', task: 'classification', length: 512, workers: 2, quantisation: 'none' },
  ...[10_000, 30_000].map((rows): Case => ({ base: 'mini-encoder', task: 'classification', length: 32, workers: 1, quantisation: 'none', rows })),
  ...[1, 2].map((workers): Case => ({ base: 'mini-decoder', task: 'generation', length: 128, workers, quantisation: 'none' })),
];

const ON_TENSORFLOW: readonly Case[] = [
  ...[32, 128, 512].flatMap((length) => (['none', 'nf4'] as const).map((quantisation): Case => ({ base: 'mini-encoder', task: 'classification', length, workers: 1, quantisation }))),
  ...[32, 512].map((length): Case => ({ base: 'mini-encoder', task: 'classification', length, workers: 2, quantisation: 'none' })),
  { base: 'mini-encoder', task: 'extraction', length: 128, workers: 2, quantisation: 'nf4' },
  { base: 'mini-encoder', task: 'embedding', length: 128, workers: 1, quantisation: 'none' },
  { base: 'mini-decoder', task: 'classification', length: 128, workers: 1, quantisation: 'nf4' },
  { base: 'mini-decoder', task: 'classification', length: 512, workers: 2, quantisation: 'none' },
  { base: 'mini-encoder', task: 'classification', length: 32, workers: 1, quantisation: 'none', rows: 30_000 },
  ...[1, 2].map((workers): Case => ({ base: 'mini-decoder', task: 'generation', length: 128, workers, quantisation: 'none' })),
];

const { engineDir } = readConfig();
const CASES: readonly Case[] = [...ON_WASM, ...(findEngines(engineDir)[0]?.kind === 'cpu' ? ON_TENSORFLOW.map((given): Case => ({ ...given, backend: 'tensorflow' })) : [])];

const nameOf = ({ base, task, length, workers, quantisation, rows, backend }: Case): string => `${base}, ${task}, ${rows === undefined ? '' : `${rows} `}rows of ${length} tokens, ${workers} worker${workers > 1 ? 's' : ''}${quantisation === 'nf4' ? ', nf4' : ''}${backend === undefined ? '' : `, ${backend}`}`;

/** Enough rows for two steps, or more; cut off at exactly `length` tokens. */
function rowsOf({ task, length, rows }: Case, batch: number): object[] {
  return Array.from({ length: rows ?? 2 * batch }, (_, i) => {
    const text = `${Array.from({ length }, (_word, j) => ['play', 'the', 'next', 'song', 'in', 'my', 'list'][(i + j) % 7]!).join(' ')} ${i}`;
    const label = LABELS[i % LABELS.length]!;
    const truth = { classification: { label }, extraction: { spans: [{ start: 0, end: text.indexOf(' '), label }] }, embedding: { positive: text.slice(text.indexOf(' ') + 1), negatives: [`${text.slice(0, -1)} no`, `other ${text}`] }, generation: { completion: label } }[task];
    return { id: String(i), text, ...truth };
  });
}

/** Runs the job; gives in bytes what it said before it started, and what it took. */
async function measure(folder: string, given: Case): Promise<{ predicted: number; measured: number }> {
  const { base, task, length, workers, quantisation, backend = 'wasm' } = given;
  const batchSize = Math.max(2, Math.ceil(1024 / length)) * workers;
  const lines = rowsOf(given, batchSize).map((row) => `${JSON.stringify(row)}\n`);
  const job = {
    version: 1, id: 'bench', kind: 'train', model: 'bench', task, base: { path: path.join(MODELS, base), digest: null }, initial: false, labels: task === 'generation' || task === 'embedding' ? [] : LABELS,
    seed: 1, workers, backend, engineDir,
    hyperparameters: {
      lora: { r: 16, alpha: 32, targets: 'all-linear' }, epochs: (2 * batchSize) / lines.length, batchSize, learningRate: 1e-3, warmup: 0, weightDecay: 0,
      maxLength: length, quantisation, maxNewTokens: 16, loss: 'completion',
    },
  };
  await mkdir(folder, { recursive: true });
  await Promise.all([writeFile(path.join(folder, 'job.json'), JSON.stringify(job)), writeFile(path.join(folder, 'train.jsonl'), lines.join('')), writeFile(path.join(folder, 'exam.jsonl'), lines.slice(0, 2 * batchSize).join(''))]);
  await promisify(execFile)(process.execPath, [ENGINE, folder]);
  const { predictedMemoryBytes, peakMemoryBytes } = JSON.parse(await readFile(path.join(folder, 'result.json'), 'utf8')) as { predictedMemoryBytes: number; peakMemoryBytes: number };
  return { predicted: predictedMemoryBytes, measured: peakMemoryBytes };
}

/** One row for each job: the prediction as a share of what was measured. */
export async function memoryRows(only = '', onRow: (row: BenchRow) => void = () => undefined): Promise<BenchRow[]> {
  const root = await mkdtemp(path.join(tmpdir(), 'memory-'));
  const rows: BenchRow[] = [];
  try {
    for (const [i, given] of CASES.entries()) {
      const name = nameOf(given);
      if (!name.includes(only)) continue;
      const { predicted, measured } = await measure(path.join(root, String(i)), given);
      const ratio = predicted / measured;
      const size = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
      rows.push({ name: `peak memory, predicted ${size(predicted)} of ${size(measured)}: ${name}`, figure: Math.round(ratio * 1000) / 1000, unit: 'of the measured', goal: '0.85 to 1.15', reached: Math.abs(ratio - 1) <= TOLERANCE });
      onRow(rows.at(-1)!);
    }
    return rows;
  } finally {
    await rm(root, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } });
  const say = ({ figure, name, reached }: BenchRow): void => console.log(`${figure.toFixed(3)} ${reached ? '' : '(missed) '}${name}`);
  const rows = await memoryRows(values.only, values.json === true ? undefined : say);
  if (values.json === true) console.log(JSON.stringify(rows));
  if (rows.length === 0 || rows.some(({ reached }) => !reached)) process.exitCode = 1;
}
