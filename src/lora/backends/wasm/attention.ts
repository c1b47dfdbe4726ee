/**
 * Attention of packed sequences, head by head, as products. A causal head is computed in blocks of rows, each against the columns up to its
 * own end, which saves half of a long sequence's work; what the mask hides within a block the softmax sets to zero.
 */
import type { AttentionSaved, AttentionShape, Backend, Layout } from '../../ops.ts';
import type { Machine, Packed, Strided, WasmTensor } from './machine.ts';
import { padded } from './machine.ts';

type T = WasmTensor;

interface Saved extends AttentionSaved<T> {
  readonly qkv: T;
}

/** Rows of a causal head that are computed together: whole tiles of a product. */
export const BLOCK_ROWS = 48;

export function attentionOps(machine: Machine): Pick<Backend<T>, 'attention' | 'attentionBackward'> {
  const { make, arena } = machine;
  return {
    attention(qkv: T, layout: Layout, shape: AttentionShape) {
      const y = make(qkv.rows, shape.heads * shape.width);
      const probabilities = make(1, scoreCount(layout, shape.heads));
      eachGroup(layout, shape, (group) => arena.scoped(() => attend(machine, group, shape, qkv, y, probabilities)));
      const saved: Saved = { qkv, probabilities };
      return { y, saved };
    },
    attentionBackward(dy: T, saved: AttentionSaved<T>, layout: Layout, shape: AttentionShape) {
      const { qkv, probabilities } = saved as Saved;
      const dqkv = make(qkv.rows, qkv.cols);
      eachGroup(layout, shape, (group) => arena.scoped(() => attendBackward(machine, group, shape, qkv, probabilities, dy, dqkv)));
      return dqkv;
    },
  };
}

/** The query heads of one sequence that share a key and a value head. */
interface Group {
  readonly start: number;
  readonly length: number;
  /** First columns in a row of queries, keys and values. */
  readonly queries: readonly number[];
  readonly key: number;
  readonly value: number;
  /** Where the scores of its first head begin, in numbers. */
  readonly scores: number;
}

/** Rows of scores are whole panels, so that no product of theirs has a ragged edge. */
const scoresPerHead = (length: number): number => length * padded(length);

function scoreCount({ starts }: Layout, heads: number): number {
  let count = 0;
  for (let i = 1; i < starts.length; i += 1) count += heads * scoresPerHead(starts[i]! - starts[i - 1]!);
  return count;
}

function eachGroup({ starts }: Layout, { heads, kvHeads, width }: AttentionShape, visit: (group: Group) => void): void {
  const perGroup = heads / kvHeads;
  let scores = 0;
  for (let i = 1; i < starts.length; i += 1) {
    const [start, length] = [starts[i - 1]!, starts[i]! - starts[i - 1]!];
    for (let group = 0; group < kvHeads; group += 1) {
      const queries = Array.from({ length: perGroup }, (_, j) => (group * perGroup + j) * width);
      visit({ start, length, queries, key: (heads + group) * width, value: (heads + kvHeads + group) * width, scores });
      scores += perGroup * scoresPerHead(length);
    }
  }
}

/** Part of a matrix, from a row and a column on. */
const at = (x: T, row: number, first: number): Strided => ({ address: x.address + (row * x.cols + first) * 4, stride: x.cols * 4 });
const below = ({ address, stride }: Strided, rows: number): Strided => ({ address: address + rows * stride, stride });

/** Visits the blocks of a head's rows: the first row, how many, and how many columns they see. */
function eachBlock(length: number, causal: boolean, visit: (row: number, rows: number, columns: number) => void): void {
  const block = causal ? BLOCK_ROWS : length;
  for (let row = 0; row < length; row += block) {
    const rows = Math.min(block, length - row);
    visit(row, rows, causal ? row + rows : length);
  }
}

