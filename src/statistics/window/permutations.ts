/** Exact p-values of any statistic of two binned samples, by seeded random permutations. */
import { drawHypergeometric } from '../draw.ts';
import { seededUniform } from '../random.ts';
import type { Cells } from './table.ts';

export const DRAWS = 9_999;
/** Permutations that reach the statistic before the count stops. */
const ENOUGH = 50;

/**
 * The p-value of `observed` from calls of `next`, each of which gives the statistic of one random permutation. It stops
 * early when the null is plainly alive: p = ENOUGH / draws so far, else (reached + 1) / (draws + 1). Both keep level alpha
 * at every sample size. (Besag and Clifford, Biometrika 78, 1991; Phipson and Smyth 2010)
 */
export function sequentialP(observed: number, draws: number, next: () => number): number {
  // a permutation that ties with what was observed must count although its sum was rounded otherwise
  const reach = observed - 1e-9 * Math.abs(observed);
  let reached = 0;
  for (let drawn = 1; drawn <= draws; drawn++) {
    if (next() >= reach && ++reached === ENOUGH) return ENOUGH / drawn;
  }
  return (reached + 1) / (draws + 1);
}

/** Which rows are reference and which current is dealt anew; the totals of the cells and of the samples stay: a random table with these margins. */
export function permutationP(cells: Cells, statistic: (cells: Cells) => number, observed: number, { draws, seed }: { draws: number; seed: number }): number {
  const uniform = seededUniform(seed);
  const [a, b] = [new Float64Array(cells.a.length), new Float64Array(cells.a.length)];
  const dealt: Cells = { ...cells, a, b };
  return sequentialP(observed, draws, () => {
    let [left, wanted] = [cells.n + cells.m, cells.m];
    for (let i = 0; i < a.length; i++) {
      const both = (cells.a[i] as number) + (cells.b[i] as number);
      const here = drawHypergeometric(both, left - both, wanted, uniform);
      b[i] = here;
      a[i] = both - here;
      left -= both;
      wanted -= here;
    }
    return statistic(dealt);
  });
}
