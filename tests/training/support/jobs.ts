/** Job folders on small random bases, and the engine run on them within this process. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '../../../src/lora/safetensors.ts';
import { createEvents } from '../../../src/training/engines/tfjs/events.ts';
import { runJob } from '../../../src/training/engines/tfjs/run.ts';
import type { Control } from '../../../src/training/engines/tfjs/training.ts';
import type { Hyperparameters, Job, JobEvent, JobResult, PredictionLine } from '../../../src/training/job.ts';
import { TINY_LLAMA, tinyLlamaConfig, tinyLlamaTensors } from '../../lora/tiny-llama.ts';
import { byteLevelFiles } from '../../lora/tokenizers.ts';

export const HYPERPARAMETERS: Hyperparameters = {
  lora: { r: 4, alpha: 8, targets: 'all-linear' },
  epochs: 6,
  batchSize: 8,
  learningRate: 1e-2,
  warmup: 0.1,
  schedule: 'cosine',
  weightDecay: 0.01,
  maxLength: 32,
  quantisation: 'none',
  checkpoint: { steps: 1_000, seconds: 1_000 },
  maxNewTokens: 16,
  loss: 'completion',
};

/** A Llama of four layers' width 32 with a byte-level tokenizer. */
export async function writeTinyLlama(folder: string): Promise<void> {
  const shape = { ...TINY_LLAMA, d: 32, m: 48, vocabulary: 262 };
  const { model, config } = byteLevelFiles();
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: object): Promise<void> => writeFile(join(folder, name), JSON.stringify(value));
  await Promise.all([
    writeFile(join(folder, 'model.safetensors'), writeSafetensors(tinyLlamaTensors(shape))),
    write('config.json', tinyLlamaConfig(shape)),
    write('tokenizer.json', model),
    write('tokenizer_config.json', config),
  ]);
}

export interface Given {
  readonly job: Partial<Job> & Pick<Job, 'task' | 'labels' | 'base'>;
  readonly train?: readonly object[];
  readonly exam: readonly object[];
  readonly settings?: Partial<Hyperparameters>;
  /** Folder of an adapter. */
  readonly initial?: string;
}

export async function writeJob(folder: string, { job, train, exam, settings = {}, initial }: Given): Promise<string> {
  await mkdir(folder, { recursive: true });
  const whole: Job = {
    version: 1,
    id: 'job',
    kind: train === undefined ? 'predict' : 'train',
    model: 'm',
    labelling: 'single',
    backend: 'wasm',
    engineDir: null,
    compileDir: null,
    limits: { memoryBytes: null },
    seed: 1,
    workers: 1,
    initial: initial !== undefined,
    ...job,
    hyperparameters: { ...HYPERPARAMETERS, ...settings },
  };
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(join(folder, 'job.json'), JSON.stringify(whole));
  if (train !== undefined) await writeFile(join(folder, 'train.jsonl'), lines(train));
  await writeFile(join(folder, 'exam.jsonl'), lines(exam));
  if (initial !== undefined) await cp(initial, join(folder, 'initial'), { recursive: true });
  return folder;
}

export interface Ran {
  readonly result: JobResult;
  readonly predictions: readonly PredictionLine[];
  readonly events: readonly JobEvent[];
}

export const readEvents = async (folder: string): Promise<JobEvent[]> => (await readFile(join(folder, 'events.ndjson'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as JobEvent);

/** Runs the engine; `stopAfter` asks it to stop at the end of that step. */
export async function runHere(folder: string, stopAfter = Infinity): Promise<Ran> {
  let asked = 0;
  const control: Control = { stoppable: false, stopAsked: () => ++asked >= stopAfter };
  await runJob(folder, createEvents(folder, () => new Date()), control);
  const read = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  return {
    result: JSON.parse(await read('result.json')) as JobResult,
    predictions: (await read('predictions.jsonl')).trimEnd().split('\n').map((line) => JSON.parse(line) as PredictionLine),
    events: await readEvents(folder),
  };
}
