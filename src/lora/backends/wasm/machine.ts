/** What the groups of ops share: memory, kernels, and products of packed matrices. */
import { TrimtabError } from '../../../errors.ts';
import type { Frozen, Tensor } from '../../ops.ts';
import type { Arena } from '../simd/arena.ts';
import { createArena } from '../simd/arena.ts';
import { PANEL, TILE_ROWS } from '../simd/gemm.ts';
import type { Kernels } from '../simd/module.ts';
import { instantiate } from '../simd/module.ts';

export interface WasmTensor extends Tensor {
  /** Of the first number, in bytes. */
  readonly address: number;
}

export interface WasmFrozen extends Frozen {
  /** B of the products x Wᵀ and dy W. A quantised weight is unpacked to fresh memory each time: call them inside a scope. */
  readonly forward: () => Packed;
  /** Null where only the forward form was wanted. */
  readonly backward: (() => Packed) | null;
  /** Zeros where the layer has none. */
  readonly bias: Strided;
}

/** B of a product, [k, n], in panels of eight columns. */
export interface Packed {
  readonly address: number;
  readonly k: number;
  readonly n: number;
  /** Bytes from one panel to the next: more than k x 8 numbers where only the first k rows of a longer matrix are meant. */
  readonly panel: number;
}

export interface Strided {
  readonly address: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

export interface Machine {
  readonly arena: Arena;
  readonly kernels: Kernels;
  make(rows: number, cols: number): WasmTensor;
  /** Zeros. */
  cleared(rows: number, cols: number): WasmTensor;
  /** Tensors alive now. */
  live: number;
  /** Packs B, whose element (i, j) lies at from + i kStride + j nStride, to new memory or to an address. */
  pack(from: number, kStride: number, nStride: number, k: number, n: number, scale?: number, to?: number): Packed;
  /** A [rows, k] at an address with a stride in bytes, times B, to C; the sum starts at `start`. */
  multiply(a: Strided, b: Packed, c: Strided, rows: number, start: Strided, transposed?: boolean): void;
  /** Start of a product that adds nothing. */
  readonly zeros: Strided;
}

const INITIAL_BYTES = 64 * 2 ** 20;
/** Rows of A that all panels of B pass over before the next ones: they stay in the second-level cache. */
const BLOCK_BYTES = 128 * 1024;
/** Rows of B that are passed over at once: a longer panel would leave the cache before the next rows of A need it. */
const BLOCK_K = 2048;
/** The largest vocabularies in use have 256,000 entries and a few. */
const MAX_COLUMNS = 2 ** 18;

export const PANEL_BYTES = PANEL * 4;

/** Whole panels hold the columns of a matrix. */
export const padded = (columns: number): number => Math.ceil(columns / PANEL) * PANEL;

export const whole = (x: WasmTensor): Strided => ({ address: x.address, stride: x.cols * 4 });
/** The columns from `first` on. */
export const column = (x: WasmTensor, first: number): Strided => ({ address: x.address + first * 4, stride: x.cols * 4 });

/** Memory and kernels are given where they are not to compute (counting.ts). */
export function createMachine(arena: Arena = createArena(INITIAL_BYTES), kernels: Kernels = instantiate(arena.memory)): Machine {
  const zerosAt = arena.allocate(MAX_COLUMNS);
  const machine: Machine = {
    arena,
    kernels,
    live: 0,
    zeros: { address: zerosAt, stride: 0 },
    make(rows, cols) {
      machine.live += 1;
      return { rows, cols, address: arena.allocate(rows * cols) };
    },
    cleared(rows, cols) {
      const x = machine.make(rows, cols);
      arena.floats().fill(0, x.address / 4, x.address / 4 + rows * cols);
      return x;
    },
    pack(from, kStride, nStride, k, n, scale = 1, to = arena.allocate(k * padded(n))) {
      if (n > MAX_COLUMNS) throw new TrimtabError('bad-data', { what: 'a product', problem: `it has ${n} columns`, right: `at most ${MAX_COLUMNS}` });
      kernels.pack(from, kStride, nStride, k, n, to, scale);
      return { address: to, k, n, panel: k * PANEL_BYTES };
    },
    multiply(a, b, c, rows, start, transposed = false) {
      if (b.k <= BLOCK_K) return multiplyBlocks(kernels, a, b, c, rows, start, transposed);
      for (let from = 0; from < b.k; from += BLOCK_K) {
        const k = Math.min(BLOCK_K, b.k - from);
        const left = { address: a.address + from * (transposed ? a.stride : 4), stride: a.stride };
        const right = { ...b, address: b.address + from * PANEL_BYTES, k };
        multiplyBlocks(kernels, left, right, c, rows, from === 0 ? start : c, transposed);
      }
    },
  };
  return machine;
}

function multiplyBlocks(kernels: Kernels, a: Strided, b: Packed, c: Strided, rows: number, start: Strided, transposed: boolean): void {
  const kernel = transposed ? kernels.gemmT : kernels.gemm;
  const block = Math.max(1, Math.floor(BLOCK_BYTES / (b.k * 4 * TILE_ROWS))) * TILE_ROWS;
  const down = transposed ? 4 : a.stride;
  for (let row = 0; row < rows; row += block) {
    kernel(a.address + row * down, a.stride, b.address, start.address + row * start.stride, start.stride, c.address + row * c.stride, c.stride, Math.min(block, rows - row), b.n, b.k, b.panel);
  }
}
