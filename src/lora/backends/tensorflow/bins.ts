/**
 * Batches of static shapes: rows packed into bins of one width, a number of bins that takes few values. XLA compiles a function for
 * each shape, so a batch that has a shape of its own costs seconds. A training deals its rows so that all its batches have one.
 */
import type { Batch, EncodedRow } from '../../batches.ts';
import { NO_TARGET } from '../../ops.ts';
import type { Random } from '../../random.ts';
import { shuffle } from '../../random.ts';
import type { Dealer } from '../../team.ts';

/** A packed batch, and for each of its rows the row's number in the list it came from, or -1 for one that only fills. */
export interface BinnedBatch extends Batch {
  readonly numbers: Int32Array;
}

/** What all batches of a training share. */
export interface Shape {
  /** Tokens of a bin. */
  readonly width: number;
  /** Of one step. */
  readonly bins: number;
}

export interface BinOptions {
  /** Tokens of one batch, filling included, at most; one bin may be more. */
  readonly most: number;
  /** The narrowest bin. */
  readonly least: number;
  /** Whether a row has a target for each of its tokens: one that fills then has, too. */
  readonly perToken: boolean;
  /** Whether a token sees nothing behind it. */
  readonly causal: boolean;
  /** Where the rows are a step that was dealt (deal): they come bin by bin. */
  readonly shape?: Shape;
}

const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));
const longestOf = (lengths: readonly number[]): number => lengths.reduce((a, b) => Math.max(a, b), 1);

/** 1, 2, 3, 4, 6, 8, 12, 16 ...: a quarter is filled in vain at worst. */
export function roundBins(count: number): number {
  const up = powerOfTwo(count);
  return count <= (up * 3) / 4 && up >= 4 ? (up * 3) / 4 : up;
}

/** `totalWeight` is that of the whole batch that the rows are part of. */
export function packBins(rows: readonly EncodedRow[], totalWeight: number, { most, least, perToken, causal, shape }: BinOptions): BinnedBatch[] {
  if (rows.length === 0) return [];
  const lengths = rows.map(({ tokens }) => tokens.length);
  const width = shape?.width ?? Math.max(least, powerOfTwo(longestOf(lengths)));
  const bins = shape === undefined ? fill(lengths, width) : inOrder(lengths, width);
  const count = shape === undefined ? roundBins(bins.length) : Math.max(shape.bins, bins.length);
  const each = Math.max(1, Math.floor(most / width));
  const size = Math.ceil(count / Math.ceil(count / each));
  const single = causal && bins.every(({ length }) => length <= 1);
  return Array.from({ length: Math.ceil(bins.length / size) }, (_, i) => {
    const part = bins.slice(i * size, (i + 1) * size);
    while (part.length < size) part.push([]);
    return concatenate(rows, part, width, single, totalWeight, perToken);
  });
}

/** Numbers of the rows of each bin: longest first, each into the fullest bin that has room. */
function fill(lengths: readonly number[], width: number): number[][] {
  const bins: number[][] = [];
  /** Bins by the room that they have left. */
  const byRoom: number[][] = Array.from({ length: width + 1 }, () => []);
  for (const i of [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b)) {
    let room = lengths[i]!;
    while (room <= width && byRoom[room]!.length === 0) room += 1;
    const bin = room <= width ? byRoom[room]!.pop()! : bins.push([]) - 1;
    bins[bin]!.push(i);
    byRoom[Math.min(room, width) - lengths[i]!]!.push(bin);
  }
  return bins;
}

/** Rows that come bin by bin: as many in each as fit, which makes no more bins than they came in. */
function inOrder(lengths: readonly number[], width: number): number[][] {
  const bins: number[][] = [];
  let room = 0;
  lengths.forEach((length, i) => {
    if (bins.length === 0 || length > room) [room] = [width, bins.push([])];
    bins.at(-1)!.push(i);
    room -= length;
  });
  return bins;
}

export interface Deal extends Dealer {
  readonly shape: Shape;
}

/** A share of tokens that are rows' own with which a width is good enough. */
const FULL = 0.97;
/** Rows by which a width is chosen: each that is tried packs them anew. */
const SAMPLE = 10_000;

/** The narrowest width, from that of the longest row to twice it, that rows fill; or the one that they fill best. */
function widthFor(lengths: readonly number[], narrowest: number, step: number): number {
  const total = lengths.reduce((a, b) => a + b, 0);
  let best = { width: narrowest, share: 0 };
  for (let width = narrowest; width <= 2 * narrowest && best.share < FULL; width += step) {
    const share = total / (fill(lengths, width).length * width);
    if (share > best.share) best = { width, share };
  }
  return best.width;
}

/**
 * Rows in bins, and bins in batches of one shape, which hold about `batchSize` rows: XLA compiles a step once, and hardly a token only fills. Which rows
 * share a bin is settled once, in seeded order; each epoch shuffles the bins.
 */
export function deal(lengths: readonly number[], batchSize: number, least: number, uniform: Random): Deal {
  const order = shuffle(Int32Array.from(lengths.keys()), uniform);
  const shuffled = Array.from(order, (i) => lengths[i]!);
  const width = widthFor(shuffled.slice(0, SAMPLE), Math.ceil(longestOf(lengths) / least) * least, least);
  const bins = fill(shuffled, width);
  const perBatch = Math.max(1, Math.min(bins.length, Math.round((batchSize * bins.length) / Math.max(1, lengths.length))));
  const batches = Math.ceil(bins.length / perBatch);
  return {
    shape: { width, bins: perBatch },
    batches,
    epoch(again) {
      const mixed = Array.from(shuffle(Int32Array.from(bins.keys()), again), (i) => bins[i]!);
      return Array.from({ length: batches }, (_, i) => Int32Array.from(mixed.slice(i * perBatch, (i + 1) * perBatch).flat(), (j) => order[j]!));
    },
  };
}

function concatenate(rows: readonly EncodedRow[], bins: readonly (readonly number[])[], width: number, single: boolean, totalWeight: number, perToken: boolean): BinnedBatch {
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
  return { tokens, positions, layout: { starts, width, single }, rows: chosen, share: 1 / totalWeight, numbers: Int32Array.from(numbers) };
}
