/** Do groups of rows (hours of a day, days of a week) have means of their own? */
import type { Moments } from './bounded-mean.ts';
import { chiSquareUpper } from './gamma.ts';

export interface Spread {
  /** Of equal means; asymptotic. 1 where fewer than two groups have rows enough. */
  readonly p: number;
  /** Standard deviation of the groups' true means over rows, less what chance puts in. */
  readonly deviation: number;
  readonly groups: number;
}

/** A group's mean is near normal from about here. */
const FEWEST_ROWS = 20;

/** Welch's form: each group by its own variance, so that groups of unequal noise do not pass for unequal means. */
export function spreadOf(all: readonly Moments[]): Spread {
  const groups = all.filter(({ n }) => n >= FEWEST_ROWS).map(({ n, sum, squares }) => {
    const mean = sum / n;
    // Laplace's half row each way: a group without a hit has a variance all the same
    const variance = Math.max((squares / n - mean * mean) * (n / (n - 1)), 0.5 / n);
    return { n, mean, variance };
  });
  if (groups.length < 2) return { p: 1, deviation: 0, groups: groups.length };
  const precision = groups.reduce((sum, { n, variance }) => sum + n / variance, 0);
  const centre = groups.reduce((sum, { n, mean, variance }) => sum + (mean * n) / variance, 0) / precision;
  const statistic = groups.reduce((sum, { n, mean, variance }) => sum + (n * (mean - centre) ** 2) / variance, 0);
  const rows = groups.reduce((sum, { n }) => sum + n, 0);
  const noise = groups.reduce((sum, { variance }) => sum + variance, 0) / rows;
  const between = groups.reduce((sum, { n, mean }) => sum + (n * (mean - centre) ** 2) / rows, 0);
  return { p: chiSquareUpper(statistic, groups.length - 1), deviation: Math.sqrt(Math.max(0, between - noise)), groups: groups.length };
}
