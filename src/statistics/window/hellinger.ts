/**
 * Hellinger distance, sqrt(sum (sqrt p - sqrt q)^2 / 2), in [0, 1]. Empty cells need nothing.
 * The root makes the variance of a count the same everywhere, so 8 H^2 n m / (n + m) is about a noncentral chi-square
 * variable with k - 1 degrees of freedom, near the null and far from it: effect and interval by that (Steiger and Fouladi 1997).
 */
import { noncentralityInterval } from '../gamma.ts';
import { chanceShare, measure } from './distance.ts';
import type { WindowOptions, WindowResult } from './result.ts';
import type { Cells, Table } from './table.ts';

export function hellinger(table: Table, options: WindowOptions = {}): WindowResult {
  return measure(table, {
    most: 1,
    statistic: distance,
    effect: (cells, value) => Math.sqrt(Math.max(0, value * value - chanceShare(cells) / 8)),
    interval: (cells, value, level) => {
      const unit = (1 / cells.n + 1 / cells.m) / 8;
      // one cell alone: the samples cannot differ
      if (cells.a.length === 1) return { low: 0, high: 0 };
      const { low, high } = noncentralityInterval((value * value) / unit, cells.a.length - 1, level);
      return { low: Math.min(1, Math.sqrt(low * unit)), high: Math.min(1, Math.sqrt(high * unit)) };
    },
  }, options);
}

function distance({ a, b, n, m }: Cells): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (Math.sqrt((a[i] as number) / n) - Math.sqrt((b[i] as number) / m)) ** 2;
  return Math.min(1, Math.sqrt(sum / 2));
}
