/**
 * Confidence-based performance estimation: the mean score that rows without labels are expected to have, from their calibrated
 * confidences. It holds while a confidence is worth what it was worth on the calibration's rows, however confidences shift
 * (covariate shift); under concept drift it is wrong without a sign, which `calibration-drift` looks for.
 */
import type { Expected } from './calibration.ts';
import type { Estimate } from './intervals.ts';
import { normalQuantile } from './normal.ts';

export interface ExpectedCell {
  readonly n: number;
  /** Null: the calibration knows nothing of these rows. */
  readonly expected: Expected | null;
  /** Cells of one calibration share its errors. */
  readonly calibration: string;
}

export interface Cbpe extends Estimate {
  /** Standard error: of the calibration at these rows, and of which rows came. */
  readonly error: number;
  /** Share of the rows of which the calibration knows nothing: the interval takes any score for them. */
  readonly unknown: number;
}

/** Asymptotic interval. Null when the calibration knows none of the rows. */
export function estimateByConfidence(cells: readonly ExpectedCell[], level: number): Cbpe | null {
  const rows = cells.reduce((sum, each) => sum + each.n, 0);
  const known = cells.filter((each): each is ExpectedCell & { expected: Expected } => each.expected !== null && each.n > 0);
  const n = known.reduce((sum, each) => sum + each.n, 0);
  if (n === 0) return null;
  const mean = known.reduce((sum, each) => sum + each.n * each.expected.score, 0) / n;
  const between = known.reduce((sum, each) => sum + each.n * (each.expected.score - mean) ** 2, 0) / n;
  const error = Math.sqrt(calibrationVariance(known.map(({ n: weight, expected, calibration }) => ({ weight: weight / n, expected, calibration }))) + between / n);
  const half = normalQuantile((1 + level) / 2) * error;
  const unknown = 1 - n / rows;
  return {
    mean,
    low: Math.max(0, mean - half) * (1 - unknown),
    high: Math.min(1, mean + half) * (1 - unknown) + unknown,
    error,
    unknown,
  };
}

/** Variance of a weighted sum of expected scores that comes from the rows the calibration was fitted on. */
export function calibrationVariance(parts: readonly { readonly weight: number; readonly expected: Expected; readonly calibration: string }[]): number {
  const sources = new Map<string, { weight: number; variance: number; rows: number }>();
  for (const { weight, expected, calibration } of parts) {
    const key = `${expected.source} ${calibration}`;
    const sum = sources.get(key) ?? { weight: 0, variance: 0, rows: expected.rows };
    sources.set(key, { weight: sum.weight + weight, variance: Math.max(sum.variance, expected.variance), rows: sum.rows });
  }
  return [...sources.values()].reduce((sum, each) => sum + (each.weight ** 2 * each.variance) / each.rows, 0);
}
