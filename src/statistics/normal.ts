/** The standard normal distribution, accurate where intervals and power need it: |z| up to 6. */

/**
 * P(Z <= z) by the series 1/2 + phi(z) (z + z^3/3 + z^5/(3*5) + ...), absolute error below 1e-15.
 * Abramowitz & Stegun 26.2.11.
 */
export function normalCdf(z: number): number {
  if (Math.abs(z) > 8) return z > 0 ? 1 : 0;
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * sum;
}

/**
 * The z with P(Z <= z) = p.
 * @throws RangeError unless 1e-6 <= p <= 1 - 1e-6: further out the series loses its digits
 */
export function normalQuantile(p: number): number {
  if (!(p >= 1e-6 && p <= 1 - 1e-6)) throw new RangeError(`a normal quantile is given for 1e-6 <= p <= 1 - 1e-6, not for ${p}`);
  let low = -6;
  let high = 6;
  while (high - low > 1e-13) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
