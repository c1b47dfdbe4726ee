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
 * About how many rows a one-sided test needs, with this power, to show what the difference in `counts` promises: a lead, or with a
 * margin that the loss is smaller than it. null when the difference lies on the wrong side, since then no number of such rows shows it.
 */
export function rowsNeeded({ n, better, worse }: PairedCounts, alpha: number, margin = 0, power = 0.8): number | null {
  const difference = (better - worse) / n;
  const discordance = (better + worse) / n;
  const distance = difference + margin;
  if (!(distance > 0)) return null;
  const spread = Math.sqrt(Math.max(0, discordance - difference ** 2));
  // Without a margin the null fixes the spread at its edge; with one it is about what was seen.
  const atNull = margin === 0 ? Math.sqrt(discordance) : spread;
  return Math.ceil(((normalQuantile(1 - alpha) * atNull + normalQuantile(power) * spread) / distance) ** 2);
}
