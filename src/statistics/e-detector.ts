/**
 * An e-detector for rises of a mean: a mixture of bets, summed Shiryaev-Roberts style over all panes at which the rise
 * may have begun. (Shin, Ramdas, Rinaldo, "E-detectors", 2023.)
 *
 * A pane brings n values in [0, 1] with sum s. For a bet lambda > 0 its evidence is
 *
 *     L = exp(lambda s) / (1 - m + m e^lambda)^n.
 *
 * exp(lambda x) lies below its chord on [0, 1]; so while each value's mean, given everything before it, is at most m,
 * the expectation of L given the past is at most 1. Rows of strata with means of their own (an hour of the week) multiply:
 * L is then the product of the strata's, and the same holds row by row. A fall is the rise of 1 - x.
 *
 * With R <- (R + 1) L, V = sum of w R over streams and bets, weights w of sum 1 at most, and N the number of alarms so far
 * (at V >= c, then all R = 0): E[V given the past] <= (V before) + 1, and what is left after an alarm plus c is at most V.
 * So V + c N - panes is a supermartingale, which starts at 0, whence
 *
 *     E[alarms in any T panes] <= T / c.
 *
 * No independence was used, neither between values nor between streams: a weighted sum of detectors is a detector. That is
 * what one budget rests on. Each monitor has a share b of it, shares of sum 1 at most, and the threshold c / b of its own:
 * its false alarms in T panes are at most b T / c, and those of the whole model at most T / c, whatever the number of
 * columns and segments. Within a monitor the whole and its segments are streams of one detector, half the weight each.
 * A sum alarms no later than streams with thresholds of their own would, since w R >= c implies V >= c.
 *
 * Rows that depend on each other beyond what the conditional mean allows (autocorrelation) are met by `divisor`: log L is
 * divided by it, as if there were so many times fewer rows. With divisor (1 + phi) / (1 - phi) of a first-order
 * autoregression and panes that are long against its memory the promise holds in the limit (a normal approximation of sums).
 *
 * Panes without values are skipped. R is capped at 1e290, which only lowers it: no pane, however large, overflows.
 */
import { BETS, betsFor, GRADED_WEIGHTS, gradedBetsFor, MOST, WEIGHTS, type Bets } from './bets.ts';

/** What a pane brought to one stream: rows, the sum of their values, and of graded values that of their squares (of 0 and 1 it is the same); `stratum` 0 when left out. */
export interface Count {
  readonly n: number;
  readonly s: number;
  readonly q?: number;
  readonly stratum?: number;
}

/** One stratum, or several of one pane, each once. */
export type Counts = Count | readonly Count[];

/** Serialisable state. */
export interface Detector {
  /** Per stream the largest mean that is on course, of each stratum. */
  readonly m: readonly (readonly number[])[];
  /** Per stream, of sum 1 at most. */
  readonly weights: readonly number[];
  /** Of all streams, or of each. */
  readonly divisor: number | readonly number[];
  /** R of each stream and bet; a stream of graded values has twice the bets. */
  readonly levels: readonly (readonly number[])[];
}

export interface Step {
  /** The state after the pane: at rest after an alarm. */
  readonly detector: Detector;
  /** V before a reset: what is compared with the threshold. */
  readonly value: number;
  readonly alarm: boolean;
}

export interface DetectorOptions {
  /** Of sum 1 at most; equal when left out. */
  readonly weights?: readonly number[];
  /** 1 when left out: rows as they come. */
  readonly divisor?: number | readonly number[];
  /** Per stream, whether its values may lie between 0 and 1: then bets that see how much they vary join in. None when left out. */
  readonly graded?: readonly boolean[];
}

/** Not Math.min, which costs a third of the step. */
const held = (r: number) => (r < 1e290 ? r : 1e290);

/** A detector at rest over one or more streams; a stream of one stratum may be given as a number. */
export function startDetector(m: readonly (number | readonly number[])[], { weights, divisor = 1, graded = [] }: DetectorOptions = {}): Detector {
  return {
    m: m.map((each) => (typeof each === 'number' ? [each] : each)),
    weights: weights ?? m.map(() => 1 / m.length),
    divisor,
    levels: m.map((_, i) => new Array<number>(graded[i] === true ? 2 * BETS : BETS).fill(0)),
  };
}

