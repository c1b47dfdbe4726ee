/**
 * Makes a line drawable: of all points between two neighbouring pixels it keeps the first, the lowest, the highest and the last, so
 * that the line drawn is the same to the pixel however many points there are (M4: Jugel et al., VLDB 2014). Points are picked by
 * their place in time, so panning does not make them jump.
 */

/** Columns of equal length: the first rises, null is a gap. */
export type Columns = readonly (readonly (number | null)[])[];

/** First index whose value is at least `at`, in a rising column. */
export function firstAtLeast(column: ArrayLike<number>, at: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((column[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The points of [from, to] and one beyond each end, so that lines run off the edge; at most four times `pixels` and two.
 * All columns keep the same rows: those that any of them needs, judged by the columns named in `by`.
 */
export function downsample(columns: Columns, span: { readonly from: number; readonly to: number }, pixels: number, by: readonly number[]): (number | null)[][] {
  const x = columns[0] as readonly number[];
  const start = Math.max(0, firstAtLeast(x, span.from) - 1);
  const end = Math.min(x.length, firstAtLeast(x, span.to) + 1);
  if (end - start <= 2 * pixels) return columns.map((column) => column.slice(start, end));
  const kept = keptRows(columns, x, start, end, (span.to - span.from) / pixels, by);
  return columns.map((column) => kept.map((row) => column[row] ?? null));
}

function keptRows(columns: Columns, x: readonly number[], start: number, end: number, width: number, by: readonly number[]): number[] {
  const kept: number[] = [];
  const rows: number[] = [];
  for (let row = start; row < end; ) {
    // aligned to the axis, not to the first point
    const limit = (Math.floor((x[row] as number) / width) + 1) * width;
    let stop = row + 1;
    while (stop < end && (x[stop] as number) < limit) stop++;
    rows.length = 0;
    rows.push(row);
    if (stop - row > 2) for (const column of by) addExtremes(rows, columns[column] as readonly (number | null)[], row, stop);
    if (stop - row > 1) rows.push(stop - 1);
    rows.sort(ascending);
    for (const each of rows) if (each !== kept[kept.length - 1]) kept.push(each);
    row = stop;
  }
  return kept;
}

const ascending = (a: number, b: number) => a - b;

function addExtremes(rows: number[], column: readonly (number | null)[], start: number, stop: number): void {
  let [low, high] = [-1, -1];
  for (let row = start; row < stop; row++) {
    const value = column[row];
    if (value === null || value === undefined) continue;
    if (low < 0 || value < (column[low] as number)) low = row;
    if (high < 0 || value > (column[high] as number)) high = row;
  }
  if (low >= 0) rows.push(low, high);
}

/** Buckets of the coarse copy; a stretch of a quarter of all still has more of them than half the pixels of a wide screen. */
const COARSE = 2_048;
const FEWEST = 16_384;

export type Sampler = (span: { readonly from: number; readonly to: number }, pixels: number) => (number | null)[][];

/**
 * Downsamples the same columns again and again, as while zooming: wide stretches are taken from a coarse copy that is made once, so that a
 * frame looks at a quarter of the points at most. The copy keeps each extreme, so none is lost.
 */
export function createSampler(columns: Columns, by: readonly number[]): Sampler {
  const x = columns[0] as readonly number[];
  const whole = { from: x[0] ?? 0, to: x[x.length - 1] ?? 0 };
  let coarse: Columns | null = null;
  return (span, pixels) => {
    const wide = x.length >= FEWEST && (span.to - span.from) * 4 >= whole.to - whole.from;
    if (!wide) return downsample(columns, span, pixels, by);
    coarse ??= downsample(columns, whole, COARSE, by);
    return downsample(coarse, span, pixels, by);
  };
}
