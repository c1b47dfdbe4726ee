/** Student's t distribution. */
import { betaDistribution } from './beta.ts';

/** P(|T| > |t|), two-sided, with `df` degrees of freedom. */
export function studentTwoSided(t: number, df: number): number {
  return betaDistribution(df / (df + t * t), df / 2, 0.5);
}

/** The t with P(T <= t) = p, for p > 1/2, by halving. */
export function studentQuantile(p: number, df: number): number {
  let [low, high] = [0, 1];
  while (studentTwoSided(high, df) / 2 > 1 - p && high < 1e12) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, df) / 2 > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
