/**
 * Features balanced so that frequent words do not drown rare ones: each divided by the fourth root of its mean square over
 * the rows of both samples, halfway to equal variances. New content is made of rare words. Both samples' rows weigh alike,
 * so that dealing them anew leaves the weights as they are and a permutation p-value stays exact; weights of the reference
 * alone would not do.
 */
import type { Features } from './features.ts';
import { unitOf, type FeatureSum } from './mean-discrepancy.ts';

/** Units for `meanDiscrepancy`, a row each. Its distance is then on the scale of these two samples alone. */
export function balancedUnits(reference: readonly Features[], current: readonly Features[], dims: number): { reference: FeatureSum[]; current: FeatureSum[] } {
  const squares = new Float64Array(dims);
  for (const { at, value } of [...reference, ...current]) {
    for (let i = 0; i < at.length; i++) squares[at[i] as number] = (squares[at[i] as number] as number) + (value[i] as number) ** 2;
  }
  const rows = reference.length + current.length;
  const weights = squares.map((sum) => (sum === 0 ? 0 : (sum / rows) ** -0.25));
  const weigh = ({ at, value }: Features) => unitOf({ at, value: Float64Array.from(value, (x, i) => x * (weights[at[i] as number] as number)) });
  return { reference: reference.map(weigh), current: current.map(weigh) };
}
