/** Does a job: reads its folder, trains or loads an adapter, sits the exam, writes what came out. */
import { readFile } from 'node:fs/promises';
import type { EncodedExample } from '../../../lora/codecs/index.ts';
import { checkMemory, frozenBytes, mebibytes, predictMemory } from '../../../lora/memory.ts';
import type { Team, TeamOptions } from '../../../lora/team.ts';
import { createTeam } from '../../../lora/team.ts';
import type { JobResult, PredictionLine, WarningKind } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';
import { chooseBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import type { Bench, EncodedRows } from './bench.ts';
import { encodeRows, prepare, startValues } from './bench.ts';
import { createCheckpoints } from './checkpoints.ts';
import { refuse } from './check.ts';
import type { Events } from './events.ts';
import { sitExam, sitWriting } from './exam.ts';
import { replaceFile } from './files.ts';
import type { JobInput } from './input.ts';
import { readInput } from './input.ts';
import type { Control } from './training.ts';
import { saveAdapter, trainTeam } from './training.ts';

type Outcome = Pick<JobResult, 'steps' | 'tokens' | 'finalLoss' | 'learningRate' | 'probe' | 'adapterDigest'> & { readonly predictions: readonly PredictionLine[] };

/** @throws Preempted when it was stopped after a checkpoint; TrimtabError for what is wrong with the input */
export async function runJob(folder: string, events: Events, control: Control): Promise<void> {
  const started = events.now().getTime();
  const input = await readInput(folder);
  const backend = chooseBackend(input.job);
  events.write({ type: 'start', pid: process.pid, backend: backend.name, why: backend.why });
  const bench = await prepare(folder, input.job);
  const [train, exam] = [encodeRows(bench.teacher, input.train), encodeRows(bench.codec, input.exam)];
  warn(events, bench, train, exam);
  checkRows(bench, train);

  const memory = expectMemory(input, bench, [...train.rows, ...exam.rows], backend);

  const work: Work = { folder, input, bench, backend, train, exam, events, control };
  const { predictions, ...outcome } = await (input.job.kind === 'train' ? trainJob(work) : predictJob(work));

  await replaceFile(folder, JOB_FILES.predictions, predictions.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const result: JobResult = {
    kind: input.job.kind,
    engine: 'tfjs',
    backend: backend.name,
    device: backend.device,
    versions: await versions(backend),
    rows: input.job.kind === 'train' ? input.train.length : input.exam.length,
    truncatedRows: train.truncated + exam.truncated,
    inexactSpans: train.inexact,
    seconds: (events.now().getTime() - started) / 1000,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    predictedMemoryBytes: memory,
    ...frozenBytes(bench.plan, input.job.kind, backend.name),
    trainableParameters: bench.plan.count,
    ...outcome,
  };
  events.write({ type: 'done' });
  await replaceFile(folder, JOB_FILES.result, `${JSON.stringify(result, null, 2)}\n`);
}

interface Work {
  readonly folder: string;
  readonly input: JobInput;
  readonly bench: Bench;
  readonly backend: Backend;
  readonly train: EncodedRows;
  readonly exam: EncodedRows;
  readonly events: Events;
  readonly control: Control;
}

async function trainJob(work: Work): Promise<Outcome> {
  const { folder, input, bench, backend, train, events, control } = work;
  const { job } = input;
  const checkpoints = createCheckpoints(folder, job.hyperparameters, [...input.texts, bench.base.digest, bench.initialFiles?.weights ?? ''], events);
  const { predictions, ...trained } = await withTeam(backend.createTeam, work, 'train', startValues(bench, job), async (team) => {
    const done = await trainTeam({ job, bench, team, checkpoints, events, control }, train.rows.map(({ row }) => row));
    const adapterDigest = await saveAdapter(folder, bench, team.values, job.base.path);
    return { ...done, adapterDigest, values: Float32Array.from(team.values), predictions: bench.plan.kind === 'vocabulary' ? null : await sitExam(team, bench, input.exam, work.exam) };
  });
  const { steps, tokens, finalLoss, learningRate, probe, adapterDigest } = trained;
  const answers = predictions ?? (await writeAnswers(work, trained.values));
  await checkpoints.remove();
  return { predictions: answers, steps, tokens, finalLoss, learningRate, probe, adapterDigest };
}

async function predictJob(work: Work): Promise<Outcome> {
  const { input, bench, backend, exam } = work;
  const values = startValues(bench, input.job);
  const predictions = bench.plan.kind === 'vocabulary' ? await writeAnswers(work, values) : await withTeam(backend.createTeam, work, 'predict', values, (team) => sitExam(team, bench, input.exam, exam));
  const tokens = exam.rows.reduce((sum, { row }) => sum + row.tokens.length, 0);
  return { predictions, steps: 0, tokens, finalLoss: null, learningRate: null, probe: null, adapterDigest: null };
}

/** Text is written by our own members, whatever trained: one token at a time there is nothing to win by compiling. */
function writeAnswers(work: Work, values: Float32Array): Promise<PredictionLine[]> {
  const { input, bench, exam } = work;
  return withTeam(createTeam, work, 'predict', values, (team) => sitWriting(team, bench, input.exam, exam, input.job.hyperparameters.maxNewTokens));
}

async function withTeam<T extends Team, R>(create: (options: TeamOptions) => Promise<T>, { input: { job }, bench }: Work, use: TeamOptions['use'], values: Float32Array, body: (team: T) => Promise<R>): Promise<R> {
  const team = await create({ base: bench.base, plan: bench.plan, use, workers: job.workers, values, weightDecay: job.hyperparameters.weightDecay });
  return body(team).finally(() => team.close());
}

/** What the rows lose on their way into numbers is said, never silent. */
function warn(events: Events, { header }: Bench, train: EncodedRows, exam: EncodedRows): void {
  const tell = (what: WarningKind, rows: number, of: number, message: string): void => void (rows > 0 && events.write({ type: 'warning', what, rows, of, message }));
  const all = train.rows.length + exam.rows.length;
  tell('truncated', train.truncated + exam.truncated, all, `${train.truncated + exam.truncated} of ${all} rows are longer than ${header.maxLength} tokens and were cut off; raise maxLength to keep them whole`);
  tell('inexact-spans', train.inexact, train.rows.length, `${train.inexact} spans begin or end within a word; the whole word is learnt`);
}

/** What the job will hold at most, bytes; null where a GPU computes. @throws TrimtabError `too-little-memory` */
function expectMemory({ job, exam, dataBytes }: JobInput, { base, plan }: Bench, rows: readonly EncodedExample[], backend: Backend): number | null {
  if (backend.device === 'gpu') return null;
  const tensorflow = backend.name === 'tensorflow' ? { kernels: backend.kernels, members: backend.members } : null;
  const lengths = rows.flatMap(({ row }) => [row.tokens.length, ...(row.documents ?? []).map((document) => document.length)]);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  const question = { base, plan, use: job.kind, tensorflow, workers: job.workers, batchTokens: job.hyperparameters.batchSize * longest, longest, rows: rows.length, dataBytes, answers: plan.kind === 'vocabulary' ? { rows: exam.length, tokens: job.hyperparameters.maxNewTokens } : null };
  const prediction = predictMemory(question);
  // What TensorFlow was chosen over may fit.
  const onWasm = (limit: number): string[] => {
    const { bytes } = predictMemory({ ...question, tensorflow: null });
    return bytes <= limit ? [`the backend wasm, which needs about ${mebibytes(bytes)} (TRIMTAB_ENGINE_DIR: a folder without an engine)`] : [];
  };
  checkMemory(prediction, job.limits.memoryBytes, backend.members, tensorflow === null ? undefined : onWasm);
  return prediction.bytes;
}

/** A contrast needs something to tell apart. */
function checkRows({ plan }: Bench, { rows }: EncodedRows): void {
  if (plan.kind !== 'pooled' || rows.length === 0) return;
  const documents = new Set(rows.flatMap(({ row }) => (row.documents ?? []).map((document) => document.join())));
  if (documents.size < 2) refuse(JOB_FILES.train, 'all rows have the same document', 'at least two documents that differ');
}

async function versions({ versions: computes }: Backend): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(new URL('../../../../package.json', import.meta.url), 'utf8')) as { version: string };
  return { trimtab: version, node: process.versions.node, v8: process.versions.v8, ...computes };
}
