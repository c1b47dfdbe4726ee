/**
 * Bounds of a mean of independent values in [0, 1] that need no other assumption: the smaller of the Chernoff bound
 * (it knows the mean) and the bound by graded bets (it knows the variance too), each at half the miss.
 */
import { gradedUpper } from './graded-mean.ts';
import type { Interval } from './intervals.ts';

/** Sums over n values: of the values and of their squares. For 0/1 values the two are equal. */
export interface Moments {
  readonly n: number;
  readonly sum: number;
  readonly squares: number;
}

/** The true mean is above this with chance `miss` at most. No values: 1. */
export function meanUpper(values: Moments, miss: number): number {
  if (values.n === 0) return 1;
  return gradedUpper(values, miss / 2, chernoffUpper(values.sum / values.n, values.n, miss / 2));
}

/** The true mean is below this with chance `miss` at most. */
export function meanLower(values: Moments, miss: number): number {
  const { n, sum, squares } = values;
  // the mean of 1 - x
  return 1 - meanUpper({ n, sum: n - sum, squares: n - 2 * sum + squares }, miss);
}

/** Two-sided: covers with at least `level`. */
export function meanInterval(values: Moments, level: number): Interval {
  return { low: meanLower(values, (1 - level) / 2), high: meanUpper(values, (1 - level) / 2) };
}

/**
 * The largest u with n * KL(mean, u) <= log(1 / miss). Chernoff's bound for 0/1 values; it holds for all values in
 * [0, 1], since exp is convex and so the 0/1 variable of the same mean has the largest moment generating function.
 */
export function chernoffUpper(mean: number, n: number, miss: number): number {
  const most = Math.log(1 / miss) / n;
  let [low, high] = [Math.min(1, Math.max(0, mean)), 1];
  for (let i = 0; i < 60 && high > low; i++) {
    const middle = (low + high) / 2;
    if (divergence(mean, middle) <= most) low = middle;
    else high = middle;
  }
  return high;
}

function divergence(p: number, q: number): number {
  const part = (a: number, b: number) => (a <= 0 ? 0 : a * Math.log(a / b));
  return part(p, q) + part(1 - p, 1 - q);
}