/** [length, width] of keys or values as B of a product; `across` makes it [width, length], whole panels of columns. */
const packRows = ({ pack }: Machine, x: Strided, length: number, width: number): Packed => pack(x.address, x.stride, 4, length, width);
const packAcross = ({ pack }: Machine, x: Strided, length: number, width: number): Packed => {
  const { address, panel } = pack(x.address, 4, x.stride, width, length);
  return { address, k: width, n: padded(length), panel };
};
/** The first of a packed matrix' rows or columns; mostly all. */
const firstRows = (b: Packed, k: number): Packed => (k === b.k ? b : { address: b.address, k, n: b.n, panel: b.panel });
const firstColumns = (b: Packed, n: number): Packed => (n === b.n ? b : { address: b.address, k: b.k, n, panel: b.panel });

/** y = softmax(q kᵀ / √width) v */
function attend(machine: Machine, group: Group, { width, causal }: AttentionShape, qkv: T, y: T, probabilities: T): void {
  const { kernels, multiply, zeros } = machine;
  const { start, length, queries, scores } = group;
  const stride = padded(length) * 4;
  const keys = packAcross(machine, at(qkv, start, group.key), length, width);
  const values = packRows(machine, at(qkv, start, group.value), length, width);
  queries.forEach((query, i) => {
    const [q, to] = [at(qkv, start, query), at(y, start, query)];
    const p = { address: probabilities.address + (scores + i * scoresPerHead(length)) * 4, stride };
    eachBlock(length, causal, (row, rows, columns) => {
      const block = below(p, row);
      multiply(below(q, row), firstColumns(keys, padded(columns)), block, rows, zeros);
      kernels.softmax(block.address, rows, (causal ? row + 1 : length) * 4, causal ? 4 : 0, padded(columns) * 4, stride, 1 / Math.sqrt(width));
      multiply(block, firstRows(values, columns), below(to, row), rows, zeros);
    });
  });
}

/** Heads of a group, and the blocks of a head, add up in dk and dv. */
function attendBackward(machine: Machine, group: Group, { width, causal }: AttentionShape, qkv: T, probabilities: T, dyAll: T, dqkv: T): void {
  const { arena, kernels, multiply, zeros } = machine;
  const { start, length, queries, scores } = group;
  const stride = padded(length) * 4;
  const [dk, dv] = [at(dqkv, start, group.key), at(dqkv, start, group.value)];
  const keys = packRows(machine, at(qkv, start, group.key), length, width);
  const values = packAcross(machine, at(qkv, start, group.value), length, width);
  const oneBlock = !causal || length <= BLOCK_ROWS;
  if (!oneBlock) for (const x of [dk, dv]) for (let row = 0; row < length; row += 1) arena.floats().fill(0, below(x, row).address / 4, below(x, row).address / 4 + width);
  const ds = { address: arena.allocate(Math.min(length, causal ? BLOCK_ROWS : length) * padded(length)), stride };
  queries.forEach((query, i) => {
    const [q, dq, dy] = [at(qkv, start, query), at(dqkv, start, query), at(dyAll, start, query)];
    const p = { address: probabilities.address + (scores + i * scoresPerHead(length)) * 4, stride };
    const started = (x: Strided): Strided => (oneBlock && i === 0 ? zeros : x);
    eachBlock(length, causal, (row, rows, columns) =>
      arena.scoped(() => {
        const block = below(p, row);
        multiply(block, packRows(machine, below(dy, row), rows, width), dv, columns, started(dv), true);
        multiply(below(dy, row), firstColumns(values, padded(columns)), ds, rows, zeros);
        kernels.softmaxBackward(block.address, ds.address, rows, padded(columns) * 4, stride, 1 / Math.sqrt(width));
        multiply(ds, firstRows(keys, columns), below(dq, row), rows, zeros);
        multiply(ds, packRows(machine, below(q, row), rows, width), dk, columns, started(dk), true);
      }),
    );
  });
}
