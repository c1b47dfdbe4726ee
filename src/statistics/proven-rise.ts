/**
 * How far a mean has provably risen: the lower confidence bound that alarms are decided by.
 *
 * A shift d is spoken against when the detector for means of at most base + d, from rest over these panes, stands at or
 * above the threshold now. The bound is the largest such d. It is time-uniform in the detector's sense: while the shift
 * truly is at most d, d is spoken against at most T / c times in T panes, however often one looks.
 * So a detector for base + tolerance alarms exactly when the bound has passed the tolerance.
 */
import { BETS, makeBets, makeGradedBets, MOST } from './bets.ts';
import { aboutMean, listed, valueOf, type Counts } from './e-detector.ts';

/** Relative to the tolerance scale this is far below what anybody reads. */
const STEPS = 24;

export interface Rise {
  /** Per stratum, what the shift is counted from: the upper bound of the reference. */
  readonly base: readonly number[];
  readonly panes: readonly Counts[];
  /** c over the stream's share of the budget. */
  readonly threshold: number;
  readonly divisor?: number;
  /** As of the detector's stream. */
  readonly graded?: boolean;
}

/** Null when not even a mean of 0 is spoken against. */
export function provenRise({ base, panes, threshold, divisor = 1, graded = false }: Rise): number | null {
  const stands = (shift: number) => standing(base.map((each) => each + shift), panes, divisor, graded) >= threshold;
  let [low, high] = [-Math.min(...base), 1 - Math.min(...base)];
  if (!stands(low)) return null;
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (stands(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** V of a detector at rest after the panes. */
function standing(m: readonly number[], panes: readonly Counts[], divisor: number, graded: boolean): number {
  const bets = m.map((each) => (each >= MOST ? null : { on: each, of: makeBets(each), cautious: makeGradedBets(each) }));
  const levels = new Float64Array(graded ? 2 * BETS : BETS);
  for (const counts of panes) {
    const taken = listed(counts).flatMap((count) => {
      const { n, s, stratum = 0 } = count;
      const bet = bets[stratum];
      return n > 0 && bet ? [{ n, s, ...bet, ...aboutMean(bet.on, count) }] : [];
    });
    if (taken.length === 0) continue;
    for (let j = 0; j < levels.length; j++) {
      let log = 0;
      for (const { n, s, of, cautious, risen, squares } of taken) {
        log += j < BETS ? (of.lambda[j] as number) * s - n * (of.cost[j] as number) : (cautious.lambda[j - BETS] as number) * risen - (cautious.cost[j - BETS] as number) * squares;
      }
      levels[j] = Math.min(1e290, ((levels[j] as number) + 1) * Math.exp(log / divisor));
    }
  }
  return valueOf(levels);
}
