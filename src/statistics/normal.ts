/** The standard normal distribution and its inverse, with relative accuracy also in the lower tail. */

/**
 * P(Z <= z): in the middle by the series 1/2 + phi(z) (z + z^3/3 + z^5/(3*5) + ...) (Abramowitz & Stegun 26.2.11), in the
 * tails by the continued fraction phi(z) / (|z| + 1 / (|z| + 2 / (|z| + ...))) (26.2.14), where the series would cancel.
 */
export function normalCdf(z: number): number {
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (Math.abs(z) > 3) {
    let below = Math.abs(z);
    for (let k = 150; k >= 1; k -= 1) below = Math.abs(z) + k / below;
    return z < 0 ? density / below : 1 - density / below;
  }
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + density * sum;
}

/** The z with P(Z <= z) = p, by halving; -Infinity at 0 and Infinity at 1. */
export function normalQuantile(p: number): number {
  if (p <= 0) return -Infinity;
  if (p >= 1) return Infinity;
  // the upper half through the lower, where the distribution function keeps its digits
  if (p > 0.5) return -normalQuantile(1 - p);
  let low = -39;
  let high = 0;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
