/**
 * Maximum mean discrepancy with a linear kernel on features: the distance of the two samples' mean features. On hashed
 * texts it sees new words, on random Fourier features of vectors any change of their law. (Gretton et al., JMLR 13, 2012)
 *
 * It works on units, which are dealt anew for the p-value: rows, or sums over whole clusters or panes, which are then what
 * must be exchangeable. Sums over a single unit a side give effect and interval, but no p-value: a mean does not say how
 * much it varies.
 * Effect: sqrt of the unbiased MMD^2. Interval: basic bootstrap of MMD^2 over units; of sums alone by bounded differences
 * (McDiarmid 1989), wider.
 */
import { drawPoisson } from '../draw.ts';
import type { Interval } from '../intervals.ts';
import { seededUniform } from '../random.ts';
import type { Features } from './features.ts';
import { DRAWS, sequentialP } from './permutations.ts';
import { nothingKnown, type WindowOptions, type WindowResult } from './result.ts';

/** Features of `rows` rows added up, and the sum of their squared lengths. */
export interface FeatureSum {
  readonly rows: number;
  readonly sum: Features;
  readonly squares: number;
}

/** A row as a unit. */
export function unitOf(features: Features): FeatureSum {
  return { rows: 1, sum: features, squares: squaredLength(features.value) };
}

/** Below, a bootstrap over units knows too little of their variance. */
const FEWEST_UNITS = 10;
const RESAMPLES = 200;

/** `dims` is the length of the feature vectors; rows are no longer than `reach` (1 of hashed features, sqrt 2 of Fourier features). */
export function meanDiscrepancy(reference: readonly FeatureSum[], current: readonly FeatureSum[], dims: number, options: WindowOptions & { reach?: number } = {}): WindowResult {
  const { level = 0.95, seed = 1, draws = 999, resamples = RESAMPLES, reach = 1 } = options;
  const [x, y] = [sideOf(reference, dims), sideOf(current, dims)];
  const dealable = reference.length > 1 && current.length > 1 && draws > 0;
  if (x.rows === 0 || y.rows === 0) return nothingKnown(2 * reach, dealable ? 'exact' : 'none');
  const squared = biased(x, y);
  return {
    statistic: Math.sqrt(squared),
    p: dealable ? dealtP(reference, current, dims, squared, Math.min(draws, DRAWS), seed) : null,
    effect: Math.sqrt(Math.max(0, squared - noiseOf(x, true) - noiseOf(y, true))),
    interval: Math.min(reference.length, current.length) >= FEWEST_UNITS ? bootstrap(reference, current, dims, { level, seed, resamples }) : bounded(x, y, level, reach),
    guarantee: dealable ? 'exact' : 'none',
  };
}

interface Side {
  readonly rows: number;
  readonly sum: Float64Array;
  readonly squares: number;
}

function sideOf(units: readonly FeatureSum[], dims: number, weights?: readonly number[]): Side {
  const sum = new Float64Array(dims);
  let [rows, squares] = [0, 0];
  for (const [i, unit] of units.entries()) {
    const weight = weights?.[i] ?? 1;
    if (weight === 0) continue;
    addTo(sum, unit.sum, weight);
    rows += weight * unit.rows;
    squares += weight * unit.squares;
  }
  return { rows, sum, squares };
}

function addTo(sum: Float64Array, { at, value }: Features, weight: number): void {
  for (let i = 0; i < at.length; i++) sum[at[i] as number] = (sum[at[i] as number] as number) + weight * (value[i] as number);
}

function biased(x: Pick<Side, 'rows' | 'sum'>, y: Pick<Side, 'rows' | 'sum'>): number {
  let squared = 0;
  for (let i = 0; i < x.sum.length; i++) squared += ((x.sum[i] as number) / x.rows - (y.sum[i] as number) / y.rows) ** 2;
  return squared;
}

/** The mean squared length of (sample mean - population mean): what chance adds to MMD^2. */
function noiseOf({ rows, sum, squares }: Side, unbiased = false): number {
  const spread = Math.max(0, squares / rows - squaredLength(sum) / (rows * rows));
  return unbiased ? spread / Math.max(1, rows - 1) : spread / rows;
}

/** As many units as `current` has are drawn from all, without replacement. */
function dealtP(reference: readonly FeatureSum[], current: readonly FeatureSum[], dims: number, observed: number, draws: number, seed: number): number {
  const units = [...reference, ...current];
  const all = sideOf(units, dims);
  // the smaller side is the cheaper to add up
  const take = Math.min(reference.length, current.length);
  const uniform = seededUniform(seed);
  const [some, rest] = [new Float64Array(dims), new Float64Array(dims)];
  return sequentialP(observed, draws, () => {
    some.fill(0);
    let rows = 0;
    for (let i = 0; i < take; i++) {
      const j = i + Math.floor(uniform() * (units.length - i));
      [units[i], units[j]] = [units[j] as FeatureSum, units[i] as FeatureSum];
      const unit = units[i] as FeatureSum;
      addTo(some, unit.sum, 1);
      rows += unit.rows;
    }
    // a deal that leaves a side without rows has no distance
    if (rows === 0 || rows === all.rows) return Infinity;
    for (let i = 0; i < dims; i++) rest[i] = (all.sum[i] as number) - (some[i] as number);
    return biased({ rows, sum: some }, { rows: all.rows - rows, sum: rest });
  });
}

function bootstrap(reference: readonly FeatureSum[], current: readonly FeatureSum[], dims: number, { level, seed, resamples }: { level: number; seed: number; resamples: number }): Interval {
  const uniform = seededUniform(seed);
  const resample = (units: readonly FeatureSum[]) => sideOf(units, dims, units.map(() => drawPoisson(1, uniform)));
  const values: number[] = [];
  while (values.length < resamples) {
    const [x, y] = [resample(reference), resample(current)];
    if (x.rows > 0 && y.rows > 0) values.push(biased(x, y));
  }
  values.sort((a, b) => a - b);
  const observed = biased(sideOf(reference, dims), sideOf(current, dims));
  const miss = (1 - level) / 2;
  const end = (share: number) => Math.sqrt(Math.max(0, 2 * observed - (values[Math.round(share * (values.length - 1))] ?? observed)));
  return { low: end(1 - miss), high: end(miss) };
}

function bounded(x: Side, y: Side, level: number, reach: number): Interval {
  const value = Math.sqrt(biased(x, y));
  const deviation = 2 * reach * Math.sqrt((Math.log(2 / (1 - level)) * (1 / x.rows + 1 / y.rows)) / 2);
  return { low: Math.max(0, value - Math.sqrt(noiseOf(x) + noiseOf(y)) - deviation), high: Math.min(2 * reach, value + deviation) };
}

function squaredLength(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return sum;
}
