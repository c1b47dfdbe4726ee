/**
 * What a model takes, told by counting: it is loaded from an outline and its largest micro-batch goes through it on a memory that only counts, with
 * the code that will do it in earnest.
 */
import { backendOver } from './backends/tensorflow/index.ts';
import { countingBinding } from './backends/tensorflow/counting.ts';
import type { TfParameterBlock } from './backends/tensorflow/machine.ts';
import { wasmBackend } from './backends/wasm.ts';
import { countingMachine } from './backends/wasm/counting.ts';
import type { Plan } from './adapter.ts';
import type { Base } from './base.ts';
import type { EncodedRow } from './batches.ts';
import { pack } from './batches.ts';
import { BATCH, PREFILL } from './generate.ts';
import type { Learner } from './learner.ts';
import { accumulate, merged, outputs, trainable } from './learner.ts';
import { MICRO_BATCH_TOKENS } from './member.ts';
import type { Body } from './models/index.ts';
import { architectureOf } from './models/index.ts';
import type { Backend, Tensor } from './ops.ts';

/** Those that compute by our kernels on a CPU, or without. */
export interface TensorflowMembers {
  readonly kernels: boolean;
  readonly members: number;
}

export interface MemoryQuestion {
  /** An outline is enough. */
  readonly base: Base;
  readonly plan: Plan;
  readonly use: 'train' | 'predict';
  /** Set where TensorFlow computes on a CPU. Null: members of our own on wasm. */
  readonly tensorflow: TensorflowMembers | null;
  readonly workers: number;
  /** Tokens of the largest batch of a step; Infinity where nobody knows. */
  readonly batchTokens: number;
  /** Tokens of the longest row; of an embedding the longest text. */
  readonly longest: number;
  /** To train on and of the exam, and the bytes of their files. */
  readonly rows: number;
  readonly dataBytes: number;
  /** Of a head that writes: answers of an exam, and tokens of one at most; null for the others. */
  readonly answers: { readonly rows: number; readonly tokens: number } | null;
}

/** Bytes of one member on wasm: what it always holds, and its most. */
export function countMember({ base, plan, use, workers, batchTokens, longest, answers }: MemoryQuestion): { held: number; peak: number } {
  const outline = outlineOf(base);
  const { machine, held, peak } = countingMachine();
  const backend = wasmBackend(machine);
  const learner = learnerOf(backend, outline, plan, use);
  const before = held();
  const tokens = Math.max(longest, Math.min(MICRO_BATCH_TOKENS.wasm, Math.ceil(batchTokens / workers)));
  for (const batch of pack(rowsOf(plan, tokens, longest), Infinity, 1)) {
    if (use === 'train') accumulate(backend, learner, batch);
    outputs(backend, learner, batch);
  }
  if (use === 'predict' && answers !== null) countWriting(backend, learner.body, Math.min(longest + answers.tokens, architectureOf(outline).positions), Math.min(BATCH, Math.ceil(answers.rows / workers)), longest);
  return { held: before, peak: peak() };
}

/** Bytes that TensorFlow holds of one member on a CPU: frozen weights; these with the adapter; and its most. */
export function countTensorflow({ base, plan, use, batchTokens, longest, rows }: MemoryQuestion, { kernels, members }: TensorflowMembers): { frozen: number; held: number; peak: number } {
  const { binding, held, peak } = countingBinding(kernels);
  const backend = backendOver(binding);
  const learner = learnerOf(backend, outlineOf(base), plan, use);
  const frozen = held();
  const block = learner.block as TfParameterBlock;
  block.vector();
  const before = held();
  const most = (tokens: number): number => Math.max(longest, Math.min(MICRO_BATCH_TOKENS.tensorflow, Math.ceil(tokens / members)));
  if (use === 'train') for (const batch of pack(rowsOf(plan, most(batchTokens), longest), Infinity, 1)) accumulate(backend, learner, batch);
  // An exam's rows make full micro-batches, however small those that train are.
  for (const batch of pack(rowsOf(plan, most(rows * longest), longest), Infinity, 1)) outputs(backend, learner, batch);
  return { frozen, held: before, peak: peak() };
}

/** Without bytes every tensor is read as no numbers. */
const outlineOf = ({ config, path, tensors }: Base): Base => ({ path, config, digest: '', tensors: new Map([...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape, bytes: new Uint8Array(0) }])) });

const learnerOf = <T extends Tensor>(backend: Backend<T>, outline: Base, plan: Plan, use: MemoryQuestion['use']): Learner<T> =>
  use === 'train' ? trainable(backend, outline, plan) : merged(backend, outline, { ...plan, slots: new Map() }, new Float32Array(0));

/** Caches of all sequences that are written side by side, and one prompt's pass, as generate.ts has them. */
function countWriting<T extends Tensor>(backend: Backend<T>, { decoder, output }: Body<T>, capacity: number, sequences: number, prompt: number): void {
  backend.step(() => {
    const caches = Array.from({ length: sequences }, () => decoder!.start(capacity));
    const tokens = new Int32Array(Math.min(prompt, PREFILL));
    const hidden = decoder!.forward(tokens, tokens, { starts: Int32Array.of(0, tokens.length) }, caches.slice(0, 1));
    backend.linear(backend.select(hidden, new Int32Array(sequences)), { frozen: output!, lora: null });
  });
}

/** Rows of the longest kind, and what is left of a micro-batch as one more: attention grows with the square of a row's length. */
function rowsOf({ kind, hidden }: Plan, tokens: number, longest: number): EncodedRow[] {
  const lengths = new Array<number>(Math.floor(tokens / longest)).fill(longest);
  if (tokens % longest > 0) lengths.push(tokens % longest);
  const targets = (length: number): Int32Array => new Int32Array(kind === 'tokens' || kind === 'vocabulary' ? length : kind === 'pooled' || kind === 'multilabel' ? 0 : 1);
  return lengths.map((length) => ({ tokens: new Int32Array(length), targets: targets(length), weight: 1, ...(kind === 'pooled' ? { gradient: new Float32Array(hidden) } : {}) }));
}

