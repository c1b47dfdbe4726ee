/** Confidence intervals of a rate: `hits` of `n` rows, each 0 or 1. */
import { betaQuantile } from './beta.ts';
import { normalQuantile } from './normal.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Clopper-Pearson (1934), two-sided: covers with at least `level`, whatever the rate. No rows: everything is possible. */
export function clopperPearson(hits: number, n: number, level: number): Interval {
  const miss = (1 - level) / 2;
  return { low: clopperPearsonLower(hits, n, miss), high: clopperPearsonUpper(hits, n, miss) };
}

/** Upper Clopper-Pearson bound: the true rate is above it with chance `miss` at most. */
export function clopperPearsonUpper(hits: number, n: number, miss: number): number {
  // by the complement, since 1 - miss would lose the digits of a small miss
  return hits >= n ? 1 : 1 - betaQuantile(miss, n - hits, hits + 1);
}

/** Lower Clopper-Pearson bound: the true rate is below it with chance `miss` at most. */
export function clopperPearsonLower(hits: number, n: number, miss: number): number {
  return hits <= 0 ? 0 : betaQuantile(miss, hits, n - hits + 1);
}

/** Wilson's score interval (1927): covers with about `level`; shorter than Clopper-Pearson. */
export function wilson(hits: number, n: number, level: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const z = normalQuantile((1 + level) / 2);
  const rate = hits / n;
  const centre = rate + (z * z) / (2 * n);
  const half = z * Math.sqrt((rate * (1 - rate) + (z * z) / (4 * n)) / n);
  const scale = 1 + (z * z) / n;
  // at the ends the formula is exact but its rounding is not
  return { low: hits === 0 ? 0 : (centre - half) / scale, high: hits === n ? 1 : (centre + half) / scale };
}

/** An estimate with its interval. */
export interface Estimate extends Interval {
  readonly mean: number;
}

/**
 * Interval of `a - b` from the intervals of two independent estimates, by the method of variance estimates recovery
 * (Zou and Donner 2008); with Wilson's intervals it is Newcombe's interval of a difference of rates (1998).
 */
export function differenceInterval(a: Estimate, b: Estimate): Interval {
  const difference = a.mean - b.mean;
  return {
    low: difference - Math.hypot(a.mean - a.low, b.high - b.mean),
    high: difference + Math.hypot(a.high - a.mean, b.mean - b.low),
  };
}
