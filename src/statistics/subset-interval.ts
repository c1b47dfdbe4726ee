/**
 * Interval of a mean difference by inverting the sign-flip test. Flipping the signs of the rows of a set F reaches the observed
 * sum exactly when the mean of F is at most the mean in question, so the bounds are quantiles of the means of subsets: "typical
 * values" (J. A. Hartigan, JASA 64, 1969). Exact for symmetric differences, like the test.
 *
 * Two rows are added, one lost and one won entirely: without them rows that do not differ at all would give an interval of no
 * width, however few they are (as A. Agresti and Y. Min add rows to tables of 0/1 differences, Statistics in Medicine 24, 2005).
 */
import { seededUniform } from './random.ts';

const ADDED = [-1, 1] as const;
/** Up to so many rows all subsets are taken. */
const ALL_UP_TO = 12;

/** `differences` in [-1, 1]. Two-sided at `confidence`; each bound alone holds at (1 + confidence) / 2. No rows: [-1, 1]. */
export function subsetInterval(differences: readonly number[], confidence: number, options: { seed: number; rounds?: number }): [number, number] {
  if (differences.length === 0) return [-1, 1];
  const rows = [...differences, ...ADDED];
  const means = rows.length <= ALL_UP_TO ? allMeans(rows) : someMeans(rows, options.seed, options.rounds ?? 4_999);
  // the observed signs, the empty set, are one pattern more
  const outside = Math.floor(((1 - confidence) / 2) * (means.length + 1)) - 1;
  if (outside < 0) return [-1, 1];
  return [means[outside] as number, means[means.length - 1 - outside] as number];
}

function allMeans(rows: readonly number[]): Float64Array {
  const means = new Float64Array(2 ** rows.length - 1);
  for (let set = 1; set <= means.length; set += 1) means[set - 1] = meanOf(rows, (i) => ((set >>> i) & 1) === 1);
  return means.sort();
}

function someMeans(rows: readonly number[], seed: number, rounds: number): Float64Array {
  const uniform = seededUniform(seed);
  // one draw decides on 32 rows
  let bits = 0;
  const isIn = (row: number) => {
    const at = row & 31;
    if (at === 0) bits = Math.floor(uniform() * 2 ** 32);
    return ((bits >>> at) & 1) === 1;
  };
  return Float64Array.from({ length: rounds }, () => {
    for (;;) {
      const mean = meanOf(rows, isIn);
      if (!Number.isNaN(mean)) return mean;
    }
  }).sort();
}

/** NaN of no rows. */
function meanOf(rows: readonly number[], isIn: (row: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < rows.length; i += 1) {
    if (!isIn(i)) continue;
    sum += rows[i] as number;
    count += 1;
  }
  return sum / count;
}
