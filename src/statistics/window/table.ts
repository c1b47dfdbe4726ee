/** Two samples counted over the same cells: the bins or categories of a profile, or the distinct values of raw samples. */

export type Counts = ArrayLike<number>;

export interface Table {
  readonly reference: Counts;
  readonly current: Counts;
}

/** Cells in ascending order, each standing at a point: a bin's middle, or the value itself. */
export interface OrderedTable extends Table {
  readonly points: Counts;
}

/** The cells that are not empty on both sides, with their totals. */
export interface Cells {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly n: number;
  readonly m: number;
  /** Empty when the table has none. */
  readonly points: Float64Array;
}

/** Raw numbers. @throws RangeError for NaN: a missing value is counted apart, not compared */
export function tableOf(reference: ArrayLike<number>, current: ArrayLike<number>): OrderedTable {
  const [x, y] = [sorted(reference), sorted(current)];
  const points: number[] = [];
  const counts: [number[], number[]] = [[], []];
  for (let i = 0, j = 0; i < x.length || j < y.length; ) {
    const at = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    const [from, to] = [i, j];
    while (i < x.length && x[i] === at) i++;
    while (j < y.length && y[j] === at) j++;
    points.push(at);
    counts[0].push(i - from);
    counts[1].push(j - to);
  }
  return { points, reference: counts[0], current: counts[1] };
}

/** Raw categories, in the order of their first appearance. */
export function labelTable(reference: readonly string[], current: readonly string[]): Table & { readonly labels: readonly string[] } {
  const at = new Map<string, number>();
  for (const label of [...reference, ...current]) if (!at.has(label)) at.set(label, at.size);
  const count = (labels: readonly string[]) => {
    const counts = new Float64Array(at.size);
    for (const label of labels) counts[at.get(label) as number] = (counts[at.get(label) as number] as number) + 1;
    return counts;
  };
  return { labels: [...at.keys()], reference: count(reference), current: count(current) };
}

/** @throws RangeError when the two sides have different cells: moving bins are no comparison */
export function cellsOf(table: Table & { readonly points?: Counts }): Cells {
  requireSameCells(table);
  const { reference, current, points } = table;
  const kept: number[] = [];
  for (let i = 0; i < reference.length; i++) {
    const [a, b] = [reference[i] as number, current[i] as number];
    requireCounts(a, b);
    if (a + b > 0) kept.push(i);
  }
  const pick = (from: Counts) => Float64Array.from(kept, (i) => from[i] as number);
  const [a, b] = [pick(reference), pick(current)];
  return { a, b, n: total(a), m: total(b), points: points === undefined ? new Float64Array(0) : pick(points) };
}

export function requireSameCells({ reference, current, points }: Table & { readonly points?: Counts }): void {
  if (reference.length === current.length && (points === undefined || points.length === reference.length)) return;
  throw new RangeError(`both samples are counted over the same cells, not over ${reference.length} and ${current.length}`);
}

export function requireCounts(a: number, b: number): void {
  if (!(a >= 0 && b >= 0)) throw new RangeError(`a count is 0 or more, not ${a} and ${b}`);
}

export function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i] as number;
  return sum;
}

function sorted(values: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(values).sort();
  // typed arrays sort NaN to the end
  if (Number.isNaN(copy.at(-1))) throw new RangeError('a sample has NaN: count missing values apart');
  return copy;
}
