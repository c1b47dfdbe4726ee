/** A job's folder: written whole before anything starts on it, and read back when its result is there. */
import { randomUUID } from 'node:crypto';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../canonical.ts';
import { messageOf, TrimtabError } from '../errors.ts';
import { ADAPTER_FILES, readAdapter } from '../lora/adapter-files.ts';
import type { AdapterFiles } from '../vocabulary.ts';
import { taskRules, type JobRow } from '../tasks/index.ts';
import { JOB_FILES, type ExamRow, type Job, type JobPrediction, type JobResult, type PredictionLine, type TrainRow } from './job.ts';

export interface FolderContent {
  readonly job: Job;
  readonly train: readonly TrainRow[] | null;
  readonly exam: readonly ExamRow[];
  readonly initial: AdapterFiles | null;
}

export interface JobOutput {
  readonly result: JobResult;
  /** In the order of the exam's rows. */
  readonly predictions: readonly JobPrediction[];
  /** Null for a job that only predicts. */
  readonly adapter: AdapterFiles | null;
  /** sha256 of the base's weights file that the job ran on. */
  readonly baseDigest: string;
}

/** True when the folder has been written to its end: job.json is its last file. */
export const isWritten = (dir: string): Promise<boolean> => access(path.join(dir, JOB_FILES.job)).then(() => true, () => false);

/**
 * Writes the folder. Every file comes by temporary name and rename and job.json comes last, so that a crash leaves a folder that is
 * written again, and two writers of one job, who write the same bytes, do not harm each other.
 */
export async function writeFolder(dir: string, { job, train, exam, initial }: FolderContent): Promise<void> {
  await mkdir(path.join(dir, JOB_FILES.initial), { recursive: true });
  // Rows carry more in the object store (side, origin): the engine gets what the contract says, in the form of the task.
  const { toJobRow } = taskRules(job.task, job.labelling);
  if (train !== null) await writeAtomic(path.join(dir, JOB_FILES.train), lines(train.map(({ id, text, label, weight, negatives }) => toJobRow({ id, text, label, ...(weight === undefined ? {} : { weight }), ...(negatives === undefined ? {} : { negatives }) }))));
  await writeAtomic(path.join(dir, JOB_FILES.exam), lines(exam.map(({ id, text, label }) => toJobRow({ id, text, label }))));
  for (const [name, bytes] of initial === null ? [] : namedFiles(initial)) await writeAtomic(path.join(dir, JOB_FILES.initial, name), bytes);
  await writeAtomic(path.join(dir, JOB_FILES.job), `${JSON.stringify(job, null, 2)}\n`);
}

/** Reads the output of a job that is done. Throws `job-failed` when it is not what the job promised. */
export async function readOutput(dir: string): Promise<JobOutput> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new TrimtabError('job-failed', { job: path.basename(dir), problem }, { cause });
  };
  const read = (name: string) => readFile(path.join(dir, name), 'utf8').catch((cause: unknown) => refuse(`${name} cannot be read (${messageOf(cause)})`, cause));
  const parse = async <T>(name: string): Promise<T[]> => {
    try {
      return (await read(name)).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
    } catch (cause) {
      return refuse(`${name} is damaged (${messageOf(cause)})`, cause);
    }
  };
  const job = JSON.parse(await read(JOB_FILES.job)) as Job;
  const result = JSON.parse(await read(JOB_FILES.result)) as JobResult;
  const [predictions, exam] = await Promise.all([parse<PredictionLine>(JOB_FILES.predictions), parse<JobRow>(JOB_FILES.exam)]);
  // A prediction beside the wrong row would be marked against the wrong label, and nothing later would notice.
  if (predictions.length !== exam.length || predictions.some(({ id }, i) => id !== exam[i]?.id)) {
    refuse(`predictions.jsonl has ${predictions.length} rows that do not follow the ${exam.length} rows of exam.jsonl`);
  }
  const adapter = job.kind === 'predict' ? null : await readAdapter(path.join(dir, JOB_FILES.adapter)).catch((cause: unknown) => refuse(`adapter/ cannot be read (${messageOf(cause)})`, cause));
  if (adapter !== null && sha256(adapter.weights) !== result.adapterDigest) refuse(`adapter/${ADAPTER_FILES.weights} does not have the digest that result.json says`);
  const { fromPrediction } = taskRules(job.task, job.labelling);
  const canonical = predictions.map(({ id, confidence, loss, ...answer }): JobPrediction => ({ id, label: fromPrediction(answer), confidence, loss }));
  return { result, predictions: canonical, adapter, baseDigest: job.base.digest ?? refuse('job.json names no digest of its base') };
}

/** Takes the folder away by one rename first, so that a crash in the middle leaves no half folder under the job's name. */
export async function removeFolder(dir: string): Promise<void> {
  const grave = path.join(path.dirname(dir), `.${path.basename(dir)}.${randomUUID()}`);
  const moved = await rename(dir, grave).then(() => true, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  });
  if (moved) await rm(grave, { recursive: true, force: true });
}

function namedFiles({ config, weights, extra }: AdapterFiles): [string, Uint8Array][] {
  return [...Object.entries(extra), [ADAPTER_FILES.config, config], [ADAPTER_FILES.weights, weights]];
}

/** Fields in the order of their names, what is in them as it came: a chat template writes a tool's members as they come, and training must see what serving will. */
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))))}\n`).join('');

async function writeAtomic(file: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  const handle = await open(temporary, 'wx');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
