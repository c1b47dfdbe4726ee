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
  for (let row = start; row < end; ) {
    // aligned to the axis, not to the first point
    const limit = (Math.floor((x[row] as number) / width) + 1) * width;
    let stop = row + 1;
    while (stop < end && (x[stop] as number) < limit) stop++;
    const rows = new Set([row, stop - 1]);
    for (const column of by) addExtremes(rows, columns[column] as readonly (number | null)[], row, stop);
    kept.push(...[...rows].sort((a, b) => a - b));
    row = stop;
  }
  return kept;
}

function addExtremes(rows: Set<number>, column: readonly (number | null)[], start: number, stop: number): void {
  let [low, high] = [-1, -1];
  for (let row = start; row < stop; row++) {
    const value = column[row];
    if (value === null || value === undefined) continue;
    if (low < 0 || value < (column[low] as number)) low = row;
    if (high < 0 || value > (column[high] as number)) high = row;
  }
  if (low >= 0) rows.add(low).add(high);
}
