/**
 * The numeric column: an exact histogram over up to 256 bins whose edges are quantiles of the reference, with what lay outside the
 * reference's range, what was no number, and moments. Moments are of the value's place in [0, 1], where 0 and 1 are one range
 * of the reference below its least and above its greatest value, held in units of 2^-20 and rounded once per value: integers, so that
 * sums do not depend on the order of the rows, and bounded, so that an e-detector may bet on them.
 */
import { addArrays, addFields, requireSameShape, type Sign } from '../add.ts';
import { readFields, readSize, readSparse, writeNumber, writeSparse, type Reader, type Writer } from '../bytes.ts';
import { EDGES, quantileEdges, UNIT } from '../numeric.ts';

export interface NumberLayout {
  readonly kind: 'number';
  /** Values below are `under`, above are `over`: the reference's least and greatest. */
  readonly least: number;
  readonly greatest: number;
  /** Values that stand at 0 and at 1. */
  readonly low: number;
  readonly high: number;
  /** Ascending, up to 255. */
  readonly edges: Float64Array;
  /** Made from the rest for fast counting; not stored. */
  readonly cells: Cells;
  readonly perWidth: number;
}

/** For each of 1,024 equal cells between the first and the last edge, how many edges lie in the cells before it: the search begins there. */
interface Cells {
  readonly first: number;
  readonly last: number;
  readonly perCell: number;
  readonly before: Uint16Array;
}

export interface NumberCounts {
  readonly kind: 'number';
  /** Finite values; the other rows are in `nulls`, `nonFinite` or `mistyped`. */
  count: number;
  /** Sum of the places, and of their squares, in units of 2^-20. */
  sum: number;
  squares: number;
  under: number;
  over: number;
  /** The row has no value. */
  nulls: number;
  nonFinite: number;
  /** The value is of another type: a breach of contract, not drift. */
  mistyped: number;
  /** `bins[i]` counts values v with edges[i - 1] <= v < edges[i]; under and over are in the first and the last. */
  readonly bins: Float64Array;
}

const CELLS = 1_024;
/** Keeps the width of the range finite. */
const FARTHEST = 8e307;

/** A layout by finite values; `range` where what stands at 0 and 1 is known beforehand. */
export function numberLayout(values: readonly number[], range?: readonly [low: number, high: number]): NumberLayout {
  const edges = quantileEdges(values).map((edge) => edge + 0);
  const least = values.reduce((least, value) => Math.min(least, value), values[0] ?? 0) + 0;
  const greatest = values.reduce((greatest, value) => Math.max(greatest, value), values[0] ?? 0) + 0;
  const width = greatest > least ? greatest - least : Math.max(1, Math.abs(least));
  const [low, high] = range ?? [Math.max(-FARTHEST, least - width), Math.min(FARTHEST, greatest + width)];
  return { kind: 'number', least, greatest, low, high, edges, ...countingOf({ low, high, edges }) };
}

/** What makes counting fast. */
export function countingOf({ low, high, edges }: Pick<NumberLayout, 'low' | 'high' | 'edges'>): Pick<NumberLayout, 'cells' | 'perWidth'> {
  return { cells: cellsOf(edges), perWidth: 1 / (high - low) };
}

function cellsOf(edges: Float64Array): Cells {
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0];
  const perCell = last > first && Number.isFinite(CELLS / (last - first)) ? CELLS / (last - first) : 0;
  const before = new Uint16Array(CELLS + 2);
  let below = 0;
  for (let cell = 0; cell <= CELLS + 1; cell++) {
    // the same expression as for values: rounding moves both alike, so that a value's edges are searched where they are
    while (below < edges.length && (((edges[below] as number) - first) * perCell | 0) < cell) below++;
    before[cell] = below;
  }
  return { first, last, perCell, before };
}

export function emptyNumber(edges: number): NumberCounts {
  return { kind: 'number', count: 0, sum: 0, squares: 0, under: 0, over: 0, nulls: 0, nonFinite: 0, mistyped: 0, bins: new Float64Array(edges + 1) };
}

/** Counts a value of any type. The hot path: no allocation. */
export function observeNumber(counts: NumberCounts, layout: NumberLayout, value: unknown): void {
  if (typeof value === 'number') countNumber(counts, layout, value);
  else if (value === null || value === undefined) counts.nulls++;
  else counts.mistyped++;
}

/**
 * Counts the values of one column of many rows; NaN and infinities are `nonFinite`. The same counts as one by one: sums are whole
 * numbers, so they may be gathered in variables, which stay in registers, and added at the end.
 */
export function observeNumbers(counts: NumberCounts, layout: NumberLayout, values: Float64Array): void {
  const { least, greatest } = layout;
  const { bins } = counts;
  let [count, sum, squares, under, over] = [0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value - value !== 0) continue;
    count++;
    if (value < least) under++;
    else if (value > greatest) over++;
    const place = placeOf(layout, value);
    sum += Math.floor(place * UNIT + 0.5);
    squares += Math.floor(place * place * UNIT + 0.5);
    const bin = binOf(layout, value);
    bins[bin] = (bins[bin] as number) + 1;
  }
  counts.count += count;
  counts.nonFinite += values.length - count;
  counts.sum += sum;
  counts.squares += squares;
  counts.under += under;
  counts.over += over;
}

function countNumber(counts: NumberCounts, layout: NumberLayout, value: number): void {
  if (value - value !== 0) {
    counts.nonFinite++;
    return;
  }
  counts.count++;
  if (value < layout.least) counts.under++;
  else if (value > layout.greatest) counts.over++;
  const place = placeOf(layout, value);
  // + 0.5 and down: the same as rounding, of what is not below 0
  counts.sum += Math.floor(place * UNIT + 0.5);
  counts.squares += Math.floor(place * place * UNIT + 0.5);
  const bin = binOf(layout, value);
  counts.bins[bin] = (counts.bins[bin] as number) + 1;
}

/** Where a value stands between `low` and `high`, in [0, 1]. */
export function placeOf({ low, high, perWidth }: NumberLayout, value: number): number {
  if (value <= low) return 0;
  const place = (value - low) * perWidth;
  // above 1 by rounding, too
  return value >= high || place > 1 ? 1 : place;
}

/** How many edges are at or below the value: within its cell by halving. */
function binOf({ edges, cells }: NumberLayout, value: number): number {
  if (value < cells.first || edges.length === 0) return 0;
  if (value >= cells.last) return edges.length;
  const cell = ((value - cells.first) * cells.perCell) | 0;
  let low = cells.before[cell] as number;
  let high = cells.before[cell + 1] as number;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function rowsOfNumber({ count, nulls, nonFinite, mistyped }: NumberCounts): number {
  return count + nulls + nonFinite + mistyped;
}

const FIELDS = ['count', 'sum', 'squares', 'under', 'over', 'nulls', 'nonFinite', 'mistyped'] as const;

export function addNumber(total: NumberCounts, part: NumberCounts, sign: Sign): void {
  requireSameShape('bins or labels', total.bins.length === part.bins.length);
  addFields(total, part, FIELDS, sign);
  addArrays(total.bins, part.bins, sign);
}

export function writeNumberCounts(writer: Writer, counts: NumberCounts): void {
  writeNumber(writer, counts.bins.length - 1);
  for (const field of FIELDS) writeNumber(writer, counts[field]);
  writeSparse(writer, counts.bins);
}

export function readNumberCounts(reader: Reader): NumberCounts {
  const counts = emptyNumber(readSize(reader, EDGES, 'edges'));
  readFields(reader, counts, FIELDS);
  readSparse(reader, counts.bins);
  return counts;
}
