/**
 * Pearson's chi-square and the likelihood-ratio G of a table of two samples: the two-sample forms, which hold both
 * samples' noise; against a reference taken for the truth, identical samples would be called different.
 * Where expected counts are small the p-value comes from random tables with the same margins and is exact; else from the
 * chi-square limit. G is liberal longer (it goes below its limit's reach at 10 expected rows, not at 5).
 * Effect: Cohen's w of the two distributions, sqrt(sum (q - p)^2 / pooled), less what chance puts in; interval by turning
 * the noncentral chi-square distribution round (Steiger and Fouladi 1997), asymptotic.
 */
import { deviance } from '../beta.ts';
import { chiSquareUpper, noncentralityInterval } from '../gamma.ts';
import { DRAWS, permutationP } from './permutations.ts';
import { nothingKnown, UNBOUNDED, type WindowOptions, type WindowResult } from './result.ts';
import { cellsOf, type Cells, type Table } from './table.ts';

export const chiSquare = (table: Table, options: WindowOptions = {}): WindowResult => tableTest(table, pearson, 5, options);
export const gTest = (table: Table, options: WindowOptions = {}): WindowResult => tableTest(table, likelihoodRatio, 10, options);

function tableTest(table: Table, statisticOf: (cells: Cells) => number, leastExpected: number, { level = 0.95, seed = 1, draws = DRAWS }: WindowOptions): WindowResult {
  const cells = cellsOf(table);
  const { n, m } = cells;
  if (n === 0 || m === 0) return nothingKnown(UNBOUNDED, 'exact');
  const df = cells.a.length - 1;
  // all rows in one cell: the samples cannot differ
  if (df === 0) return { statistic: 0, p: 1, effect: 0, interval: { low: 0, high: 0 }, guarantee: 'exact' };
  const statistic = statisticOf(cells);
  const sparse = smallestExpected(cells) < leastExpected;
  const p = sparse ? permutationP(cells, statisticOf, statistic, { draws, seed }) : chiSquareUpper(statistic, df);
  const noise = 1 / n + 1 / m;
  const { low, high } = noncentralityInterval(statistic, df, level);
  return {
    statistic, p, effect: Math.sqrt(Math.max(0, statistic - df) * noise),
    interval: { low: Math.sqrt(low * noise), high: Math.sqrt(high * noise) }, guarantee: sparse ? 'exact' : 'asymptotic',
  };
}

function smallestExpected({ a, b, n, m }: Cells): number {
  let least = Infinity;
  for (let i = 0; i < a.length; i++) least = Math.min(least, (a[i] as number) + (b[i] as number));
  return (least * Math.min(n, m)) / (n + m);
}

/** Both rows of a cell at once: (a - n t / N)^2 / (n t / N) + the same of b = (a m - b n)^2 / (n m t). */
function pearson({ a, b, n, m }: Cells): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (x + y > 0) sum += (x * m - y * n) ** 2 / (x + y);
  }
  return sum / (n * m);
}

/** 2 sum x log(x / expected), as a sum of positive terms. */
function likelihoodRatio({ a, b, n, m }: Cells): number {
  const term = (x: number, expected: number) => (x === 0 ? expected : deviance(x, expected));
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (x + y > 0) sum += term(x, (n * (x + y)) / (n + m)) + term(y, (m * (x + y)) / (n + m));
  }
  return 2 * sum;
}
