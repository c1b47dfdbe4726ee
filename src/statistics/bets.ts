/**
 * The bets of an e-detector against a mean of at most m: each is the bet that grows fastest when the mean has risen to a target.
 *
 * Targets lie a fixed reach above m on the scale asin(sqrt(mean)), where one step is equally hard to see everywhere: from
 * just visible (0.10 to 0.12) to glaring (0.10 to 0.34). Reaches and weights are the best of seven such grids by the 95 %
 * points of delay for 0.10 to 0.15, 0.02 to 0.04 and 0.30 to 0.36; glaring rises need little weight, they show in any case.
 */
const REACH = [0.025, 0.04, 0.06, 0.09, 0.15, 0.3];
const SHARES = [4, 5, 4, 3, 2, 1];
export const BETS = REACH.length;
/** Share of each bet in the mixture; together 1. */
export const WEIGHTS = Float64Array.from(SHARES, (share) => share / SHARES.reduce((sum, each) => sum + each, 0));

/** Below: exp(lambda) of a rise from nothing would overflow. Above: there is no room for a rise. */
const LEAST = 1e-9;
export const MOST = 1 - 1e-9;

export interface Bets {
  readonly lambda: Float64Array;
  /** log(1 - m + m e^lambda): what each row costs. */
  readonly cost: Float64Array;
  /** exp(lambda - cost) and exp(-cost): the evidence of one row that is 1, and of one that is 0. */
  readonly hit: Float64Array;
  readonly miss: Float64Array;
}

/**
 * Bets on values between 0 and 1 that see how much the values vary: a bet's evidence of one value x is
 *
 *     exp(lambda (x - m) - cost (x - m)^2),   cost = (-log(1 - lambda m) - lambda m) / m^2,   lambda m < 1,
 *
 * which is at most 1 + lambda (x - m), since x - m is at least -m (Fan, Grama, Liu, "Exponential inequalities for martingales with applications",
 * 2015, proposition 4.1); so its expectation is at most 1 while the mean is at most m, and a pane needs only the sums of x and of x^2. The bets above
 * take every value for 0 or 1; for values that vary less these grow faster, by up to m (1 - m) over the variance.
 */
export interface GradedBets {
  readonly lambda: Float64Array;
  readonly cost: Float64Array;
}

/** lambda m of each: the best is rise / (variance + rise^2), so they stand close where rises are small. */
const CAUTION = [0.03, 0.07, 0.15, 0.3, 0.55, 0.9];

export function makeGradedBets(m: number): GradedBets {
  const on = heldIn(m);
  return { lambda: Float64Array.from(CAUTION, (each) => each / on), cost: Float64Array.from(CAUTION, (each) => (-Math.log1p(-each) - each) / on ** 2) };
}

/** Of a stream of graded values: half of the mixture on each kind of bet, as losses of a score may be all but 0 or 1. */
export const GRADED_WEIGHTS = Float64Array.from([...WEIGHTS, ...WEIGHTS], (each) => each / 2);

const heldIn = (m: number) => Math.min(MOST, Math.max(LEAST, m));

/** Where a bet of this reach looks. Reaches bend towards the end of the scale, so that no target is 1, where the bet would be infinite. */
function target(on: number, reach: number): number {
  const from = Math.asin(Math.sqrt(on));
  const room = Math.PI / 2 - from;
  return Math.sin(from + (room * reach) / (room + reach)) ** 2;
}

/** The smallest mean that a bet looks for. */
export const nearestTarget = (m: number): number => target(heldIn(m), REACH[0] as number);

/** lambda = logit(target) - logit(m). */
export function makeBets(m: number): Bets {
  const on = heldIn(m);
  const logit = (mean: number) => Math.log(mean / (1 - mean));
  const lambda = Float64Array.from(REACH, (reach) => logit(target(on, reach)) - logit(on));
  const cost = lambda.map((each) => Math.log1p(on * Math.expm1(each)));
  return { lambda, cost, hit: lambda.map((each, j) => Math.exp(each - (cost[j] as number))), miss: cost.map((each) => Math.exp(-each)) };
}

/** Makes each m's bets once: they cost ten times the step itself. */
function kept<B>(make: (m: number) => B): (m: number) => B {
  const made = new Map<number, B>();
  return (m) => {
    const known = made.get(m);
    if (known !== undefined) return known;
    // every reference brings new means; a service that runs for years must not keep them all
    if (made.size >= 65_536) made.clear();
    const bets = make(m);
    made.set(m, bets);
    return bets;
  };
}

export const betsFor = kept(makeBets);
export const gradedBetsFor = kept(makeGradedBets);
