/**
 * The basic ("reverse percentile") bootstrap interval of a distance between two binned samples: 2 d - quantile(d*).
 * A distance between samples is too large by what chance adds; resampling adds the same once more, and the basic interval
 * takes it off again, where the percentile interval would add it twice. (Davison and Hinkley, Bootstrap Methods, 1997, 5.2)
 * Counts are resampled as Poisson numbers: multinomial given their sum. (Hanley and MacGibbon 2006)
 */
import { drawPoisson } from '../draw.ts';
import type { Interval } from '../intervals.ts';
import { seededUniform } from '../random.ts';
import { total, type Cells } from './table.ts';

export const RESAMPLES = 400;
/** An interval needs no finer cells, and a million distinct values would take minutes. */
const MOST_CELLS = 512;

export interface BootstrapOptions {
  readonly level: number;
  readonly seed: number;
  readonly resamples: number;
}

/** Of `distance` of the populations, at least 0. */
export function basicBootstrap(all: Cells, distance: (cells: Cells) => number, { level, seed, resamples }: BootstrapOptions): Interval {
  const cells = coarse(all);
  const observed = distance(cells);
  // what coarse cells cannot see belongs to both ends
  const lost = cells === all ? 0 : distance(all) - observed;
  const uniform = seededUniform(seed);
  const values: number[] = [];
  while (values.length < resamples) {
    const [a, b] = [resample(cells.a, uniform), resample(cells.b, uniform)];
    const [n, m] = [total(a), total(b)];
    // a resample of no rows has no distance
    if (n > 0 && m > 0) values.push(distance({ ...cells, a, b, n, m }));
  }
  values.sort((x, y) => x - y);
  const at = (share: number) => values[Math.min(values.length - 1, Math.max(0, Math.round(share * (values.length + 1)) - 1))] ?? observed;
  const miss = (1 - level) / 2;
  const end = (value: number) => Math.max(0, 2 * observed - value + lost);
  return { low: end(at(1 - miss)), high: end(at(miss)) };
}

function resample(counts: Float64Array, uniform: () => number): Float64Array {
  return counts.map((count) => (count === 0 ? 0 : drawPoisson(count, uniform)));
}

/** Ordered cells merged into at most 512 of about equal mass, each at its mean point; categories stay as they are. */
function coarse(cells: Cells): Cells {
  if (cells.points.length <= MOST_CELLS) return cells;
  const [a, b, points] = [new Float64Array(MOST_CELLS), new Float64Array(MOST_CELLS), new Float64Array(MOST_CELLS)];
  const each = (cells.n + cells.m) / MOST_CELLS;
  for (let i = 0, before = 0; i < cells.points.length; i++) {
    const both = (cells.a[i] as number) + (cells.b[i] as number);
    const into = Math.min(MOST_CELLS - 1, Math.floor((before + both / 2) / each));
    a[into] = (a[into] as number) + (cells.a[i] as number);
    b[into] = (b[into] as number) + (cells.b[i] as number);
    points[into] = (points[into] as number) + both * (cells.points[i] as number);
    before += both;
  }
  const used = [...points.keys()].filter((i) => (a[i] as number) + (b[i] as number) > 0);
  const pick = (from: Float64Array) => Float64Array.from(used, (i) => from[i] as number);
  return { a: pick(a), b: pick(b), n: cells.n, m: cells.m, points: Float64Array.from(used, (i) => (points[i] as number) / ((a[i] as number) + (b[i] as number))) };
}
