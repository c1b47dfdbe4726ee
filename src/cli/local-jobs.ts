/** Jobs of the engine without a service: the same engine, executor and files, in a folder that is gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { TrimtabError } from '../errors.ts';
import { markExam, type ExamSheet } from '../evaluation/exam.ts';
import { rulesOf, type ModelSpec } from '../spec.ts';
import { openFilesystem } from '../store/objects/filesystem.ts';
import { putLines } from '../store/objects/index.ts';
import type { LabelledText } from '../tasks/index.ts';
import { createTraining, type JobOutput, type Training } from '../training/index.ts';
import type { AdapterFiles } from '../vocabulary.ts';
import type { Context } from './command.ts';

export interface LocalJob {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly base: string;
  readonly labels: readonly string[];
  /** Left out: it only predicts, with `initial`. */
  readonly train?: readonly LabelledText[];
  readonly exam: readonly LabelledText[];
  readonly initial?: AdapterFiles;
}

/** What an adapter answered on the rows of a file, marked: all of them are of the window. */
export function sheetOf(exam: readonly LabelledText[], predictions: JobOutput['predictions'], spec: ModelSpec): ExamSheet {
  return markExam({ exam: exam.map((row) => ({ ...row, window: true })), predictions, rules: rulesOf(spec), metric: spec.gates.metric });
}

const POLL_MS = 200;
const WIDTH = 24;

/** Runs `work` with a function that runs jobs, one after another. Ctrl-C cancels the one that runs: jobs are made to outlive who started them. */
export async function withJobs<T>(config: Config, context: Context, work: (run: (job: LocalJob) => Promise<JobOutput>) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-job-'));
  const objects = openFilesystem(path.join(dir, 'objects'));
  const training = createTraining({ objects, dataDir: dir, log: { info: () => {} }, engineDir: config.engineDir, environment: config.gpuEnvironment });
  try {
    return await work(async ({ name, spec, base, labels, train, exam, initial }) => {
      const lines = (rows: readonly LabelledText[]) => putLines(objects, rows);
      const handle = await training.launch({
        id: name, kind: train === undefined ? 'predict' : 'train', model: spec.name, spec, base, labels, exam: await lines(exam),
        ...(train === undefined ? {} : { train: await lines(train) }), initial: initial ?? null, seed: spec.training.seed, workers: config.workers,
      });
      const cancel = () => void training.cancel(handle);
      process.once('SIGINT', cancel);
      try {
        await ended(training, handle, name, context);
      } finally {
        process.off('SIGINT', cancel);
        context.status?.(null);
      }
      return training.results(handle);
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function ended(training: Training, handle: Awaited<ReturnType<Training['launch']>>, name: string, context: Context): Promise<void> {
  for (;;) {
    const status = await training.poll(handle);
    if (status.state === 'done') return;
    if (status.state !== 'running') throw new TrimtabError('job-failed', { job: name, problem: status.error ?? status.state });
    if (status.progress) {
      const { step, steps, loss, tokensPerSecond } = status.progress;
      const filled = Math.round((WIDTH * step) / steps);
      context.status?.(`[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${Math.round(tokensPerSecond).toLocaleString('en')} tokens/s`);
    }
    await wait(POLL_MS);
  }
}
