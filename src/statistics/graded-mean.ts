/**
 * An upper bound of a mean of independent values in [0, 1] that knows how much they vary, from their sum and the sum of their squares alone: the bet
 * that the e-detector places on graded values, placed once on all n of them.
 *
 * If the mean is u or more, that of y = 1 - x is at most m = 1 - u, and for every lambda with lambda m < 1 the expectation of
 *
 *     prod exp(lambda (y - m) - cost (y - m)^2),   cost = (-log(1 - lambda m) - lambda m) / m^2,
 *
 * is at most 1 (Fan, Grama, Liu, "Exponential inequalities for martingales with applications", 2015, proposition 4.1). So is that of a
 * mean of several, with lambdas that n and the miss alone decide: u is spoken against where it is 1 / miss or more (Markov).
 * Each lambda is the best for one variance, sqrt(2 log(1 / miss) / (n v)); between them little is lost.
 */

/** Over n values. */
type Sums = Readonly<Record<'n' | 'sum' | 'squares', number>>;

/** Variances that are looked for: from the largest that there is, each a quarter of the one before; and none, for which lambda is as large as it may be. */
const VARIANCES = [0.25, 0.0625, 0.015625, 0.00390625, 0];
/** lambda m at most: at 1 the cost is infinite. And lambda itself: larger ones would multiply the rounding of the sums. */
const [CAUTION, LARGEST] = [0.95, 1_000];
/** Steps from above to the first mean that is not spoken against, and halvings within the step. */
const [STEPS, HALVINGS] = [64, 40];

/** The true mean is above this with chance `miss` at most, if it is at most `most`, from where the bound is looked for downwards. */
export function gradedUpper(values: Sums, miss: number, most: number): number {
  const { n, sum } = values;
  const mean = Math.min(most, Math.max(0, sum / n));
  const against = (u: number) => evidenceAgainst(values, u, miss) >= 1 / miss;
  if (!against(most)) return most;
  let [low, high] = [mean, most];
  // counted, not by the distance left: that may be too small to be taken off
  for (let i = 1; i < STEPS; i++) {
    low = most - ((most - mean) * i) / STEPS;
    if (!against(low)) break;
    [low, high] = [mean, low];
  }
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (against(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The mixture's evidence against a mean of u or more. */
function evidenceAgainst({ n, sum, squares }: Sums, u: number, miss: number): number {
  const m = 1 - u;
  if (m <= 0) return sum < n ? Infinity : 0;
  // sums over y - m, where y = 1 - x
  const risen = n - sum - n * m;
  const spread = n - 2 * sum + squares - 2 * m * (n - sum) + n * m * m;
  let evidence = 0;
  for (const variance of VARIANCES) {
    const lambda = Math.min(CAUTION / m, LARGEST, Math.sqrt((2 * Math.log(1 / miss)) / (n * variance)));
    const cost = (-Math.log1p(-lambda * m) - lambda * m) / (m * m);
    evidence += Math.exp(lambda * risen - cost * spread) / VARIANCES.length;
  }
  return evidence;
}
