/** The cases of golden/make.py as the engine takes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter, Plan } from '../../src/lora/adapter.ts';
import { ADAPTER_FILES, refuseAdapter } from '../../src/lora/adapter-files.ts';
import type { Base } from '../../src/lora/base.ts';
import { readBase } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { pack } from '../../src/lora/batches.ts';
import { contrast, contrastBatch } from '../../src/lora/contrast.ts';
import { totalWeight } from '../../src/lora/heads/index.ts';
import type { Learner } from '../../src/lora/learner.ts';
import { accumulate, outputs, parseAdapter, planOf, trainable } from '../../src/lora/learner.ts';
import type { HeadKind } from '../../src/lora/models/index.ts';
import type { Backend, Pooling, Tensor } from '../../src/lora/ops.ts';
import type { Schedule } from '../../src/lora/optimizer.ts';
import { parseSafetensors, toFloat32 } from '../../src/lora/safetensors.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';

/** As make.py writes it. */
interface CaseFile {
  readonly base: string;
  readonly kind: HeadKind;
  readonly pooling: Pooling;
  readonly labels: number;
  readonly loss: number;
  readonly rows: readonly { readonly tokens: readonly number[]; readonly targets: readonly number[]; readonly weight: number; readonly documents?: readonly (readonly number[])[] }[];
  readonly training?: { readonly schedule: Schedule; readonly steps: number; readonly rate: number; readonly warmup: number; readonly weightDecay: number; readonly losses: readonly number[] };
}

export interface GoldenCase extends Omit<CaseFile, 'rows' | 'base' | 'labels'> {
  readonly base: Base;
  readonly rows: readonly EncodedRow[];
  readonly files: AdapterFiles;
  readonly adapter: Adapter;
  readonly plan: Plan;
  /** Loss of each row, or of each token with a target. */
  readonly terms: Float32Array;
  /** Of all rows, one after the other: logits, vectors, or logits of all tokens. */
  readonly outputs: Float32Array;
  /** By PEFT's keys. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

const FOLDER = join(import.meta.dirname, 'golden');

export const CASE_NAMES = readdirSync(join(FOLDER, 'cases')).sort();
export const baseFolder = (name: string): string => join(FOLDER, 'bases', name);

export async function readCase(name: string): Promise<GoldenCase> {
  const read = (file: string): Uint8Array => readFileSync(join(FOLDER, 'cases', name, file));
  const { base: baseName, labels, rows, ...rest } = JSON.parse(new TextDecoder().decode(read('case.json'))) as CaseFile;
  const base = await readBase(baseFolder(baseName), null);
  const header = { version: 1, head: rest.kind, labels: namesOf(rest.kind, labels), pooling: rest.pooling, baseDigest: base.digest, maxLength: 32 };
  const files: AdapterFiles = { config: read(ADAPTER_FILES.config), weights: read(ADAPTER_FILES.weights), extra: { [ADAPTER_FILES.trimtab]: Buffer.from(JSON.stringify(header)) } };
  const adapter = parseAdapter(base, files, name);
  const numbers = new Map([...parseSafetensors(read('numbers.safetensors'), refuseAdapter(name))].map(([key, tensor]) => [key, toFloat32(key, tensor, refuseAdapter(name)).values]));
  return {
    ...rest,
    base,
    files,
    adapter,
    plan: planOf(base, adapter),
    rows: rows.map(({ tokens, targets, weight, documents }) => ({
      tokens: Int32Array.from(tokens),
      targets: Int32Array.from(targets),
      weight,
      ...(documents === undefined ? {} : { documents: documents.map((document) => Int32Array.from(document)) }),
    })),
    terms: numbers.get('terms')!,
    outputs: numbers.get('outputs')!,
    gradients: new Map([...numbers].flatMap(([key, values]) => (key.startsWith('gradient.') ? [[key.slice('gradient.'.length), values]] : []))),
  };
}

/** Labels that make a head of so many rows: a tag for outside and two for each label of a span. */
function namesOf(kind: HeadKind, outputs: number): string[] {
  return Array.from({ length: kind === 'tokens' ? (outputs - 1) / 2 : outputs }, (_, i) => `label ${i}`);
}

export interface Found {
  readonly loss: number;
  readonly outputs: readonly Float32Array[];
  /** In the order of the plan. */
  readonly gradients: Float64Array;
}

/** Loss and gradients of the case's rows as one batch, computed `micro` tokens at a time. */
export function learnOnce(backend: Backend, { base, plan, adapter, rows }: GoldenCase, micro = Infinity): Found {
  const learner = trainable(backend, base, plan);
  learner.block.write(adapter.values);
  const gradients = new Float64Array(plan.count);
  const found = plan.kind === 'pooled' ? learnContrast(backend, learner, rows, micro) : learnRows(backend, learner, rows, totalWeight(plan.kind, rows), micro);
  learner.block.read(gradients);
  return { ...found, gradients };
}

function learnRows(backend: Backend, learner: Learner<Tensor>, rows: readonly EncodedRow[], weight: number, micro: number): Omit<Found, 'gradients'> {
  const batches = pack(rows, micro, weight);
  return { outputs: batches.flatMap((batch) => outputs(backend, learner, batch)), loss: batches.reduce((sum, batch) => sum + accumulate(backend, learner, batch), 0) };
}

/** All vectors, then the gradient of each through its text, as a team does it. */
function learnContrast(backend: Backend, learner: Learner<Tensor>, rows: readonly EncodedRow[], micro: number): Omit<Found, 'gradients'> {
  const batch = contrastBatch(rows);
  const vectors = pack(batch.texts, micro, 1).flatMap((part) => outputs(backend, learner, part));
  const { perQuery, gradients } = contrast(batch, vectors);
  learnRows(backend, learner, batch.texts.map((text, i) => ({ ...text, gradient: gradients[i]! })), 1, micro);
  return { outputs: vectors.slice(0, batch.queries), loss: perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0) };
}

/** The largest difference, as a share of the largest number. */
export function distance(found: ArrayLike<number>, right: ArrayLike<number>): number {
  if (found.length !== right.length) return Infinity;
  let [worst, most] = [0, 0];
  for (let i = 0; i < right.length; i += 1) {
    worst = Math.max(worst, Math.abs(found[i]! - right[i]!));
    most = Math.max(most, Math.abs(right[i]!));
  }
  return worst / most;
}
