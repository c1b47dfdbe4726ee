/**
 * Batches without padding. A batch is one matrix of all its tokens; large ones are cut into micro-batches, whose gradients add up
 * to exactly the batch's, since every row carries its share of the batch's weight.
 */
import type { Layout } from './ops.ts';
import type { Random } from './random.ts';
import { shuffle } from './random.ts';

/**
 * One text, encoded. `targets`, by head: sequence: its class, or -1; multilabel: the labels that hold; tokens: one tag for each token, -1 where none is
 * asked for; vocabulary: the token that should follow each, -1 on the prompt; pooled: none.
 */
export interface EncodedRow {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  readonly weight: number;
  /** Of a query to learn from: the right document, then wrong ones. */
  readonly documents?: readonly Int32Array[];
  /** Of a text whose vector's gradient is known. */
  readonly gradient?: Float32Array;
}

/** Rows of one forward pass. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly layout: Layout;
  readonly rows: readonly EncodedRow[];
  /** One over the weight of the whole batch that these rows are part of: a row's weight times this is its share in the mean loss. */
  readonly share: number;
}

/**
 * Indices of the rows of each batch of an epoch, in seeded order; the last may be smaller. With a window, rows of about the same length come
 * together: those of `window` batches are sorted by length before they are dealt out, and the batches shuffled again.
 */
export function epochBatches(lengths: readonly number[], batchSize: number, uniform: Random, window = 1): Int32Array[] {
  const order = shuffle(Int32Array.from(lengths.keys()), uniform);
  const span = window * batchSize;
  if (window > 1) for (let from = 0; from < order.length; from += span) order.subarray(from, from + span).sort((i, j) => lengths[i]! - lengths[j]! || i - j);
  const batches = Array.from({ length: Math.ceil(lengths.length / batchSize) }, (_, i) => order.subarray(i * batchSize, (i + 1) * batchSize));
  return window > 1 ? Array.from(shuffle(Int32Array.from(batches.keys()), uniform), (i) => batches[i]!) : batches;
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
  return { tokens, positions, layout: { starts }, rows, share: 1 / totalWeight };
}
