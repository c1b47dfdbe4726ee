/**
 * Wasserstein-1 distance, the integral of |F - G|: how far a row has to be carried on average, in the values' units.
 * Effect: in standard deviations of the reference (of the pooled rows where the reference is constant). Basic bootstrap interval.
 */
import { bootstrapped, measure } from './distance.ts';
import { UNBOUNDED, type WindowOptions, type WindowResult } from './result.ts';
import { type Cells, type OrderedTable } from './table.ts';

/** Points are finite and ascend. */
export function wasserstein(table: OrderedTable, options: WindowOptions = {}): WindowResult {
  const scaled = (cells: Cells) => distance(cells) / deviation(cells);
  return measure(table, { most: UNBOUNDED, statistic: distance, effect: scaled, interval: bootstrapped(scaled) }, options);
}

function distance({ a, b, n, m, points }: Cells): number {
  let [gap, sum] = [0, 0];
  for (let i = 0; i + 1 < a.length; i++) {
    gap += (a[i] as number) * m - (b[i] as number) * n;
    sum += Math.abs(gap) * ((points[i + 1] as number) - (points[i] as number));
  }
  return sum / (n * m);
}

/** 1 when every row has the same value: the distance is then 0. */
function deviation({ a, b, points }: Cells): number {
  const of = (weight: (i: number) => number) => {
    let [rows, mean, squares] = [0, 0, 0];
    for (let i = 0; i < points.length; i++) {
      const w = weight(i);
      if (w === 0) continue;
      rows += w;
      const away = (points[i] as number) - mean;
      mean += (w / rows) * away;
      squares += w * away * ((points[i] as number) - mean);
    }
    return Math.sqrt(squares / rows);
  };
  return of((i) => a[i] as number) || of((i) => (a[i] as number) + (b[i] as number)) || 1;
}
