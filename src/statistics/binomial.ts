/**
 * The binomial distribution without loss in the tails: saddle-point mass (C. Loader, "Fast and accurate computation of binomial
 * probabilities", 2000), tails summed from the small end, exact interval of a share (Clopper & Pearson 1934).
 */

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** log(n!) minus Stirling's formula. */
function stirlingError(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let i = 2; i <= n; i += 1) factorial *= i;
    return n === 0 ? 0 : Math.log(factorial) - (n + 0.5) * Math.log(n) + n - HALF_LOG_TWO_PI;
  }
  const m = 1 / (n * n);
  return (1 / 12 - m * (1 / 360 - m * (1 / 1260 - m * (1 / 1680 - m / 1188)))) / n;
}

/** x log(x / mean) + mean - x, without cancellation where x is close to the mean. */
function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let sum = (x - mean) * v;
  let power = 2 * x * v;
  for (let j = 1; ; j += 1) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/** P(X = k) for n trials that succeed with probability p. */
export function binomialMass(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const exponent = stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** P(X >= k): summed upwards from k where the terms fall, else as the complement of the lower tail. */
export function binomialUpperTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  return k > n * p ? fallingSum(k, n, p) : Math.max(0, 1 - fallingSum(n - k + 1, n, 1 - p));
}

/** Sum of the masses from k to n, for k above the mean. */
function fallingSum(k: number, n: number, p: number): number {
  const odds = p / (1 - p);
  let term = binomialMass(k, n, p);
  let sum = term;
  for (let i = k; i < n && term > sum * 1e-17; i += 1) {
    term *= ((n - i) / (i + 1)) * odds;
    sum += term;
  }
  return Math.min(1, sum);
}

/**
 * Exact (conservative) two-sided interval of a share from `hits` of `n` at `confidence`; [0, 1] for no trials.
 * Coverage is at least `confidence` for every true share.
 */
export function exactShareInterval(hits: number, n: number, confidence: number): [number, number] {
  const tail = (1 - confidence) / 2;
  if (n === 0) return [0, 1];
  const lower = hits === 0 ? 0 : crossing((p) => binomialUpperTail(hits, n, p) - tail);
  const upper = hits === n ? 1 : crossing((p) => tail - binomialUpperTail(n - hits, n, 1 - p));
  return [lower, upper];
}

/** The p in [0, 1] at which a rising function crosses 0. */
function crossing(rising: (p: number) => number): number {
  let low = 0;
  let high = 1;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
