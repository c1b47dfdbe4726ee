/**
 * The wasm backend on a memory that only counts. A model is loaded from its outline and a batch goes through it as ever, by the same ops in the
 * same order, but no number is stored or computed: what is left is how many bytes it would have taken, to the byte.
 */
import type { Arena } from '../simd/arena.ts';
import { createStack } from '../simd/arena.ts';
import type { Kernels } from '../simd/module.ts';
import type { Machine } from './machine.ts';
import { createMachine } from './machine.ts';

export interface Counting {
  readonly machine: Machine;
  /** Bytes that live now. */
  held(): number;
  /** The most that ever lived together. */
  peak(): number;
}

export function countingMachine(): Counting {
  let most = 0;
  const { top, allocate, scoped } = createStack((reached) => void (most = Math.max(most, reached)));
  // what is there before the first allocation is held, too
  most = top();
  // Takes whatever is written, and has nothing to read.
  const nothing: Float32Array<ArrayBuffer> = Object.assign(new Float32Array(0), { set: () => undefined, subarray: () => nothing });
  const arena: Arena = {
    memory: { buffer: new ArrayBuffer(0), grow: () => 0 },
    floats: () => nothing,
    allocate,
    scoped,
    bytes: () => most,
  };
  const kernels = new Proxy({} as Kernels, { get: () => () => undefined });
  return { machine: createMachine(arena, kernels), held: top, peak: () => most };
}
