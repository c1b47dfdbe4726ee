/**
 * Batches of static shapes: rows packed into bins of one width, a number of bins that takes few values. XLA compiles a function for
 * each shape, so a batch that has a shape of its own costs seconds.
 */
import type { Batch, EncodedRow } from '../../batches.ts';
import { NO_TARGET } from '../../ops.ts';

/** A packed batch, and for each of its rows the row's number in the list it came from, or -1 for one that only fills. */
export interface BinnedBatch extends Batch {
  readonly numbers: Int32Array;
}

export interface BinOptions {
  /** Rows of one batch, tokens and filling, at most; one bin may be more. */
  readonly most: number;
  /** The narrowest bin. */
  readonly least: number;
  /** Whether a row has a target for each of its tokens: one that fills then has, too. */
  readonly perToken: boolean;
}

const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));

/** 1, 2, 3, 4, 6, 8, 12, 16 ...: a quarter is filled in vain at worst. */
export function roundBins(count: number): number {
  const up = powerOfTwo(count);
  return count <= (up * 3) / 4 && up >= 4 ? (up * 3) / 4 : up;
}

/** `totalWeight` is that of the whole batch that the rows are part of. */
export function packBins(rows: readonly EncodedRow[], totalWeight: number, { most, least, perToken }: BinOptions): BinnedBatch[] {
  if (rows.length === 0) return [];
  const width = Math.max(least, powerOfTwo(rows.reduce((longest, { tokens }) => Math.max(longest, tokens.length), 1)));
  const bins = fill(rows, width);
  const each = Math.max(1, 2 ** Math.floor(Math.log2(most / width)));
  const batches: BinnedBatch[] = [];
  for (let from = 0; from < bins.length; from += each) {
    const part = bins.slice(from, from + each);
    while (part.length < Math.min(each, roundBins(part.length))) part.push([]);
    batches.push(concatenate(rows, part, width, totalWeight, perToken));
  }
  return batches;
}

/** First fit, longest first: each row goes into the first bin with room. */
function fill(rows: readonly EncodedRow[], width: number): number[][] {
  const bins: { room: number; rows: number[] }[] = [];
  const order = [...rows.keys()].sort((a, b) => rows[b]!.tokens.length - rows[a]!.tokens.length || a - b);
  for (const i of order) {
    const { length } = rows[i]!.tokens;
    let bin = bins.find(({ room }) => room >= length);
    if (bin === undefined) bins.push((bin = { room: width, rows: [] }));
    bin.rows.push(i);
    bin.room -= length;
  }
  return bins.map((bin) => bin.rows);
}

function concatenate(rows: readonly EncodedRow[], bins: readonly (readonly number[])[], width: number, totalWeight: number, perToken: boolean): BinnedBatch {
  const chosen: EncodedRow[] = [];
  const numbers: number[] = [];
  for (const bin of bins) {
    let room = width;
    for (const i of bin) {
      chosen.push(rows[i]!);
      numbers.push(i);
      room -= rows[i]!.tokens.length;
    }
    if (room > 0) {
      chosen.push({ tokens: new Int32Array(room), targets: new Int32Array(perToken ? room : 1).fill(NO_TARGET), weight: 0 });
      numbers.push(-1);
    }
  }
  const starts = new Int32Array(chosen.length + 1);
  const [tokens, positions] = [new Int32Array(bins.length * width), new Int32Array(bins.length * width)];
  chosen.forEach((row, i) => {
    starts[i + 1] = starts[i]! + row.tokens.length;
    tokens.set(row.tokens, starts[i]!);
    for (let j = 0; j < row.tokens.length; j += 1) positions[starts[i]! + j] = j;
  });
  return { tokens, positions, layout: { starts, width }, rows: chosen, share: 1 / totalWeight, numbers: Int32Array.from(numbers) };
}
