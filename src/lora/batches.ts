/**
 * Batches without padding. A batch is one matrix of all its tokens; large ones are cut into micro-batches, whose gradients add up
 * to exactly the batch's, since every row carries its share of the batch's weight.
 */
import type { Layout } from './ops.ts';
import type { Random } from './random.ts';
import { shuffle } from './random.ts';

/** One text, encoded. `target` is -1 when the head does not know the label. */
export interface EncodedRow {
  readonly tokens: Int32Array;
  readonly target: number;
  readonly weight: number;
}

/** Rows of one forward pass. `weights` sum to at most 1: the row's share in the mean loss of the whole batch. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly layout: Layout;
  readonly targets: Int32Array;
  readonly weights: Float64Array;
}

/** Indices of the rows of each batch of an epoch, in seeded order. The last batch may be smaller. */
export function epochBatches(rows: number, batchSize: number, uniform: Random): Int32Array[] {
  const order = shuffle(Int32Array.from({ length: rows }, (_, i) => i), uniform);
  return Array.from({ length: Math.ceil(rows / batchSize) }, (_, i) => order.subarray(i * batchSize, (i + 1) * batchSize));
}

/** Rows shared out so that every worker gets about the same number of tokens: longest first, to whoever has least. */
export function share<Row extends { readonly tokens: Int32Array }>(rows: readonly Row[], workers: number): Row[][] {
  const shares: Row[][] = Array.from({ length: workers }, () => []);
  const load = new Array<number>(workers).fill(0);
  for (const row of rows.toSorted((a, b) => b.tokens.length - a.tokens.length)) {
    const least = load.indexOf(Math.min(...load));
    shares[least]!.push(row);
    load[least]! += row.tokens.length;
  }
  return shares;
}

/** Cuts rows into packed batches of at most `limit` tokens (or one row). */
export function pack(rows: readonly EncodedRow[], limit: number, totalWeight: number): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < rows.length; ) {
    let [to, tokens] = [from, 0];
    while (to < rows.length && (to === from || tokens + rows[to]!.tokens.length <= limit)) tokens += rows[to++]!.tokens.length;
    batches.push(concatenate(rows.slice(from, to), totalWeight));
    from = to;
  }
  return batches;
}

function concatenate(rows: readonly EncodedRow[], totalWeight: number): Batch {
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (starts[i + 1] = starts[i]! + row.tokens.length));
  const tokens = new Int32Array(starts[rows.length]!);
  const positions = new Int32Array(tokens.length);
  rows.forEach((row, i) => {
    tokens.set(row.tokens, starts[i]!);
    for (let j = 0; j < row.tokens.length; j += 1) positions[starts[i]! + j] = j;
  });
  return {
    tokens,
    positions,
    layout: { starts },
    targets: Int32Array.from(rows, (row) => row.target),
    weights: Float64Array.from(rows, (row) => row.weight / totalWeight),
  };
}