/** Takes one pane; `counts` has one entry a stream. */
export function stepDetector(detector: Detector, counts: readonly Counts[], threshold: number): Step {
  const { divisor } = detector;
  const levels = detector.levels.map((each, i) => raised(each, detector.m[i] ?? [], counts[i] ?? [], typeof divisor === 'number' ? divisor : (divisor[i] ?? 1)));
  const { value } = detectorValue({ ...detector, levels });
  const alarm = value >= threshold && counts.some((each) => listed(each).some(({ n }) => n > 0));
  return { detector: { ...detector, levels: alarm ? levels.map((each) => each.map(() => 0)) : levels }, value, alarm };
}

/** The detector's V between panes, and V of each stream alone: times its weight, that says which speaks loudest. */
export function detectorValue({ levels, weights }: Pick<Detector, 'levels' | 'weights'>): { value: number; streams: number[] } {
  const streams = levels.map(valueOf);
  return { value: streams.reduce((sum, each, i) => sum + (weights[i] ?? 0) * each, 0), streams };
}

/** V of one stream. */
export function valueOf(levels: ArrayLike<number>): number {
  const weights = levels.length === BETS ? WEIGHTS : GRADED_WEIGHTS;
  let value = 0;
  for (let j = 0; j < levels.length; j++) value += (weights[j] as number) * (levels[j] as number);
  return value;
}

/** The sums of x - m and of its square, which graded bets take. */
export const aboutMean = (m: number, { n, s, q = s }: Count) => ({ risen: s - n * m, squares: q - 2 * m * s + n * m * m });

/** log L of each bet for one pane of one stratum; with `graded` of the bets that see how much values vary, too. */
export function logEvidence(m: number, count: Count, graded = false): number[] {
  const { n, s } = count;
  const { lambda, cost } = betsFor(m);
  const logs = Array.from(lambda, (each, j) => each * s - n * (cost[j] as number));
  if (!graded) return logs;
  const cautious = gradedBetsFor(m);
  const { risen, squares } = aboutMean(m, count);
  return [...logs, ...Array.from(cautious.lambda, (each, j) => each * risen - (cautious.cost[j] as number) * squares)];
}

/** Takes one pane of one stratum in place; gives V of the stream. The hot path: no allocation, and no exponential for a pane of one 0/1 row. */
export function raise(levels: Float64Array | number[], bets: Bets, n: number, s: number): number {
  if (n === 1 && (s === 0 || s === 1)) return raiseBy(levels, s === 1 ? bets.hit : bets.miss);
  let value = 0;
  for (let j = 0; j < BETS; j++) {
    const r = held(((levels[j] as number) + 1) * Math.exp((bets.lambda[j] as number) * s - n * (bets.cost[j] as number)));
    levels[j] = r;
    value += (WEIGHTS[j] as number) * r;
  }
  return value;
}

/** R <- (R + 1) L of each bet, in place; gives V. */
export function raiseBy(levels: Float64Array | number[], evidence: Float64Array): number {
  let value = 0;
  for (let j = 0; j < BETS; j++) {
    const r = held(((levels[j] as number) + 1) * (evidence[j] as number));
    levels[j] = r;
    value += (WEIGHTS[j] as number) * r;
  }
  return value;
}

export const listed = (counts: Counts): readonly Count[] => ('n' in counts ? [counts] : counts);

/** The levels after the pane. */
function raised(levels: readonly number[], m: readonly number[], counts: Counts, divisor: number): readonly number[] {
  // untouched, not recomputed: a replay leaves such panes out and must get the same bits;
  // and a stream that has no room to rise must not gather the +1 of every pane
  const taken = listed(counts).filter(({ n, stratum = 0 }) => n > 0 && (m[stratum] ?? 1) < MOST);
  const [only] = taken;
  if (only === undefined) return levels;
  const graded = levels.length > BETS;
  if (taken.length === 1 && divisor === 1 && !graded) {
    const next = [...levels];
    raise(next, betsFor(m[only.stratum ?? 0] as number), only.n, only.s);
    return next;
  }
  const logs = new Array<number>(levels.length).fill(0);
  for (const count of taken) logEvidence(m[count.stratum ?? 0] as number, count, graded).forEach((log, j) => (logs[j] = (logs[j] as number) + log));
  return levels.map((level, j) => held((level + 1) * Math.exp((logs[j] as number) / divisor)));
}
