/** Does a job: reads its folder, trains or loads an adapter, scores the exam's rows, writes what came out. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter, Plan } from '../../../lora/adapter.ts';
import { initialValues, warmStart } from '../../../lora/adapter.ts';
import { adapterDigest, adapterFiles, readAdapter, writeAdapter } from '../../../lora/adapter-files.ts';
import type { Base } from '../../../lora/base.ts';
import { readBase } from '../../../lora/base.ts';
import type { EncodedRow } from '../../../lora/batches.ts';
import { parseAdapter, planClassifier } from '../../../lora/classifier.ts';
import { architectureOf } from '../../../lora/models/index.ts';
import type { Pooling } from '../../../lora/ops.ts';
import { predict } from '../../../lora/predict.ts';
import type { Team } from '../../../lora/team.ts';
import { createTeam } from '../../../lora/team.ts';
import type { Tokenizer } from '../../../lora/tokenizer.ts';
import { loadTokenizer } from '../../../lora/tokenizer.ts';
import { autoRate, stepsOf, train } from '../../../lora/train.ts';
import { TrimtabError } from '../../../errors.ts';
import { ENGINES } from '../../capabilities.ts';
import type { ExamRow, Job, JobPrediction, JobResult } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';
import type { Events } from './events.ts';
import type { JobInput } from './input.ts';
import { readInput } from './input.ts';

/** [CLS]: on our base as good as the mean, or a little better where rows are few (models/mini-encoder). */
const POOLING: Pooling = 'first';

/** Everything that a job works on. */
interface Bench {
  readonly base: Base;
  readonly tokenizer: Tokenizer;
  readonly plan: Plan;
  readonly labels: readonly string[];
  readonly pooling: Pooling;
  readonly maxLength: number;
  readonly initial: Adapter | null;
}

type Outcome = Pick<JobResult, 'steps' | 'tokens' | 'finalLoss' | 'learningRate' | 'adapterDigest'>;

