/**
 * The beta distribution: its distribution function I_x(a, b) and the inverse of that.
 * The prefactor is Loader's saddle-point form (C. Loader, "Fast and accurate computation of binomial probabilities", 2000):
 * a difference of log-gammas would lose eight digits at a million rows.
 */

/** Error of Stirling's formula: log n! - (n + 1/2) log n + n - log(2 pi) / 2, for n > 0. */
export function stirlingError(n: number): number {
  // climb to where the series is exact to a double: err(n) - err(n + 1) = (n + 1/2) log(1 + 1/n) - 1
  let climbed = 0;
  let at = n;
  for (; at < 16; at++) climbed += (at + 0.5) * Math.log1p(1 / at) - 1;
  const q = 1 / (at * at);
  return climbed + (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * (1 / 1188 - (q * 691) / 360360))))) / at;
}

/** x log(x / m) + m - x for x > 0, also where x is near m and the terms cancel. */
export function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let term = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** x^a (1 - x)^b / B(a, b). */
function prefactor(x: number, a: number, b: number): number {
  const n = a + b;
  const log = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * (1 - x));
  return Math.exp(log) * Math.sqrt((a * b) / (2 * Math.PI * n));
}

/** Continued fraction of I_x(a, b), by Lentz's method; converges fast for x below the mean. */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const change = d * c;
    result *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return result;
}

/** I_x(a, b): the chance that a Beta(a, b) variable is at most x; a, b > 0. */
export function betaDistribution(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x < (a + 1) / (a + b + 2)
    ? (prefactor(x, a, b) * continuedFraction(x, a, b)) / a
    : 1 - (prefactor(x, a, b) * continuedFraction(1 - x, b, a)) / b;
}

/** The x with I_x(a, b) = p: Newton's steps kept inside a shrinking bracket. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let [low, high] = [0, 1];
  let x = a / (a + b);
  for (let i = 0; i < 1100; i++) {
    const miss = betaDistribution(x, a, b) - p;
    if (miss > 0) high = x;
    else low = x;
    const newton = x - (miss * x * (1 - x)) / prefactor(x, a, b);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= 2e-16 * x) return next;
    x = next;
  }
  return x;
}
