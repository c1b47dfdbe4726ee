/** What a window statistic answers. */
import type { Interval } from '../intervals.ts';

/**
 * What its p-value promises: `exact`, level alpha at every n (by counting or by seeded permutations); `asymptotic`, level
 * alpha in the limit; `none`, there is no p-value, and a threshold on the statistic promises nothing.
 */
export type Guarantee = 'exact' | 'asymptotic' | 'none';

export interface WindowResult {
  /** As the literature and other tools define it. */
  readonly statistic: number;
  /** Two-sided; null where none is valid. */
  readonly p: number | null;
  /** How far the two samples lie apart, on a scale that does not grow with their size: what a tolerance is compared with. */
  readonly effect: number;
  /** Of the effect of the two populations; each file names the method. */
  readonly interval: Interval;
  readonly guarantee: Guarantee;
}

export interface WindowOptions {
  /** Of the interval; 0.95. */
  readonly level?: number;
  /** Of every random draw: the same seed gives the same bits; 1. */
  readonly seed?: number;
  /** Permutations for a p-value, at most. The distances (PSI to energy) have none unless it is given. */
  readonly draws?: number;
  /** Bootstrap samples for the interval, where it needs them; 400. */
  readonly resamples?: number;
}

/** JSON has no Infinity. */
export const UNBOUNDED = Number.MAX_VALUE;

/** One of the samples is empty: nothing is known, and nothing is an error. */
export function nothingKnown(high: number, guarantee: Guarantee): WindowResult {
  return { statistic: 0, p: guarantee === 'none' ? null : 1, effect: 0, interval: { low: 0, high }, guarantee };
}

export const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
