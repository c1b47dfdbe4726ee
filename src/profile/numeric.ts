/**
 * The numeric column: an exact histogram over bins whose edges are quantiles of the reference, with sum and sum of squares.
 * Sums are held in units of 2^-20, rounded once per value, so that they are integers: a float sum would depend on the order
 * of the rows, and merge and subtract would not be exact.
 */

export const UNIT = 2 ** 20;
export const EDGES = 255;
const CELLS = 1024;

export interface NumericCounts {
  /** Values in [0, 1]; the other rows are in `nulls` or `nonFinite`. */
  count: number;
  /** Sum of the values, and of their squares, in units of 2^-20. */
  sum: number;
  squares: number;
  nulls: number;
  /** Values that are no number in [0, 1]. */
  nonFinite: number;
  /** `bins[i]` counts values v with edges[i - 1] <= v < edges[i]. */
  readonly bins: Float64Array;
}

/** Edges, and for each of 1,024 equal cells of [0, 1] how many edges lie at or below its start: the search begins there. */
export interface Bins {
  readonly edges: Float64Array;
  readonly cells: Uint16Array;
}

export function emptyNumeric(edges: number): NumericCounts {
  return { count: 0, sum: 0, squares: 0, nulls: 0, nonFinite: 0, bins: new Float64Array(edges + 1) };
}

/** Up to 255 distinct edges at the 256-quantiles of the values; none of no values. */
export function quantileEdges(values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return new Float64Array(0);
  const edges = Array.from({ length: EDGES }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / (EDGES + 1))] ?? 0);
  return Float64Array.from(new Set(edges));
}

export function binsOf(edges: Float64Array): Bins {
  const cells = new Uint16Array(CELLS + 2);
  let below = 0;
  for (let cell = 0; cell <= CELLS; cell++) {
    while (below < edges.length && (edges[below] as number) <= cell / CELLS) below++;
    cells[cell] = below;
  }
  cells[CELLS + 1] = edges.length;
  return { edges, cells };
}

/** Counts one value. The hot path: no allocation. */
export function observeNumber(counts: NumericCounts, bins: Bins, value: number | null): void {
  if (value === null) {
    counts.nulls++;
    return;
  }
  if (!(value >= 0 && value <= 1)) {
    counts.nonFinite++;
    return;
  }
  counts.count++;
  counts.sum += Math.round(value * UNIT);
  counts.squares += Math.round(value * value * UNIT);
  const bin = binOf(bins, value);
  counts.bins[bin] = (counts.bins[bin] as number) + 1;
}

/** How many edges are at or below the value: within its cell by halving. */
function binOf({ edges, cells }: Bins, value: number): number {
  const cell = (value * CELLS) | 0;
  let low = cells[cell] as number;
  let high = cells[cell + 1] as number;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
