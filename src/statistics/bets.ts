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

const made = new Map<number, Bets>();

/** Makes each m's bets once: they cost ten times the step itself. */
export function betsFor(m: number): Bets {
  const known = made.get(m);
  if (known !== undefined) return known;
  // every reference brings new means; a service that runs for years must not keep them all
  if (made.size >= 65_536) made.clear();
  const bets = makeBets(m);
  made.set(m, bets);
  return bets;
}
