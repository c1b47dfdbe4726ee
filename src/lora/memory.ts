/**
 * How much memory a job will take at its peak, told before it starts: a machine that runs out of it kills the job, and often not only it.
 *
 * What holds the frozen weights, the adapter and what one micro-batch makes is counted exactly (memory-count.ts) for a member of a team. The rest,
 * measured once (bench/memory.ts), is the runtime and its leftovers. On a GPU nothing is told.
 */
import { TrimtabError } from '../errors.ts';
import type { Plan } from './adapter.ts';
import type { MemoryQuestion, TensorflowMembers } from './memory-count.ts';
import { countMember, countTensorflow } from './memory-count.ts';
import { nf4Bytes } from './quantise.ts';

export type { MemoryQuestion };

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
/** TensorFlow on a CPU: its libraries as far as they are read, its registers of ops, and what its allocator keeps. */
const TENSORFLOW_BYTES = 335 * MIB;
/** What each further thread that computes keeps, mostly for products. */
const TENSORFLOW_THREAD_BYTES = 8 * MIB;
/** What a row costs apart from its text, and what a byte of the files becomes: text, tokens, answers, and what parsing left behind. */
const ROW_BYTES = 2500;
const DATA_FACTOR = 5;

type Parts = MemoryPrediction['parts'];
type Computed = Pick<Parts, 'runtime' | 'frozen' | 'adapter' | 'activations' | 'writing'>;

export function predictMemory(question: MemoryQuestion): MemoryPrediction {
  const { base, rows, dataBytes } = question;
  const tensors = [...base.tensors.values()].map(({ dtype, shape }) => ({ width: BYTES_OF[dtype], count: shape.reduce((a, b) => a * b, 1) }));
  // Its largest tensor is read into floats before it is copied to where it stays.
  const loading = 4 * tensors.reduce((most, { count }) => Math.max(most, count), 0);
  const parts: Parts = {
    ...(question.tensorflow === null ? onWasm(question, loading) : onTensorflow(question, question.tensorflow, loading)),
    base: tensors.reduce((sum, { width, count }) => sum + width * count, 0),
    data: ROW_BYTES * rows + DATA_FACTOR * dataBytes,
  };
  return { parts, bytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}

function onWasm(question: MemoryQuestion, loading: number): Computed {
  const { plan, use, workers, answers } = question;
  const { held, peak } = countMember(question);
  const writer = use === 'train' && answers !== null ? countMember({ ...question, use: 'predict' }) : { held: 0, peak: 0 };
  const vector = 4 * plan.count;
  return {
    runtime: runtimeOf(workers),
    frozen: workers * held,
    adapter: vector * vectorsOf(use, workers),
    activations: workers * Math.max(peak - held, loading),
    // A team of its own writes the exam's answers. Threads give their memory back as they end; what trained in this thread is still there
    // while the writer loads, and is collected before its caches fill (measured).
    writing: workers === 1 ? Math.max(writer.held, writer.peak - peak) : workers * Math.max(0, writer.peak - peak),
  };
}

const runtimeOf = (members: number): number => RUNTIME_BYTES + (members > 1 ? members * THREAD_BYTES : 0);

/** Of a team as long as the adapter: values, the sum of gradients and each member's own; two means of the optimizer. */
const vectorsOf = (use: MemoryQuestion['use'], members: number): number => (use === 'train' ? 4 + members : 2);

/** Libraries once, models as many as members. */
function onTensorflow(question: MemoryQuestion, tensorflow: TensorflowMembers, loading: number): Computed {
  const { plan, use, workers, answers } = question;
  const engine = TENSORFLOW_BYTES + (workers - 1) * TENSORFLOW_THREAD_BYTES;
  // Answers are written by our own members: what predicts text is never loaded into TensorFlow, and what trained it there has freed its tensors,
  // whose memory the allocator has not given back (measured).
  const writer = answers === null ? null : onWasm({ ...question, use: 'predict' }, loading);
  if (use === 'predict' && writer !== null) return { ...writer, runtime: writer.runtime + engine };
  const { members } = tensorflow;
  const { frozen, held, peak } = countTensorflow(question, tensorflow);
  return {
    // Threads that train have ended before those that write begin.
    runtime: runtimeOf(writer === null ? members : Math.max(members, workers)) + engine,
    frozen: members * frozen,
    adapter: 4 * plan.count * vectorsOf(use, members) + members * (held - frozen),
    activations: members * Math.max(peak - held, loading),
    writing: writer === null ? 0 : Object.values(writer).reduce((sum, bytes) => sum + bytes, 0) - writer.runtime,
  };
}

const BYTES_OF = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const;

/** Bytes of the frozen linear layers, as they are held and as floats would be: what quantising saves. */
export function frozenBytes({ groups, quantisation }: Pick<Plan, 'groups' | 'quantisation'>, use: 'train' | 'predict', backend: 'wasm' | 'tensorflow'): { frozenBytes: number; floatBytes: number } {
  const counts = groups.flatMap(({ inputs, outputs }) => outputs.map((count) => inputs * count));
  // Products read a weight in both directions; wasm holds floats, and only them, once for each.
  const floatBytes = counts.reduce((sum, count) => sum + 4 * count, 0) * (use === 'train' && backend === 'wasm' ? 2 : 1);
  const quantised = quantisation === 'nf4' && use === 'train';
  return { floatBytes, frozenBytes: quantised ? counts.reduce((sum, count) => sum + nf4Bytes(count), 0) : floatBytes };
}

/**
 * `others` tells, when it is asked, what else would help.
 * @throws `too-little-memory` with both numbers, when the job cannot fit; without a limit, into what the machine or its container has left
 */
export function checkMemory({ bytes, parts }: MemoryPrediction, limitBytes: number | null, workers: number, others: (limit: number) => readonly string[] = () => []): void {
  const limit = limitBytes ?? process.availableMemory() + process.memoryUsage.rss();
  if (bytes <= limit) return;
  const largest = Object.entries(parts).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const hints = ['a smaller base', ...(parts.frozen >= parts.activations ? ['quantisation nf4'] : ['a smaller maxLength']), ...(workers > 1 ? ['fewer workers'] : []), ...others(limit)];
  throw new TrimtabError('too-little-memory', { needed: mebibytes(bytes), available: mebibytes(limit), largest: `${largest} ${mebibytes(parts[largest as keyof typeof parts])}`, right: hints.join(', ') });
}

export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
