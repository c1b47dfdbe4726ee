/**
 * Anytime-valid test that the conditional mean of differences in [-1, 1] is at most 0: capital of a gambler who stakes a
 * share lambda on every row, prod(1 + lambda d), averaged over a grid of lambda. Under the null the capital is a
 * supermartingale from 1, so it ever reaches 1 / alpha with probability at most alpha (Ville), however often one looks.
 * Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024).
 */

/** Small stakes see small differences late, large stakes large ones early; the average costs at most log 7 nats. */
const STAKES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7] as const;

/** JSON; a step makes a new one, so a state can be stored, fenced and replayed. */
export interface PairedEProcess {
  readonly n: number;
  readonly sum: number;
  /** Log of the capital of each stake. */
  readonly logCapital: readonly number[];
  /** The highest e-value so far: what a decision rests on. */
  readonly peak: number;
}

export function startPairedEProcess(): PairedEProcess {
  return { n: 0, sum: 0, logCapital: STAKES.map(() => 0), peak: 1 };
}

/**
 * One row further. The watch calls it with previous minus live score, so that evidence grows when the live adapter is worse.
 * @throws RangeError for a difference outside [-1, 1]: capital could become negative and the level would be lost
 */
export function observePaired(state: PairedEProcess, difference: number): PairedEProcess {
  if (!(difference >= -1 && difference <= 1)) throw new RangeError(`a paired difference lies in [-1, 1], not at ${difference}`);
  const logCapital = STAKES.map((stake, i) => (state.logCapital[i] ?? 0) + Math.log1p(stake * difference));
  return { n: state.n + 1, sum: state.sum + difference, logCapital, peak: Math.max(state.peak, meanCapital(logCapital)) };
}

/** The evidence now; 1 / eValue of the peak is a p-value that holds at any time. */
export function pairedEValue(state: PairedEProcess): number {
  return meanCapital(state.logCapital);
}

/** Whether the null was ever rejected at `alpha`. */
export function pairedRejects(state: PairedEProcess, alpha: number): boolean {
  return state.peak >= 1 / alpha;
}

function meanCapital(logs: readonly number[]): number {
  // The largest first, so that capital above e^709 saturates at the largest double instead of becoming Infinity, which JSON loses.
  const top = Math.max(...logs);
  const mean = top + Math.log(logs.reduce((sum, x) => sum + Math.exp(x - top), 0) / logs.length);
  return Math.min(Number.MAX_VALUE, Math.exp(mean));
}
