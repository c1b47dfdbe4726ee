/**
 * Population stability index, sum (q - p) log(q / p), natural logarithm. The definition needs both shares: when a cell is
 * empty on one side only, half a row is added to every cell of both samples (Krichevsky and Trofimov 1981); otherwise
 * nothing is. Effect: less (k - 1)(1/n + 1/m), its mean when nothing has changed. Basic bootstrap interval.
 */
import { bootstrapped, chanceShare, measure } from './distance.ts';
import { UNBOUNDED, type WindowOptions, type WindowResult } from './result.ts';
import type { Cells, Table } from './table.ts';

export function psi(table: Table, options: WindowOptions = {}): WindowResult {
  return measure(table, { most: UNBOUNDED, statistic: index, effect: (cells, value) => Math.max(0, value - chanceShare(cells)), interval: bootstrapped(index) }, options);
}

function index({ a, b, n, m }: Cells): number {
  let added = 0;
  for (let i = 0; i < a.length; i++) if ((a[i] === 0) !== (b[i] === 0)) added = 0.5;
  const [all, current] = [n + added * a.length, m + added * a.length];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [((a[i] as number) + added) / all, ((b[i] as number) + added) / current];
    // empty on both sides, as a resampled cell may be
    if (p > 0 && q > 0) sum += (q - p) * Math.log(q / p);
  }
  return sum;
}
