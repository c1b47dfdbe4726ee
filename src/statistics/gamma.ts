/**
 * Factorials, the incomplete gamma function and the chi-square distribution's upper tail, as logarithms: a p-value of
 * 1e-300 keeps its digits, and one of 1e-3000 its logarithm. Prefactors are Loader's (see beta.ts).
 */
import { deviance, stirlingError } from './beta.ts';
import { normalQuantile } from './normal.ts';

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
const small = new Float64Array(256);
for (let n = 2; n < small.length; n++) small[n] = (small[n - 1] as number) + Math.log(n);

/** log n! for a whole n >= 0. */
export function logFactorial(n: number): number {
  if (n < small.length) return small[n] as number;
  return (n + 0.5) * Math.log(n) - n + HALF_LOG_2PI + stirlingError(n);
}

/** log Q(a, x): of the chance that a Gamma(a) variable exceeds x; a > 0. Series below the mean, Lentz's fraction above. */
export function logGammaUpper(a: number, x: number): number {
  if (x <= 0) return 0;
  if (x === Infinity) return -Infinity;
  // x^a e^-x / Gamma(a + 1)
  const logPrefactor = -stirlingError(a) - deviance(a, x) - 0.5 * Math.log(2 * Math.PI * a);
  if (x < a + 1) return Math.log1p(-Math.min(1, Math.exp(logPrefactor) * series(a, x)));
  return logPrefactor + Math.log(a * fraction(a, x));
}

function series(a: number, x: number): number {
  let [term, sum] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let result = d;
  for (let k = 1; k < 100_000; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    result *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return result;
}

/** P(chi-square with `df` degrees of freedom > x). */
export function chiSquareUpper(x: number, df: number): number {
  return Math.exp(logGammaUpper(df / 2, x / 2));
}

/**
 * Interval of the noncentrality of a noncentral chi-square variable seen at x, by turning its distribution function round
 * (Steiger and Fouladi 1997); that function by Sankaran's third approximation (Biometrika 50, 1963), good to about 1e-3.
 */
export function noncentralityInterval(x: number, df: number, level: number): { low: number; high: number } {
  const z = normalQuantile((1 + level) / 2);
  return { low: noncentralityAt(x, df, z), high: noncentralityAt(x, df, -z) };
}

/** The noncentrality at which x lies z deviations above the middle; 0 when it does so already without. */
function noncentralityAt(x: number, df: number, z: number): number {
  if (deviations(x, df, 0) <= z) return 0;
  let [low, high] = [0, x + df + 1];
  while (deviations(x, df, high) > z) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (deviations(x, df, middle) > z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function deviations(x: number, df: number, noncentrality: number): number {
  const mean = df + noncentrality;
  const spread = df + 2 * noncentrality;
  const h = 1 - ((2 / 3) * mean * (df + 3 * noncentrality)) / (spread * spread);
  const p = spread / (mean * mean);
  const m = (h - 1) * (1 - 3 * h);
  return ((x / mean) ** h - (1 + h * p * (h - 1 - 0.5 * (2 - h) * m * p))) / (h * Math.sqrt(2 * p) * (1 + 0.5 * m * p));
}
