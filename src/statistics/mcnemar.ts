/**
 * McNemar's exact test for two classifiers on the same rows. Rows on which both are right or both wrong say nothing;
 * of the `better + worse` others, `better` is Binomial(1/2) at the edge of the null. Exact for every number of rows.
 * Q. McNemar, Psychometrika 12 (1947); rows needed: R. J. Connor, Biometrics 43 (1987).
 */
import { betaDistribution } from './beta.ts';
import { normalQuantile } from './normal.ts';

/** `n` rows in all; on `better` only the challenger is right, on `worse` only the champion. */
export interface PairedCounts {
  readonly n: number;
  readonly better: number;
  readonly worse: number;
}

export interface McNemar {
  /** p-value of "the challenger is at most as good". */
  readonly superior: number;
  /** p-value of "the challenger is at least as good". */
  readonly inferior: number;
  readonly twoSided: number;
}

export function mcnemar({ better, worse }: Omit<PairedCounts, 'n'>): McNemar {
  const superior = atLeast(better, worse);
  const inferior = atLeast(worse, better);
  return { superior, inferior, twoSided: Math.min(1, 2 * Math.min(superior, inferior)) };
}

/** P(X >= k) for X ~ Binomial(k + rest, 1/2), by the beta distribution, which keeps the digits of a small tail. */
function atLeast(k: number, rest: number): number {
  return k === 0 ? 1 : betaDistribution(0.5, k, rest + 1);
}

/**
 * About how many rows the one-sided test needs to see a difference as large as the one in `counts`, with this power;
 * null when the challenger is not ahead, since then no number of such rows shows it better.
 */
export function rowsNeeded({ n, better, worse }: PairedCounts, alpha: number, power = 0.8): number | null {
  if (better <= worse) return null;
  const difference = (better - worse) / n;
  const discordance = (better + worse) / n;
  const spread = normalQuantile(1 - alpha) * Math.sqrt(discordance) + normalQuantile(power) * Math.sqrt(Math.max(0, discordance - difference ** 2));
  return Math.ceil((spread / difference) ** 2);
}
