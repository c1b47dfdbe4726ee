/**
 * TensorFlow's binding on a CPU as a memory that only counts. A model is loaded from its outline and a batch goes through it as ever, by the same
 * ops in the same order (our kernels included), but no number is stored or computed: each op says the shapes of its results (shapes.ts), and what
 * is left is how many bytes the tensors would have taken together.
 */
import type { Attribute, Binding, Type } from './binding.ts';
import { BFLOAT16, FLOAT, INT32, INT64, UINT8 } from './binding.ts';
import { KERNELS } from './fused.ts';
import type { Known, Made } from './shapes.ts';
import { elementsOf, shapesOf } from './shapes.ts';

export interface CountingBinding {
  readonly binding: Binding;
  /** Bytes that live now. */
  held(): number;
  /** The most that ever lived together. */
  peak(): number;
}

/** What tensors share that are views of one. */
interface Buffer {
  readonly bytes: number;
  users: number;
}

interface Counted extends Known {
  readonly buffer: Buffer;
}

/** As TensorFlow's binding answers. */
interface Placed {
  readonly id: number;
  readonly shape: readonly number[];
}

const WIDTHS: Readonly<Record<Type, number>> = { [FLOAT]: 4, [INT32]: 4, [UINT8]: 1, [INT64]: 8, [BFLOAT16]: 2 };
/** TensorFlow's allocator gives whole cache lines. */
const LINE = 64;

/** Of an engine with our kernels, or without. */
export function countingBinding(kernels: boolean): CountingBinding {
  const tensors = new Map<number, Counted>();
  let [held, most, next] = [0, 0, 0];

  function place(known: Known, shared: Buffer | null): Placed {
    const buffer = shared ?? { bytes: Math.ceil((elementsOf(known.shape) * known.width) / LINE) * LINE, users: 0 };
    if (shared === null) held += buffer.bytes;
    buffer.users += 1;
    most = Math.max(most, held);
    tensors.set(next, { ...known, buffer });
    next += 1;
    return { id: next - 1, shape: known.shape };
  }

  function execute(op: string, attributes: readonly Attribute[], ids: readonly number[]): Placed[] {
    const inputs = ids.map((id) => tensors.get(id)!);
    const { results, view = false, scratch = 0 }: Made = shapesOf(op, inputs, attributes);
    const made = results.map((known) => place(known, view ? inputs[0]!.buffer : null));
    most = Math.max(most, held + scratch);
    return made;
  }

  const binding: Binding = {
    TF_Version: 'counting',
    ...(kernels ? { kernels: KERNELS } : {}),
    createTensor: (shape, type, values) => place({ shape, width: WIDTHS[type], numbers: type === INT32 ? (values as Int32Array) : null }, null).id,
    deleteTensor(id) {
      const { buffer } = tensors.get(id)!;
      tensors.delete(id);
      buffer.users -= 1;
      if (buffer.users === 0) held -= buffer.bytes;
    },
    tensorDataSync: (id) => new Float32Array(elementsOf(tensors.get(id)!.shape)),
    executeOp: execute,
    addFunction: () => '',
    isUsingGpuDevice: () => false,
    getNumOfTensors: () => tensors.size,
    startIdsAt: () => undefined,
    setEnvironment: () => undefined,
  };
  return { binding, held: () => held, peak: () => most };
}