export async function runJob(folder: string, events: Events): Promise<void> {
  const started = events.now().getTime();
  events.start('wasm');
  const input = await readInput(folder);
  const bench = await prepare(folder, input.job);
  const { outcome, predictions } = input.job.kind === 'train' ? await trainJob(folder, input, bench, events) : await predictJob(input, bench);

  await replaceFile(folder, JOB_FILES.predictions, predictions.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const result: JobResult = {
    kind: input.job.kind,
    engine: 'tfjs',
    backend: 'wasm',
    versions: await versions(),
    rows: input.job.kind === 'train' ? input.train.length : input.exam.length,
    seconds: (events.now().getTime() - started) / 1000,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...outcome,
  };
  events.done();
  await replaceFile(folder, JOB_FILES.result, `${JSON.stringify(result, null, 2)}\n`);
}

async function prepare(folder: string, job: Job): Promise<Bench> {
  const [base, tokenizer, files] = await Promise.all([
    readBase(job.base.path, job.base.digest),
    loadTokenizer(job.base.path),
    job.initial ? readAdapter(join(folder, JOB_FILES.initial)) : null,
  ]);
  const { architectures } = ENGINES.tfjs;
  if (!architectures.some((name) => name === base.config['model_type'])) {
    throw new TrimtabError('bad-base', { base: base.path, problem: `its model_type is ${JSON.stringify(base.config['model_type'])}`, right: `a base that this engine can adapt: ${architectures.join(', ')}` });
  }
  const initial = files === null ? null : parseAdapter(base, files, 'initial');
  const { maxLength, lora } = job.hyperparameters;
  const { positions } = architectureOf(base);
  if (maxLength > positions) throw new TrimtabError('bad-data', { what: 'hyperparameters.maxLength', problem: `it is ${maxLength}`, right: `at most ${positions}, the base's positions` });
  if (job.kind === 'predict') {
    if (initial === null) throw new TrimtabError('bad-data', { what: JOB_FILES.job, problem: 'a job that predicts has no initial adapter', right: 'initial: true, and the adapter in initial/' });
    const { shape, labels, pooling } = initial;
    return { base, tokenizer, initial, labels, pooling, maxLength: initial.maxLength, plan: planClassifier(base, shape, labels.length) };
  }
  return { base, tokenizer, initial, labels: job.labels, pooling: initial?.pooling ?? POOLING, maxLength, plan: planClassifier(base, lora, job.labels.length) };
}

async function trainJob(folder: string, { job, train: trainRows, exam }: JobInput, bench: Bench, events: Events): Promise<{ outcome: Outcome; predictions: JobPrediction[] }> {
  const { base, plan, labels, pooling, maxLength, initial } = bench;
  const values = initial === null ? initialValues(plan, job.seed) : warmStart(plan, labels, initial, planClassifier(base, initial.shape, initial.labels.length), job.seed);
  const team = await createTeam({ base, plan, pooling, use: 'train', workers: job.workers, values });
  try {
    const { epochs, batchSize, warmup, weightDecay, learningRate: wanted } = job.hyperparameters;
    const learningRate = wanted === 'auto' ? autoRate(stepsOf(trainRows.length, { epochs, batchSize }), initial !== null) : wanted;
    const { steps, tokens, finalLoss } = await train(
      team,
      encode(bench, trainRows),
      { epochs, batchSize, learningRate, warmup, weightDecay, schedule: 'linear', seed: job.seed },
      ({ step, steps, loss, tokens }) => events.progress(step, steps, loss, tokens),
    );
    const adapter: Adapter = { shape: plan.shape, labels, pooling, maxLength, baseDigest: base.digest, values: Float32Array.from(team.values) };
    const files = adapterFiles(plan, adapter, job.base.path);
    const fresh = join(folder, `${JOB_FILES.adapter}.tmp`);
    await Promise.all([fresh, join(folder, JOB_FILES.adapter)].map((path) => rm(path, { recursive: true, force: true })));
    await writeAdapter(fresh, files);
    await rename(fresh, join(folder, JOB_FILES.adapter));
    const predictions = await score(team, bench, exam);
    return { outcome: { steps, tokens, finalLoss, learningRate, adapterDigest: adapterDigest(files) }, predictions };
  } finally {
    await team.close();
  }
}

async function predictJob({ job, exam }: JobInput, bench: Bench): Promise<{ outcome: Outcome; predictions: JobPrediction[] }> {
  const { base, plan, pooling, initial } = bench;
  const team = await createTeam({ base, plan, pooling, use: 'predict', workers: job.workers, values: initial!.values });
  try {
    const predictions = await score(team, bench, exam);
    const tokens = encode(bench, exam).reduce((sum, row) => sum + row.tokens.length, 0);
    return { outcome: { steps: 0, tokens, finalLoss: null, learningRate: null, adapterDigest: null }, predictions };
  } finally {
    await team.close();
  }
}

function encode({ tokenizer, labels, maxLength }: Bench, rows: readonly { readonly text: string; readonly label: string; readonly weight?: number }[]): EncodedRow[] {
  const index = new Map(labels.map((label, i) => [label, i]));
  return rows.map(({ text, label, weight = 1 }) => ({ tokens: tokenizer.encode(text, maxLength), target: index.get(label) ?? -1, weight }));
}

async function score(team: Team, bench: Bench, exam: readonly ExamRow[]): Promise<JobPrediction[]> {
  const rows = encode(bench, exam);
  const decisions = await predict(team, rows, bench.labels.length);
  return exam.map(({ id }, i) => {
    const { best, probabilities, losses } = decisions[i]!;
    const target = rows[i]!.target;
    return { id, label: bench.labels[best]!, confidence: probabilities[best]!, loss: target < 0 ? null : losses[target]! };
  });
}

/** By temporary name and rename: a reader never sees half a file. */
async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  await writeFile(join(folder, `${name}.tmp`), text);
  await rename(join(folder, `${name}.tmp`), join(folder, name));
}

async function versions(): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(new URL('../../../../package.json', import.meta.url), 'utf8')) as { version: string };
  return { trimtab: version, node: process.versions.node, v8: process.versions.v8 };
}
