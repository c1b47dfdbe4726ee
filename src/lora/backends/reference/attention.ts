/** Attention of packed sequences, and of one step of a sequence that is being generated. */
import type { AttentionSaved, AttentionShape, Backend, Cache, Layout } from '../../ops.ts';
import type { Make, ReferenceTensor } from './tensor.ts';
import { addRow, dotProduct } from './tensor.ts';

type T = ReferenceTensor;

interface Saved extends AttentionSaved<T> {
  readonly qkv: T;
}

interface ReferenceCache extends Cache {
  /** [capacity, kvHeads x width] */
  readonly keys: T;
  readonly values: T;
}

export function attentionOps(make: Make): Pick<Backend<T>, 'attention' | 'attentionBackward' | 'cache' | 'attentionStep'> {
  return {
    attention(qkv: T, layout: Layout, shape: AttentionShape) {
      const y = make(qkv.rows, shape.heads * shape.width);
      const probabilities = make(1, probabilityCount(layout, shape.heads));
      eachHead(layout, shape, ({ start, length, query, key, value, at }) => {
        for (let i = 0; i < length; i += 1) {
          const visible = shape.causal ? i + 1 : length;
          const scores = Array.from({ length: visible }, (_, j) => dotProduct(qkv, start + i, query, qkv, start + j, key, shape.width) / Math.sqrt(shape.width));
          softmax(scores).forEach((p, j) => {
            probabilities.data[at + i * length + j] = p;
            addRow(y, start + i, query, qkv, start + j, value, shape.width, p);
          });
        }
      });
      const saved: Saved = { qkv, probabilities };
      return { y, saved };
    },
    attentionBackward(dy: T, saved: AttentionSaved<T>, layout: Layout, shape: AttentionShape) {
      const { qkv, probabilities } = saved as Saved;
      const { width } = shape;
      const dqkv = make(qkv.rows, qkv.cols);
      eachHead(layout, shape, ({ start, length, query, key, value, at }) => {
        for (let i = 0; i < length; i += 1) {
          const p = probabilities.data.subarray(at + i * length, at + (i + 1) * length);
          const dp = Array.from(p, (_, j) => dotProduct(dy, start + i, query, qkv, start + j, value, width));
          const mean = dp.reduce((sum, d, j) => sum + d * p[j]!, 0);
          dp.forEach((d, j) => {
            const ds = (p[j]! * (d - mean)) / Math.sqrt(width);
            addRow(dqkv, start + i, query, qkv, start + j, key, width, ds);
            addRow(dqkv, start + j, key, qkv, start + i, query, width, ds);
            addRow(dqkv, start + j, value, dy, start + i, query, width, p[j]!);
          });
        }
      });
      return dqkv;
    },
    cache(capacity, { kvHeads, width }): ReferenceCache {
      return { capacity, length: 0, keys: make(capacity, kvHeads * width), values: make(capacity, kvHeads * width) };
    },
    attentionStep(qkv, layout, caches, shape) {
      const { heads, kvHeads, width } = shape;
      const y = make(qkv.rows, heads * width);
      (caches as readonly ReferenceCache[]).forEach((cache, sequence) => {
        for (let row = layout.starts[sequence]!; row < layout.starts[sequence + 1]!; row += 1) {
          addRow(cache.keys, cache.length, 0, qkv, row, heads * width, kvHeads * width, 1);
          addRow(cache.values, cache.length, 0, qkv, row, (heads + kvHeads) * width, kvHeads * width, 1);
          cache.length += 1;
          for (let head = 0; head < heads; head += 1) {
            const column = Math.floor((head * kvHeads) / heads) * width;
            const scores = Array.from({ length: cache.length }, (_, j) => dotProduct(qkv, row, head * width, cache.keys, j, column, width) / Math.sqrt(width));
            softmax(scores).forEach((p, j) => addRow(y, row, head * width, cache.values, j, column, width, p));
          }
        }
      });
      return y;
    },
  };
}

function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
  return scores.map((score) => Math.exp(score - most) / total);
}

/** Numbers in the saved probabilities of a batch: heads x length² for each sequence. */
function probabilityCount({ starts }: Layout, heads: number): number {
  let count = 0;
  for (let i = 1; i < starts.length; i += 1) count += heads * (starts[i]! - starts[i - 1]!) ** 2;
  return count;
}

/** One head of one sequence: its rows, the columns where its query, key and value begin, and where its probabilities do. */
interface Head {
  readonly start: number;
  readonly length: number;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly at: number;
}

function eachHead({ starts }: Layout, { heads, kvHeads, width }: AttentionShape, visit: (head: Head) => void): void {
  let at = 0;
  for (let i = 1; i < starts.length; i += 1) {
    const length = starts[i]! - starts[i - 1]!;
    for (let head = 0; head < heads; head += 1) {
      const group = Math.floor((head * kvHeads) / heads);
      visit({ start: starts[i - 1]!, length, query: head * width, key: (heads + group) * width, value: (heads + kvHeads + group) * width, at });
      at += length * length;
    }
  }
}
