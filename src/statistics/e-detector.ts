/**
 * An e-detector for rises of a mean: a mixture of bets, summed Shiryaev-Roberts style over all panes at which the rise
 * may have begun. (Shin, Ramdas, Rinaldo, "E-detectors", 2023.)
 *
 * A pane brings n values in [0, 1] with sum s. For a bet lambda > 0 its evidence is
 *
 *     L = exp(lambda s) / (1 - m + m e^lambda)^n.
 *
 * exp(lambda x) lies below its chord on [0, 1]; so while each value's mean, given everything before it, is at most m,
 * the expectation of L given the past is at most 1. With R <- (R + 1) L, V = sum of w R over the bets and N the number of
 * alarms so far (at V >= c, then all R = 0): E[V given the past] <= (R before) + 1, and what is left after an alarm plus c
 * is at most V. So R + c N - panes is a supermartingale, which starts at 0, whence
 *
 *     E[alarms in any T panes] <= T / c.
 *
 * No independence was used, neither between values nor between streams: an average of detectors is a detector (labels).
 * Panes without values are skipped. State is log(1 + R): 0 at rest, and no pane, however large, overflows it.
 */

/** What a pane brought to one stream. */
export interface Count {
  readonly n: number;
  readonly s: number;
}

/** Serialisable state: for each stream the largest mean that is on course, and log(1 + R) of each of its bets. */
export interface Detector {
  readonly m: readonly number[];
  readonly levels: readonly (readonly number[])[];
}

export interface Step {
  /** The state after the pane: at rest after an alarm. */
  readonly detector: Detector;
  /** V before a reset, as its logarithm and capped to a double; what is compared with the threshold. */
  readonly logValue: number;
  readonly value: number;
  readonly alarm: boolean;
}

/**
 * How far above m each bet looks, in radians of asin(sqrt(mean)), the scale on which one step is equally hard to see
 * everywhere: from just visible (0.10 to 0.12) to glaring (0.10 to 0.45). Chosen among five such grids by median delay.
 */
const REACH = [0.03, 0.045, 0.067, 0.1, 0.15, 0.25, 0.45];
const BETS = REACH.length;
/** Below: exp(lambda) of a rise from nothing would overflow. Above: there is no room for a rise. */
const LEAST = 1e-9;
const MOST = 1 - 1e-9;

interface Bet {
  readonly lambda: number;
  /** log(1 - m + m e^lambda): what each row costs. */
  readonly cost: number;
}

/** The bets for a mean of at most m: lambda = logit(target) - logit(m), the bet that grows fastest when the mean is the target. */
function makeBets(m: number): Bet[] {
  const on = Math.min(MOST, Math.max(LEAST, m));
  const from = Math.asin(Math.sqrt(on));
  const room = Math.PI / 2 - from;
  const logit = (mean: number) => Math.log(mean / (1 - mean));
  // reaches bend towards the end of the scale, so that no target is 1, where the bet would be infinite
  return REACH.map((reach) => {
    const lambda = logit(Math.sin(from + (room * reach) / (room + reach)) ** 2) - logit(on);
    return { lambda, cost: Math.log1p(on * Math.expm1(lambda)) };
  });
}

const made = new Map<number, Bet[]>();

/** Makes each m's bets once: they cost ten times the step itself. */
function betsFor(m: number): Bet[] {
  const known = made.get(m);
  if (known !== undefined) return known;
  // every reference brings new means; a service that runs for years must not keep them all
  if (made.size >= 4_096) made.clear();
  const bets = makeBets(m);
  made.set(m, bets);
  return bets;
}

/** A detector at rest over one or more streams of equal weight. */
export function startDetector(m: readonly number[]): Detector {
  return { m, levels: m.map(() => new Array<number>(BETS).fill(0)) };
}

/** Takes one pane; `counts` has one entry a stream. */
export function stepDetector(detector: Detector, counts: readonly Count[], threshold: number): Step {
  const levels = detector.levels.map((each, i) => raised(each, detector.m[i] ?? 1, counts[i] ?? NOTHING));
  const logValue = logSum(levels.flat().map(logR)) - Math.log(BETS * Math.max(1, levels.length));
  const alarm = counts.some((count) => count.n > 0) && logValue >= Math.log(threshold);
  return { detector: alarm ? startDetector(detector.m) : { m: detector.m, levels }, logValue, value: capped(logValue), alarm };
}

/** The detector's V between panes, and V of each stream alone: which stream speaks loudest. */
export function detectorValue(detector: Detector): { value: number; streams: number[] } {
  const streams = detector.levels.map((levels) => logSum(levels.map(logR)) - Math.log(BETS));
  return { value: capped(logSum(streams) - Math.log(Math.max(1, streams.length))), streams: streams.map(capped) };
}

/** log L of each bet for one pane. */
export function logEvidence(m: number, count: Count): number[] {
  return betsFor(m).map(({ lambda, cost }) => lambda * count.s - count.n * cost);
}

const NOTHING: Count = { n: 0, s: 0 };

/** The levels after the pane. */
function raised(levels: readonly number[], m: number, count: Count): readonly number[] {
  // untouched, not recomputed: a replay leaves such panes out and must get the same bits;
  // and a stream that has no room to rise must not gather the +1 of every pane
  if (count.n === 0 || m >= MOST) return levels;
  const evidence = logEvidence(m, count);
  return levels.map((level, j) => softplus(level + (evidence[j] ?? 0)));
}

/** log R from the level log(1 + R), and log(1 + R) from log R; above 36 the two are equal to a double. */
const logR = (level: number) => (level > 36 ? level : Math.log(Math.expm1(level)));
const softplus = (log: number) => (log > 36 ? log : Math.log1p(Math.exp(log)));
const capped = (log: number) => Math.min(Number.MAX_VALUE, Math.exp(log));

function logSum(logs: readonly number[]): number {
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  if (largest === -Infinity) return -Infinity;
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
}
