/**
 * How much memory a job will take at its peak, told before it starts: a machine that runs out of it kills the job, and often not only it.
 *
 * Each member of a team holds the frozen weights, the adapter and what one micro-batch makes; all that is counted exactly, by running the
 * longest micro-batch on a memory that only counts. The rest, measured once (bench/memory.ts), is the runtime and its leftovers.
 */
import { TrimtabError } from '../errors.ts';
import type { Plan } from './adapter.ts';
import { wasmBackend } from './backends/wasm.ts';
import { countingMachine } from './backends/wasm/counting.ts';
import type { Base } from './base.ts';
import type { EncodedRow } from './batches.ts';
import { pack } from './batches.ts';
import { BATCH, PREFILL } from './generate.ts';
import { accumulate, merged, outputs, trainable } from './learner.ts';
import { MICRO_BATCH_TOKENS } from './member.ts';
import type { Body } from './models/index.ts';
import { architectureOf } from './models/index.ts';
import type { Backend, Tensor } from './ops.ts';
import { nf4Bytes } from './quantise.ts';

export interface MemoryQuestion {
  /** An outline is enough. */
  readonly base: Base;
  readonly plan: Plan;
  readonly use: 'train' | 'predict';
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

export interface MemoryPrediction {
  /** At the peak, as the operating system counts the process (maximum resident set). */
  readonly bytes: number;
  readonly parts: Readonly<Record<'runtime' | 'base' | 'frozen' | 'adapter' | 'activations' | 'writing' | 'data', number>>;
}

const MIB = 2 ** 20;
/** Node with this engine's modules and a tokenizer, before a base is read. */
const RUNTIME_BYTES = 122 * MIB;
/** A thread's own heap and code. */
const THREAD_BYTES = 31 * MIB;
/** What a row costs apart from its text, and what a byte of the files becomes: text, tokens, answers, and what parsing left behind. */
const ROW_BYTES = 2500;
const DATA_FACTOR = 5;

export function predictMemory(question: MemoryQuestion): MemoryPrediction {
  const { base, plan, use, workers, rows, dataBytes, answers } = question;
  const { held, peak } = countMember(question);
  const writer = use === 'train' && answers !== null ? countMember({ ...question, use: 'predict' }) : { held: 0, peak: 0 };
  const tensors = [...base.tensors.values()].map(({ dtype, shape }) => ({ width: BYTES_OF[dtype], count: shape.reduce((a, b) => a * b, 1) }));
  // Its largest tensor is read into floats before it is copied to where it stays.
  const loading = 4 * tensors.reduce((most, { count }) => Math.max(most, count), 0);
  const vector = 4 * plan.count;
  const parts = {
    runtime: RUNTIME_BYTES + (workers > 1 ? workers * THREAD_BYTES : 0),
    base: tensors.reduce((sum, { width, count }) => sum + width * count, 0),
    frozen: workers * held,
    // Values, the sum of gradients and each member's own; two means of the optimizer.
    adapter: vector * (use === 'train' ? 4 + workers : 2),
    activations: workers * Math.max(peak - held, loading),
    // A team of its own writes the exam's answers. Threads give their memory back as they end; what trained in this thread is still there
    // while the writer loads, and is collected before its caches fill (measured).
    writing: workers === 1 ? Math.max(writer.held, writer.peak - peak) : workers * Math.max(0, writer.peak - peak),
    data: ROW_BYTES * rows + DATA_FACTOR * dataBytes,
  };
  return { parts, bytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}

const BYTES_OF = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const;

/** Bytes of one member: what it always holds, and its most. */
function countMember({ base: { config, path, tensors }, plan, use, workers, batchTokens, longest, answers }: MemoryQuestion): { held: number; peak: number } {
  // Without bytes every tensor is read as no numbers.
  const outline: Base = { path, config, digest: '', tensors: new Map([...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape, bytes: new Uint8Array(0) }])) };
  const { machine, held, peak } = countingMachine();
  const backend = wasmBackend(machine);
  const learner = use === 'train' ? trainable(backend, outline, plan) : merged(backend, outline, { ...plan, slots: new Map() }, new Float32Array(0));
  const before = held();
  const tokens = Math.max(longest, Math.min(MICRO_BATCH_TOKENS, Math.ceil(batchTokens / workers)));
  for (const batch of pack(rowsOf(plan, tokens, longest), Infinity, 1)) {
    if (use === 'train') accumulate(backend, learner, batch);
    outputs(backend, learner, batch);
  }
  if (use === 'predict' && answers !== null) countWriting(backend, learner.body, Math.min(longest + answers.tokens, architectureOf(outline).positions), Math.min(BATCH, Math.ceil(answers.rows / workers)), longest);
  return { held: before, peak: peak() };
}

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

/** Bytes of the frozen linear layers, as they are held and as floats would be: what quantising saves. */
export function frozenBytes({ groups, quantisation }: Pick<Plan, 'groups' | 'quantisation'>, use: 'train' | 'predict'): { frozenBytes: number; floatBytes: number } {
  const counts = groups.flatMap(({ inputs, outputs }) => outputs.map((count) => inputs * count));
  // Products read a weight in both directions; only floats are held once for each.
  const floatBytes = counts.reduce((sum, count) => sum + 4 * count, 0) * (use === 'train' ? 2 : 1);
  const quantised = quantisation === 'nf4' && use === 'train';
  return { floatBytes, frozenBytes: quantised ? counts.reduce((sum, count) => sum + nf4Bytes(count), 0) : floatBytes };
}

/** @throws `too-little-memory` with both numbers, when the job cannot fit; without a limit, into what the machine or its container has left */
export function checkMemory({ bytes, parts }: MemoryPrediction, limitBytes: number | null, workers: number): void {
  const limit = limitBytes ?? process.availableMemory() + process.memoryUsage.rss();
  if (bytes <= limit) return;
  const largest = Object.entries(parts).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const hints = ['a smaller base', ...(parts.frozen >= parts.activations ? ['quantisation nf4'] : ['a smaller maxLength']), ...(workers > 1 ? ['fewer workers'] : [])];
  throw new TrimtabError('too-little-memory', { needed: mebibytes(bytes), available: mebibytes(limit), largest: `${largest} ${mebibytes(parts[largest as keyof typeof parts])}`, right: hints.join(', ') });
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
