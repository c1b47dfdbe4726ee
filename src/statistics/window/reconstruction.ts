/**
 * PCA reconstruction: how far rows lie from the plane that the reference's columns span together. It sees columns that
 * no longer move with each other while each alone looks as ever.
 * The plane is fitted from sums, the errors are compared from sums. The reference's errors must come from rows that did
 * not fit the plane: in-sample errors are too small, and a healthy window would alarm.
 */
import type { Interval } from '../intervals.ts';
import { studentQuantile, studentTwoSided } from '../student.ts';
import { symmetricEigen } from './eigen.ts';
import { nothingKnown, UNBOUNDED, type WindowOptions, type WindowResult } from './result.ts';

/** Of `n` rows of d columns: sum of the rows [d], sum of their outer products [d, d]. Shift columns far from 0 first: squares lose digits. */
export interface ColumnSums {
  readonly n: number;
  readonly sum: ArrayLike<number>;
  readonly products: ArrayLike<number>;
}

export interface Plane {
  readonly mean: Float64Array;
  /** Standard deviations; 1 of a constant column. */
  readonly scale: Float64Array;
  /** Orthonormal, the widest first. */
  readonly components: readonly Float64Array[];
}

/** As many components as explain `share` of the variance of the standardised columns (NannyML's 0.65). @throws RangeError below two rows */
export function fitPlane({ n, sum, products }: ColumnSums, share = 0.65): Plane {
  if (n < 2) throw new RangeError(`a plane is fitted to two rows or more, not to ${n}`);
  const d = sum.length;
  const mean = Float64Array.from({ length: d }, (_, i) => (sum[i] as number) / n);
  const covariance = (i: number, j: number) => (products[i * d + j] as number) / n - (mean[i] as number) * (mean[j] as number);
  const scale = Float64Array.from({ length: d }, (_, i) => Math.sqrt(Math.max(0, covariance(i, i))) || 1);
  const correlation = Float64Array.from({ length: d * d }, (_, at) => covariance(Math.floor(at / d), at % d) / ((scale[Math.floor(at / d)] as number) * (scale[at % d] as number)));
  const { values, vectors } = symmetricEigen(correlation, d);
  const all = values.reduce((total, value) => total + Math.max(0, value), 0);
  let [kept, explained] = [0, 0];
  while (kept < d && explained < share * all) explained += Math.max(0, values[kept++] as number);
  return { mean, scale, components: vectors.slice(0, kept) };
}

/** Distance of a row from the plane, in standard deviations. */
export function reconstructionError({ mean, scale, components }: Plane, row: ArrayLike<number>): number {
  const left = mean.map((middle, i) => ((row[i] as number) - middle) / (scale[i] as number));
  for (const component of components) {
    const along = component.reduce((sum, weight, i) => sum + weight * (left[i] as number), 0);
    for (let i = 0; i < left.length; i++) left[i] = (left[i] as number) - along * (component[i] as number);
  }
  return Math.hypot(...left);
}

/** Of reconstruction errors. */
export interface ErrorSums {
  readonly n: number;
  readonly sum: number;
  readonly squares: number;
}

export function errorSums(errors: readonly number[]): ErrorSums {
  return { n: errors.length, sum: errors.reduce((a, x) => a + x, 0), squares: errors.reduce((a, x) => a + x * x, 0) };
}

/**
 * Welch's test (1947) of the mean error of `current` against that of reference rows that did not fit the plane.
 * Statistic: the difference of the means. Effect: in deviations of the reference's errors; interval by Welch's t.
 */
export function reconstructionShift(held: ErrorSums, current: ErrorSums, { level = 0.95 }: WindowOptions = {}): WindowResult {
  if (held.n < 2 || current.n < 2) return { ...nothingKnown(UNBOUNDED, 'asymptotic'), interval: { low: -UNBOUNDED, high: UNBOUNDED } };
  const variance = ({ n, sum, squares }: ErrorSums) => Math.max(0, squares - (sum * sum) / n) / (n - 1);
  const [v, w] = [variance(held) / held.n, variance(current) / current.n];
  const statistic = current.sum / current.n - held.sum / held.n;
  const error = Math.sqrt(v + w);
  const scale = Math.sqrt(variance(held)) || 1;
  // all errors alike on both sides: rows are exactly where they were, or exactly elsewhere
  if (error === 0) return { statistic, p: statistic === 0 ? 1 : 0, effect: statistic / scale, interval: { low: statistic / scale, high: statistic / scale }, guarantee: 'asymptotic' };
  const df = (v + w) ** 2 / (v ** 2 / (held.n - 1) + w ** 2 / (current.n - 1));
  const half = studentQuantile((1 + level) / 2, df) * error;
  const interval: Interval = { low: (statistic - half) / scale, high: (statistic + half) / scale };
  return { statistic, p: studentTwoSided(statistic / error, df), effect: statistic / scale, interval, guarantee: 'asymptotic' };
}
