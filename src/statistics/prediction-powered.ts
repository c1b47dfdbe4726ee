/**
 * Prediction-powered inference of a mean: a few labelled rows, and an expected score of every row. The mean expected score of
 * the rows without label, put right by what the labelled rows' scores are off: valid whatever the expected scores are worth, the
 * better the narrower. (Angelopoulos et al., "PPI++", 2023: power tuning; by strata: Fisch et al. 2024.)
 */
import type { Estimate } from './intervals.ts';
import type { Cell, Stratum } from './strata.ts';
import { studentQuantile } from './student.ts';

/** Sums over the labelled rows of Y, Y^2, f, f^2 and Y f, and over the rows without label of f and f^2. */
export interface PoweredSums {
  readonly labelled: number;
  readonly y: number;
  readonly yy: number;
  readonly f: number;
  readonly ff: number;
  readonly yf: number;
  readonly unlabelled: number;
  readonly uf: number;
  readonly uff: number;
}

export interface Powered {
  readonly mean: number;
  readonly variance: number;
  /** How much weight the expected scores get: 0 takes the labelled rows alone. */
  readonly lambda: number;
}

/** One stratum; `labelled` at least 1. Lambda is the one of least variance, within [0, 1]; variances as ppi_py has them. */
export function poweredMean(sums: PoweredSums): Powered {
  const { labelled: n, unlabelled } = sums;
  const [y, f] = [sums.y / n, sums.f / n];
  const total = n + unlabelled;
  const fAll = (sums.f + sums.uf) / total;
  const spreadAll = Math.max(0, sums.ff + sums.uff - total * fAll ** 2) / Math.max(1, total - 1);
  const covariance = sums.yf / n - y * f;
  const lambda = unlabelled === 0 || spreadAll <= 1e-12 ? 0 : Math.min(1, Math.max(0, covariance / ((1 + n / unlabelled) * spreadAll)));
  const spread = Math.max(0, sums.yy / n - y ** 2 - 2 * lambda * covariance + lambda ** 2 * (sums.ff / n - f ** 2));
  const spreadUnlabelled = unlabelled === 0 ? 0 : Math.max(0, sums.uff / unlabelled - (sums.uf / unlabelled) ** 2);
  return {
    mean: y - lambda * f + (unlabelled === 0 ? 0 : (lambda * sums.uf) / unlabelled),
    variance: spread / n + (unlabelled === 0 ? 0 : (lambda ** 2 * spreadUnlabelled) / unlabelled),
    lambda,
  };
}

export interface PoweredEstimate extends Estimate {
  /** Of all strata, by rows. */
  readonly lambda: number;
  readonly error: number;
}

/** The mean over all strata, with an asymptotic interval; null while a stratum has rows but no label. */
export function estimatePowered(strata: readonly Stratum[], level: number): PoweredEstimate | null {
  const used = strata.filter((each) => each.n > 0);
  if (used.length === 0 || used.some((each) => each.labelled === 0)) return null;
  const [n, labelled] = [used.reduce((sum, each) => sum + each.n, 0), used.reduce((sum, each) => sum + each.labelled, 0)];
  const parts = used.map((stratum) => ({ stratum, weight: stratum.n / n, powered: poweredMean(sumsOf(stratum.cells)) }));
  const mean = parts.reduce((sum, { weight, powered }) => sum + weight * powered.mean, 0);
  const between = parts.reduce((sum, { weight, powered }) => sum + weight * (powered.mean - mean) ** 2, 0) / n;
  const owns = parts.map(({ stratum, weight, powered }) => weight ** 2 * smoothed(stratum, powered, stratum.labelled / labelled));
  const own = owns.reduce((sum, each) => sum + each, 0);
  const error = Math.sqrt(own + between);
  // Satterthwaite (1946): a stratum of many rows and few labels decides how well the error is known
  const freedom = own ** 2 / owns.reduce((sum, each, i) => sum + each ** 2 / Math.max(1, (used[i] as Stratum).labelled - 1), 0);
  const half = studentQuantile((1 + level) / 2, Math.max(1, freedom)) * error;
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  return { mean: clamp(mean), low: clamp(mean - half), high: clamp(mean + half), lambda: parts.reduce((sum, { weight, powered }) => sum + weight * powered.lambda, 0), error };
}

/**
 * The variance by n - 1, with a share of four more labelled rows, two entirely right and two entirely wrong (A. Agresti and
 * B. Coull, 1998, who move the mean too): ten right answers do not prove the next.
 */
function smoothed({ labelled }: Stratum, { variance, mean }: Powered, share: number): number {
  const added = Math.min(1, Math.max(0, mean)) ** 2 + (1 - Math.min(1, Math.max(0, mean))) ** 2;
  return (variance * labelled) / Math.max(1, labelled - 1) + (2 * share * added) / labelled ** 2;
}

function sumsOf(cells: readonly Cell[]): PoweredSums {
  const sums = { labelled: 0, y: 0, yy: 0, f: 0, ff: 0, yf: 0, unlabelled: 0, uf: 0, uff: 0 };
  for (const { n, labelled, score, squares, expected } of cells) {
    const f = expected ?? 0;
    sums.labelled += labelled;
    sums.y += score;
    sums.yy += squares;
    sums.f += labelled * f;
    sums.ff += labelled * f * f;
    sums.yf += score * f;
    sums.unlabelled += n - labelled;
    sums.uf += (n - labelled) * f;
    sums.uff += (n - labelled) * f * f;
  }
  return sums;
}
