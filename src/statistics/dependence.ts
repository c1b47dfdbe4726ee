/**
 * How much the rows of a stream resemble their forerunners, estimated from panes: of a pane only the count, the sum and the squares of its
 * values are stored, never their order. What dependence does to a sum shows in how much the means of blocks of rows differ.
 *
 * Neighbouring panes are put together into blocks of 50 rows or more. With rows of variance v the mean of n independent ones has variance
 * v / n; of a first-order autoregression with parameter phi the squared difference of the means of two neighbouring blocks of n rows each is, over 2 v / n,
 *
 *     D(phi, n) = (1 + phi) / (1 - phi) - (2 phi (1 - phi^n) + phi (1 - phi^n)^2) / (n (1 - phi)^2),
 *
 * the first term of long blocks, the second of what a block does not contain and what it shares with the next (Anderson, "The Statistical Analysis
 * of Time Series", 1971, sections 8.2 and 8.3, for the variance of a mean). The differences of neighbours see no trend, no season that is longer than a few blocks, and of a change
 * that came meanwhile no more than one difference (von Neumann, "Distribution of the ratio of the mean square successive difference to the variance", 1941).
 */
import type { Moments } from './bounded-mean.ts';
import { MOST_PHI } from './autocorrelation.ts';

/** Of one stream. */
export interface Dependence {
  /** What is used: the upper 95 % bound, or 0 where the lower 95 % bound shows none. */
  readonly phi: number;
  /** The estimate itself, 0 at least. */
  readonly estimate: number;
  readonly blocks: number;
}

/** Rows of a block, at least: long against the memory of rows that resemble their forerunners by no more than 0.9. */
export const BLOCK_ROWS = 50;
/** Of fewer blocks nothing is said, nor of fewer values that differ from the others. */
export const FEWEST_BLOCKS = 200;
const FEWEST_HITS = 100;
/** One-sided, 95 %. */
const SURE = 1.645;
/** Halvings: far below what a bound is worth. */
const STEPS = 30;

/** Panes of one stream, in their order, a pane at a time: what is kept is small beside them. */
export interface DependenceSums {
  take(pane: Moments): void;
  /** Null where the panes so far are too few to say. Asymptotic in the number of blocks. */
  result(): Dependence | null;
}

export function dependenceSums(): DependenceSums {
  /** Rows of each block, and of all but the first the squared difference to the mean of the one before it, over 1 / n + 1 / n'. */
  const [rows, gaps]: [number[], number[]] = [[], []];
  let [total, open, last]: [Moments, Moments, Moments | null] = [NOTHING, NOTHING, null];
  return {
    take(pane) {
      open = plus(open, pane);
      if (open.n < BLOCK_ROWS) return;
      if (last !== null) gaps.push((open.sum / open.n - last.sum / last.n) ** 2 / (1 / open.n + 1 / last.n));
      rows.push(open.n);
      total = plus(total, open);
      [last, open] = [open, NOTHING];
    },
    result: () => judged(rows, gaps, total),
  };
}

export function dependenceOf(panes: readonly Moments[]): Dependence | null {
  const sums = dependenceSums();
  for (const pane of panes) sums.take(pane);
  return sums.result();
}

const plus = (a: Moments, b: Moments): Moments => ({ n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares });

function judged(rows: readonly number[], gaps: readonly number[], { n, sum, squares }: Moments): Dependence | null {
  if (rows.length < FEWEST_BLOCKS || Math.min(sum, n - sum) < FEWEST_HITS) return null;
  const variance = squares / n - (sum / n) ** 2;
  if (variance <= 0) return null;
  const ratios = gaps.map((gap) => gap / variance);
  const ratio = ratios.reduce((total, each) => total + each, 0) / ratios.length;
  // neighbouring differences share a block; on the scale of the logarithm, since the ratio is skewed as a chi-square is
  const off = (Math.sqrt(Math.max(0, covariance(ratios, 0) + 2 * covariance(ratios, 1)) / ratios.length) * SURE) / Math.max(ratio, 1e-9);
  const phiOf = (of: number) => phiBehind(of, rows);
  const shows = ratio * Math.exp(-off) > 1;
  return { phi: shows ? phiOf(ratio * Math.exp(off)) : 0, estimate: phiOf(ratio), blocks: rows.length };
}

const NOTHING: Moments = { n: 0, sum: 0, squares: 0 };

function covariance(values: readonly number[], lag: 0 | 1): number {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  return values.reduce((sum, each, i) => sum + (each - mean) * ((values[i + lag] ?? mean) - mean), 0) / values.length;
}

/** The phi that would give this ratio, on average over the blocks; from 0 to the most that a divisor takes. */
function phiBehind(ratio: number, rows: readonly number[]): number {
  let [low, high] = [0, MOST_PHI];
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (rows.reduce((sum, n) => sum + expectedRatio(middle, n), 0) / rows.length < ratio) low = middle;
    else high = middle;
  }
  return low === 0 ? 0 : high;
}

/** D above; it rises with phi up to `MOST_PHI` for blocks of `BLOCK_ROWS`. */
export function expectedRatio(phi: number, n: number): number {
  const rest = 1 - phi ** n;
  return (1 + phi) / (1 - phi) - (2 * phi * rest + phi * rest ** 2) / (n * (1 - phi) ** 2);
}
