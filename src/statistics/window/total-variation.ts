/**
 * Total variation distance, sum |p - q| / 2: the largest difference of the chance of any set of cells, in [0, 1].
 * Interval by bounded differences (McDiarmid 1989): one row moves it by 1/n or 1/m at most; below, the mean excess that
 * chance adds is taken off too, sum over cells of sqrt(p(1 - p)/n + q(1 - q)/m) / 2. A bootstrap would take off too little:
 * the distance has a corner at 0.
 */
import { measure } from './distance.ts';
import { clamp, type WindowOptions, type WindowResult } from './result.ts';
import type { Cells, Table } from './table.ts';

export function totalVariation(table: Table, options: WindowOptions = {}): WindowResult {
  return measure(table, {
    most: 1,
    statistic: distance,
    effect: (_cells, value) => value,
    interval: (cells, value, level) => {
      const { a, b, n, m } = cells;
      const reach = Math.sqrt((Math.log(2 / (1 - level)) * (1 / n + 1 / m)) / 2);
      let excess = 0;
      for (let i = 0; i < a.length; i++) {
        const [p, q] = [(a[i] as number) / n, (b[i] as number) / m];
        excess += Math.sqrt((p * (1 - p)) / n + (q * (1 - q)) / m) / 2;
      }
      return { low: clamp(value - excess - reach, 0, 1), high: clamp(value + reach, 0, 1) };
    },
  }, options);
}

function distance({ a, b, n, m }: Cells): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) * m - (b[i] as number) * n);
  return sum / (2 * n * m);
}
