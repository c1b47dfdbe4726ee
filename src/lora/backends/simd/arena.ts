/**
 * The backend's memory: what lives on stands at the bottom, what a step makes is stacked above it and dropped as a whole when the
 * step ends. No tensor is freed one by one, so none can be forgotten.
 */
import { TrimtabError } from '../../../errors.ts';
import { SCRATCH_BYTES } from './gemm.ts';

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;
/** A cache line, so that no vector load of a row's start crosses two. */
const ALIGN = 64;

export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** The whole memory as numbers. Growing detaches it: ask again after every allocation. */
  floats(): Float32Array;
  /** Address of `count` floats, not cleared; above the step's mark inside a step, for good outside. */
  allocate(count: number): number;
  /** Drops everything that was allocated in `body`. */
  scoped<R>(body: () => R): R;
  bytes(): number;
}

/** Addresses one above the other, and back to a mark; `reach` is told each new top. Also of a memory that only counts (wasm/counting.ts). */
export function createStack(reach: (top: number) => void): Pick<Arena, 'allocate' | 'scoped'> & { top(): number } {
  let top = Math.ceil(SCRATCH_BYTES / ALIGN) * ALIGN;
  return {
    top: () => top,
    allocate(count) {
      const address = top;
      top += Math.ceil((count * 4) / ALIGN) * ALIGN;
      reach(top);
      return address;
    },
    scoped(body) {
      const mark = top;
      try {
        return body();
      } finally {
        top = mark;
      }
    },
  };
}

export function createArena(initialBytes: number): Arena {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(initialBytes / PAGE_BYTES), maximum: MAX_PAGES });
  let view = new Float32Array(memory.buffer);

  function grow(bytes: number): void {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
    // Half as much again: growing may move the memory.
    const wanted = Math.min(Math.max(missing, memory.buffer.byteLength / PAGE_BYTES >> 1), MAX_PAGES - memory.buffer.byteLength / PAGE_BYTES);
    if (wanted < missing) throw new TrimtabError('bad-data', { what: 'the batch', problem: 'it needs more than the 4 GiB that WebAssembly can address', right: 'a smaller batchSize or maxLength' });
    memory.grow(wanted);
    view = new Float32Array(memory.buffer);
  }

  const { allocate, scoped } = createStack((top) => {
    if (top > memory.buffer.byteLength) grow(top);
  });
  return {
    memory,
    floats: () => view,
    allocate,
    scoped,
    bytes: () => memory.buffer.byteLength,
  };
}
