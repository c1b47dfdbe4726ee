/** Reads a job's folder and believes nothing: each finding says what, where and what would be right. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrimtabError, messageOf } from '../../../errors.ts';
import { ENGINES } from '../../capabilities.ts';
import type { ExamRow, Hyperparameters, Job, TrainRow } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';

export interface JobInput {
  readonly job: Job;
  readonly train: readonly TrainRow[];
  readonly exam: readonly ExamRow[];
}

type Fields = Readonly<Record<string, unknown>>;

export async function readInput(folder: string): Promise<JobInput> {
  const job = checkJob(await readJson(folder));
  const labels = new Set(job.labels);
  const train = job.kind === 'train' ? await readRows(folder, JOB_FILES.train, (row, where) => trainRow(row, where, labels)) : [];
  if (job.kind === 'train' && train.length === 0) refuse(JOB_FILES.train, 'it has no rows', 'at least one labelled row');
  return { job, train, exam: await readRows(folder, JOB_FILES.exam, examRow) };
}

function refuse(what: string, problem: string, right: string): never {
  throw new TrimtabError('bad-data', { what, problem, right });
}

async function readText(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8').catch((cause: unknown) => refuse(name, `it cannot be read (${messageOf(cause)})`, "a file of the job's folder"));
}

async function readJson(folder: string): Promise<Fields> {
  const text = await readText(folder, JOB_FILES.job);
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return refuse(JOB_FILES.job, 'it is not JSON', 'one JSON object');
  }
}

function checkJob(job: Fields): Job {
  const need = (name: string, fields: Fields, fits: (value: unknown) => boolean, right: string): void => {
    const key = name.slice(name.lastIndexOf('.') + 1);
    if (!fits(fields[key])) refuse(`${JOB_FILES.job}, ${name}`, `it is ${JSON.stringify(fields[key])}`, right);
  };
  const object = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
  const whole = (from: number) => (value: unknown) => Number.isSafeInteger(value) && (value as number) >= from;
  const number = (fits: (value: number) => boolean) => (value: unknown) => typeof value === 'number' && Number.isFinite(value) && fits(value);
  const strings = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string') && new Set(value).size === value.length;

  if (!object(job)) refuse(JOB_FILES.job, 'it is not an object', 'one JSON object');
  need('version', job, (value) => value === 1, '1');
  need('kind', job, (value) => value === 'train' || value === 'predict', '"train" or "predict"');
  need('task', job, (value) => ENGINES.tfjs.tasks.some((task) => task === value), `a task that this engine knows: ${ENGINES.tfjs.tasks.join(', ')}`);
  need('base', job, object, '{ path, digest }');
  const base = job['base'] as Fields;
  need('base.path', base, (value) => typeof value === 'string', 'the path of a folder');
  need('base.digest', base, (value) => value === null || typeof value === 'string', 'a sha256 or null');
  need('initial', job, (value) => typeof value === 'boolean', 'true or false');
  need('labels', job, strings, 'a list of different labels');
  need('seed', job, whole(0), 'a whole number from 0 up');
  need('workers', job, whole(1), 'a whole number from 1 up');
  need('hyperparameters', job, object, 'the hyperparameters');
  const parameters = job['hyperparameters'] as Fields;
  const under = (name: keyof Hyperparameters, fits: (value: unknown) => boolean, right: string): void => need(`hyperparameters.${name}`, parameters, fits, right);
  under('epochs', number((value) => value > 0), 'a number above 0');
  under('batchSize', whole(1), 'a whole number from 1 up');
  under('learningRate', (value) => value === 'auto' || number((rate) => rate > 0)(value), '"auto" or a number above 0');
  under('warmup', number((value) => value >= 0 && value < 1), 'a share of the steps, from 0 to below 1');
  under('weightDecay', number((value) => value >= 0), 'a number from 0 up');
  under('maxLength', whole(3), 'a whole number from 3 up');
  under('lora', object, '{ r, alpha, targets }');
  const lora = parameters['lora'] as Fields;
  need('hyperparameters.lora.r', lora, whole(1), 'a whole number from 1 up');
  need('hyperparameters.lora.alpha', lora, number((value) => value > 0), 'a number above 0');
  need('hyperparameters.lora.targets', lora, (value) => value === 'all-linear' || strings(value), '"all-linear" or a list of layer names');
  return job as unknown as Job;
}

async function readRows<Row>(folder: string, name: string, check: (row: Fields, where: string) => Row): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [i, line] of (await readText(folder, name)).split('\n').entries()) {
    if (line === '') continue;
    const where = `${name}, line ${i + 1}`;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      refuse(where, 'it is not JSON', 'one JSON object a line');
    }
    if (typeof row !== 'object' || row === null) refuse(where, 'it is not an object', 'one JSON object a line');
    rows.push(check(row as Fields, where));
  }
  return rows;
}

function examRow(row: Fields, where: string): ExamRow {
  for (const name of ['id', 'text', 'label']) {
    if (typeof row[name] !== 'string') refuse(where, `"${name}" is ${JSON.stringify(row[name])}`, 'a string');
  }
  return row as unknown as ExamRow;
}

function trainRow(row: Fields, where: string, labels: ReadonlySet<string>): TrainRow {
  const { label } = examRow(row, where);
  if (!labels.has(label)) refuse(where, `label "${label}" is not among the job's labels`, `one of the ${labels.size} labels in job.json`);
  const weight = row['weight'] ?? 1;
  if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) refuse(where, `"weight" is ${JSON.stringify(weight)}`, 'a number from 0 up');
  return row as unknown as TrainRow;
}
