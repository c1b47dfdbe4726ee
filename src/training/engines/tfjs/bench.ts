/** Everything that a job works on: base, tokenizer, plan of the adapter, codec. */
import { join } from 'node:path';
import { TrimtabError } from '../../../errors.ts';
import type { Adapter, Plan } from '../../../lora/adapter.ts';
import { initialValues, planAdapter, warmStart } from '../../../lora/adapter.ts';
import { outputNames, readAdapter } from '../../../lora/adapter-files.ts';
import type { Base } from '../../../lora/base.ts';
import { readBase } from '../../../lora/base.ts';
import type { Codec, EncodedExample } from '../../../lora/codecs/index.ts';
import { createCodec } from '../../../lora/codecs/index.ts';
import { parseAdapter, planOf } from '../../../lora/learner.ts';
import type { Architecture, HeadKind } from '../../../lora/models/index.ts';
import { architectureOf } from '../../../lora/models/index.ts';
import { loadTokenizer } from '../../../lora/tokenizer.ts';
import type { JobRow } from '../../../tasks/index.ts';
import type { AdapterFiles } from '../../../vocabulary.ts';
import { ENGINES, modelTypesFor } from '../../capabilities.ts';
import type { Job } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';
import { refuse } from './check.ts';

export interface Bench {
  readonly base: Base;
  readonly architecture: Architecture;
  readonly plan: Plan;
  /** Asks and examines. */
  readonly codec: Codec;
  /** Encodes what is learnt. */
  readonly teacher: Codec;
  /** What the adapter will say of itself, or says. */
  readonly header: Omit<Adapter, 'values' | 'shape'>;
  readonly initial: Adapter | null;
  readonly initialFiles: AdapterFiles | null;
}

export interface EncodedRows {
  readonly rows: readonly EncodedExample[];
  readonly truncated: number;
  readonly inexact: number;
}

/** Which head does a task. */
export function headKindOf({ task, labelling }: Pick<Job, 'task' | 'labelling'>): HeadKind {
  if (task === 'classification') return labelling === 'multi' ? 'multilabel' : 'sequence';
  return ({ extraction: 'tokens', embedding: 'pooled', generation: 'vocabulary' } as const)[task];
}

export async function prepare(folder: string, job: Job): Promise<Bench> {
  const [base, tokenizer, initialFiles] = await Promise.all([
    readBase(job.base.path, job.base.digest),
    loadTokenizer(job.base.path),
    job.initial ? readAdapter(join(folder, JOB_FILES.initial)) : null,
  ]);
  checkBase(base, job);
  const architecture = architectureOf(base);
  const kind = headKindOf(job);
  const initial = initialFiles === null ? null : parseAdapter(base, initialFiles, 'initial');
  if (initial !== null && initial.kind !== kind) throw new TrimtabError('bad-adapter', { adapter: 'initial', problem: `its head is of kind ${initial.kind}`, right: `${kind}, as the task ${job.task} has it` });
  const header = headerOf(job, base, architecture, kind, initial);
  const { labels, maxLength, pooling, quantisation } = header;
  const shape = job.kind === 'predict' && initial !== null ? initial.shape : job.hyperparameters.lora;
  const plan = planAdapter(architecture, { kind, outputs: outputNames(kind, labels).length, pooling, quantisation }, shape);
  const coding = { tokenizer, labels, maxLength, causal: architecture.causal };
  const codec = createCodec(kind, coding);
  // An exam is of the answer alone, whatever was learnt beside it.
  const teacher = createCodec(kind, { ...coding, loss: job.hyperparameters.loss });
  return { base, architecture, plan, header, initial, initialFiles, codec, teacher };
}

function checkBase({ config, path }: Base, { task }: Job): void {
  const known = modelTypesFor(ENGINES.tfjs, task);
  if (!known.some((name) => name === config['model_type'])) {
    throw new TrimtabError('bad-base', { base: path, problem: `its model_type is ${JSON.stringify(config['model_type'])}`, right: `a base on which this engine can do the task ${task}: ${known.join(', ')}` });
  }
}

/** A job that predicts takes all of it from its adapter; one that trains takes the pooling of the adapter it continues. */
function headerOf(job: Job, base: Base, architecture: Architecture, kind: HeadKind, initial: Adapter | null): Bench['header'] {
  const { maxLength, quantisation } = job.hyperparameters;
  if (job.kind === 'predict' && initial !== null) return initial;
  if (job.kind === 'predict' && job.task !== 'embedding') refuse(JOB_FILES.job, 'a job that predicts has no initial adapter', 'initial: true, and the adapter in initial/');
  if (maxLength > architecture.positions) refuse(`${JOB_FILES.job}, hyperparameters, maxLength`, `it is ${maxLength}`, `at most ${architecture.positions}, the base's positions`);
  const pooling = initial?.pooling ?? (kind === 'pooled' && !architecture.causal ? 'mean' : architecture.defaultPooling);
  return { kind, labels: job.labels, pooling, quantisation, baseDigest: base.digest, maxLength };
}

/** Numbers to start from: fresh ones, or the initial adapter's. B is zero in fresh ones, so that they change nothing. */
export function startValues({ base, plan, header, initial }: Bench, { kind, seed }: Job): Float32Array {
  if (initial === null) return initialValues(plan, seed);
  if (kind === 'predict') return initial.values;
  return warmStart(plan, outputNames(plan.kind, header.labels), initial, planOf(base, initial), outputNames(plan.kind, initial.labels), seed);
}

export function encodeRows(codec: Codec, rows: readonly JobRow[]): EncodedRows {
  const encoded = rows.map((row) => codec.example(row));
  return { rows: encoded, truncated: encoded.filter(({ truncated }) => truncated).length, inexact: encoded.reduce((sum, { inexact }) => sum + inexact, 0) };
}
