/**
 * L-infinity distance, max |p - q| over the cells, as TFDV, SageMaker and Vertex use it for categories.
 * Interval: Newcombe's of each cell's difference (1998), all of them at once by Bonferroni; the largest of the bounds.
 */
import { differenceInterval, wilson } from '../intervals.ts';
import { measure } from './distance.ts';
import type { WindowOptions, WindowResult } from './result.ts';
import type { Cells, Table } from './table.ts';

export function lInfinity(table: Table, options: WindowOptions = {}): WindowResult {
  return measure(table, {
    most: 1,
    statistic: distance,
    effect: (_cells, value) => value,
    interval: (cells, _value, level) => {
      const each = 1 - (1 - level) / cells.a.length;
      const rate = (hits: number, rows: number) => ({ mean: hits / rows, ...wilson(hits, rows, each) });
      let [low, high] = [0, 0];
      for (let i = 0; i < cells.a.length; i++) {
        const bounds = differenceInterval(rate(cells.b[i] as number, cells.m), rate(cells.a[i] as number, cells.n));
        low = Math.max(low, bounds.low, -bounds.high);
        high = Math.max(high, -bounds.low, bounds.high);
      }
      return { low: Math.min(1, low), high: Math.min(1, high) };
    },
  }, options);
}

function distance({ a, b, n, m }: Cells): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) * m - (b[i] as number) * n));
  return largest / (n * m);
}
