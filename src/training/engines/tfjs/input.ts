/** Reads a job's folder and believes nothing: each finding says what, where and what would be right. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import type { JobRow } from '../../../tasks/index.ts';
import type { Job } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';
import type { Fields } from './check.ts';
import { refuse } from './check.ts';
import { completeJob } from './check-job.ts';
import { rowChecks } from './check-rows.ts';

export interface JobInput {
  readonly job: Job;
  readonly train: readonly JobRow[];
  readonly exam: readonly JobRow[];
  /** The texts that job and rows were read from: what a checkpoint is of. */
  readonly texts: readonly string[];
  readonly dataBytes: number;
}

/** Fewer rows teach nothing that could be told from chance, and of one no part can be held out. */
const LEAST_ROWS = 2;

export async function readInput(folder: string): Promise<JobInput> {
  const jobText = await readText(folder, JOB_FILES.job);
  const job = completeJob(parse(jobText, JOB_FILES.job, 'one JSON object'));
  const { train: checkTrain, exam: checkExam } = rowChecks(job);
  const trainText = job.kind === 'train' ? await readText(folder, JOB_FILES.train) : '';
  const examText = await readText(folder, JOB_FILES.exam);
  const train = readRows(JOB_FILES.train, trainText, checkTrain);
  if (job.kind === 'train' && train.length < LEAST_ROWS) refuse(JOB_FILES.train, train.length === 0 ? 'it has no rows' : 'it has one row', `at least ${LEAST_ROWS} labelled rows`);
  const exam = readRows(JOB_FILES.exam, examText, checkExam);
  return { job, train, exam, texts: [jobText, trainText], dataBytes: trainText.length + examText.length };
}

async function readText(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8').catch((cause: unknown) => refuse(name, `it cannot be read (${messageOf(cause)})`, "a file of the job's folder"));
}

function parse(text: string, where: string, right: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(where, 'it is not JSON', right);
  }
  return typeof value === 'object' && value !== null ? (value as Fields) : refuse(where, 'it is not an object', right);
}

function readRows(name: string, text: string, check: (row: Fields, where: string) => JobRow): JobRow[] {
  return text.split('\n').flatMap((line, i) => {
    if (line === '') return [];
    const where = `${name}, line ${i + 1}`;
    return [check(parse(line, where, 'one JSON object a line'), where)];
  });
}
