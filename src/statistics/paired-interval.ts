/**
 * Interval of the difference of two paired shares by inverting the score test: T. Tango, Statistics in Medicine 17 (1998).
 * Asymptotic, yet close to its nominal level from few rows on and sound where no row differs (Newcombe 1998; Fagerland 2014);
 * `tests/statistics/paired-interval.test.ts` measures its coverage at the sizes that gates see.
 */
import type { PairedCounts } from './mcnemar.ts';
import { normalQuantile } from './normal.ts';

export interface PairedInterval {
  /** Challenger minus champion. */
  readonly estimate: number;
  readonly interval: [number, number];
}

/** Two-sided at `confidence`; each bound alone holds at (1 + confidence) / 2. No rows: [-1, 1]. */
export function pairedInterval(counts: PairedCounts, confidence: number): PairedInterval {
  if (counts.n === 0) return { estimate: 0, interval: [-1, 1] };
  const z = normalQuantile((1 + confidence) / 2);
  const estimate = (counts.better - counts.worse) / counts.n;
  const lower = boundary(-1, estimate, (d) => score(counts, d) > z);
  const upper = boundary(estimate, 1, (d) => score(counts, d) >= -z);
  return { estimate, interval: [lower, upper] };
}

/** The score statistic of the hypothesis that the difference is `d`; falls as `d` rises. */
function score({ n, better, worse }: PairedCounts, d: number): number {
  const distance = better - worse - n * d;
  if (distance === 0) return 0;
  // The probability of `worse` that fits best when the difference is held at d: root of a w^2 + b w + c = 0.
  const a = 2 * n;
  const b = -better - worse + (2 * n - better + worse) * d;
  const c = -worse * d * (1 - d);
  const held = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  const variance = n * Math.max(0, 2 * held + d * (1 - d));
  return distance / Math.sqrt(variance);
}

/** The point between low and high up to which `holds` is true. */
function boundary(low: number, high: number, holds: (d: number) => boolean): number {
  let [a, b] = [low, high];
  while (b - a > 1e-12) {
    const middle = (a + b) / 2;
    if (holds(middle)) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}
