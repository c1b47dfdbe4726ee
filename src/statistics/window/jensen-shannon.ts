/**
 * Jensen-Shannon distance in base 2: the square root of the divergence, in [0, 1], as scipy, NannyML and Evidently have it
 * (Evidently with natural logarithms: times sqrt(log 2)). Empty cells need nothing.
 * Effect: the divergence less its mean under no change, (k - 1)(1/n + 1/m) / (8 log 2), then the root. Basic bootstrap interval.
 */
import { deviance } from '../beta.ts';
import { bootstrapped, chanceShare, measure } from './distance.ts';
import type { WindowOptions, WindowResult } from './result.ts';
import type { Cells, Table } from './table.ts';

export function jensenShannon(table: Table, options: WindowOptions = {}): WindowResult {
  return measure(table, {
    most: 1,
    statistic: (cells) => Math.sqrt(divergence(cells)),
    effect: (cells, value) => Math.sqrt(Math.max(0, value * value - chanceShare(cells) / (8 * Math.LN2))),
    interval: bootstrapped(divergence, Math.sqrt, 1),
  }, options);
}

function divergence({ a, b, n, m }: Cells): number {
  // x log(x / middle) + middle - x: positive terms, whose additions cancel in the sum
  const term = (x: number, middle: number) => (x === 0 ? middle : deviance(x, middle));
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [(a[i] as number) / n, (b[i] as number) / m];
    if (p + q > 0) sum += term(p, (p + q) / 2) + term(q, (p + q) / 2);
  }
  return Math.min(1, sum / (2 * Math.LN2));
}
