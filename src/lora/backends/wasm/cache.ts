/**
 * Keys and values of a sequence that is being generated, kept in the packed form that products read: a new token writes one column of
 * the keys and one row of the values, and nothing is packed again.
 */
import type { AttentionShape, Backend, Cache } from '../../ops.ts';
import { PANEL } from '../simd/gemm.ts';
import type { Machine, Packed, Strided, WasmTensor } from './machine.ts';
import { PANEL_BYTES, padded } from './machine.ts';
import { BLOCK_ROWS } from './attention.ts';

type T = WasmTensor;

interface WasmCache extends Cache {
  /** For each key head [width, capacity] in panels of eight tokens; for each value head [capacity, width] in panels of eight columns. Bytes. */
  readonly keys: number;
  readonly values: number;
}

export function cacheOps(machine: Machine): Pick<Backend<T>, 'cache' | 'attentionStep'> {
  const { arena, make } = machine;
  return {
    cache(capacity, { kvHeads, width }): WasmCache {
      const room = padded(capacity);
      return { capacity, length: 0, keys: arena.allocate(room * kvHeads * width), values: arena.allocate(capacity * kvHeads * padded(width)) };
    },
    attentionStep(qkv, layout, caches, shape) {
      const y = make(qkv.rows, shape.heads * shape.width);
      (caches as readonly WasmCache[]).forEach((cache, i) => {
        const [start, rows] = [layout.starts[i]!, layout.starts[i + 1]! - layout.starts[i]!];
        if (rows === 0) return;
        const before = cache.length;
        append(arena.floats(), cache, qkv, start, rows, shape);
        arena.scoped(() => attendCached(machine, cache, before, qkv, y, start, rows, shape));
      });
      return y;
    },
  };
}

const keysOf = ({ keys, capacity }: WasmCache, head: number, width: number): number => keys + head * padded(capacity) * width * 4;
const valuesOf = ({ values, capacity }: WasmCache, head: number, width: number): number => values + head * capacity * padded(width) * 4;

function append(all: Float32Array, cache: WasmCache, qkv: T, start: number, rows: number, { heads, kvHeads, width }: AttentionShape): void {
  for (let row = start; row < start + rows; row += 1) {
    const token = cache.length;
    for (let head = 0; head < kvHeads; head += 1) {
      const key = qkv.address / 4 + row * qkv.cols + (heads + head) * width;
      const value = key + kvHeads * width;
      const toKey = keysOf(cache, head, width) / 4 + Math.floor(token / PANEL) * width * PANEL + (token % PANEL);
      const toValue = valuesOf(cache, head, width) / 4 + token * PANEL;
      for (let i = 0; i < width; i += 1) {
        all[toKey + i * PANEL] = all[key + i]!;
        all[toValue + Math.floor(i / PANEL) * cache.capacity * PANEL + (i % PANEL)] = all[value + i]!;
      }
    }
    cache.length += 1;
  }
}

/** Rows from `start` on stand at positions `before`, `before` + 1 ... of the sequence. */
function attendCached(machine: Machine, cache: WasmCache, before: number, qkv: T, y: T, start: number, rows: number, { heads, kvHeads, width }: AttentionShape): void {
  const { arena, kernels, multiply, zeros } = machine;
  const perGroup = heads / kvHeads;
  // A single token's heads of a group are the rows of one product; of several tokens each head is one.
  const single = rows === 1;
  const scores = { address: arena.allocate(Math.min(BLOCK_ROWS, Math.max(rows, perGroup)) * padded(cache.length)), stride: padded(cache.length) * 4 };
  for (let group = 0; group < kvHeads; group += 1) {
    const keys: Packed = { address: keysOf(cache, group, width), k: width, n: 0, panel: width * PANEL_BYTES };
    const values: Packed = { address: valuesOf(cache, group, width), k: 0, n: width, panel: cache.capacity * PANEL_BYTES };
    const attendRows = (q: Strided, to: Strided, count: number, seen: number, growth: 0 | 4): void => {
      const columns = seen + (growth === 0 ? 0 : count - 1);
      multiply(q, { ...keys, n: padded(columns) }, scores, count, zeros);
      kernels.softmax(scores.address, count, seen * 4, growth, padded(columns) * 4, scores.stride, 1 / Math.sqrt(width));
      multiply(scores, { ...values, k: columns }, to, count, zeros);
    };
    const at = (x: T, row: number, head: number, stride: number): Strided => ({ address: x.address + (row * x.cols + head * width) * 4, stride });
    if (single) {
      for (let i = 0; i < perGroup; i += BLOCK_ROWS) {
        const head = group * perGroup + i;
        attendRows(at(qkv, start, head, width * 4), at(y, start, head, width * 4), Math.min(BLOCK_ROWS, perGroup - i), cache.length, 0);
      }
      continue;
    }
    for (let head = group * perGroup; head < (group + 1) * perGroup; head += 1) {
      for (let row = 0; row < rows; row += BLOCK_ROWS) {
        attendRows(at(qkv, start + row, head, qkv.cols * 4), at(y, start + row, head, y.cols * 4), Math.min(BLOCK_ROWS, rows - row), before + row + 1, 4);
      }
    }
  }
}
