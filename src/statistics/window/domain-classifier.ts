/**
 * Domain classifier: a logistic regression that tries to tell current rows from reference rows. Diagnosis only, on demand:
 * its weights say what moved. With a share f of new rows its best possible AUC is 1/2 + f/2, so a threshold on the AUC
 * cannot see a small share; the tests are `meanDiscrepancy` and the tests of columns. No p-value, no promise.
 */
import type { Interval } from '../intervals.ts';
import { normalQuantile } from '../normal.ts';
import { seededUniform } from '../random.ts';
import type { Features } from './features.ts';
import { clamp, nothingKnown, type WindowOptions, type WindowResult } from './result.ts';

export interface Domains extends WindowResult {
  /** The features that speak loudest: positive for the current rows. */
  readonly weights: readonly { readonly feature: number; readonly weight: number }[];
}

const EPOCHS = 10;
const RATE = 0.5;
const SHRINK = 1e-4;
const TOP = 20;

/** Statistic and effect: AUC on the half of the rows that was not trained on; interval by DeLong, DeLong and Clarke-Pearson (1988). */
export function domainClassifier(reference: readonly Features[], current: readonly Features[], dims: number, { level = 0.95, seed = 1 }: WindowOptions = {}): Domains {
  const uniform = seededUniform(seed);
  const [x, y] = [halves(reference, uniform), halves(current, uniform)];
  if (x.held.length < 2 || y.held.length < 2) return { ...nothingKnown(1, 'none'), statistic: 0.5, effect: 0.5, weights: [] };
  const { weights, bias } = train(x.train, y.train, dims, uniform);
  const score = (rows: readonly Features[]) => rows.map((row) => bias + dot(weights, row));
  const { auc, interval } = areaUnderCurve(score(x.held), score(y.held), level);
  const top = [...weights.keys()].sort((i, j) => Math.abs(weights[j] as number) - Math.abs(weights[i] as number)).slice(0, TOP);
  return {
    statistic: auc, p: null, effect: auc, interval, guarantee: 'none',
    weights: top.filter((feature) => weights[feature] !== 0).map((feature) => ({ feature, weight: weights[feature] as number })),
  };
}

function halves(rows: readonly Features[], uniform: () => number): { train: Features[]; held: Features[] } {
  const shuffled = shuffle([...rows], uniform);
  return { train: shuffled.slice(0, shuffled.length >> 1), held: shuffled.slice(shuffled.length >> 1) };
}

function shuffle<T>(items: T[], uniform: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}

/** AdaGrad on the logistic loss; both sides weigh the same however many rows they have. (Duchi, Hazan and Singer 2011) */
function train(reference: readonly Features[], current: readonly Features[], dims: number, uniform: () => number): { weights: Float64Array; bias: number } {
  const [weights, squares] = [new Float64Array(dims + 1), new Float64Array(dims + 1).fill(1e-8)];
  const all = reference.length + current.length;
  const rows = [
    ...reference.map((row) => ({ row, is: 0, worth: all / (2 * reference.length) })),
    ...current.map((row) => ({ row, is: 1, worth: all / (2 * current.length) })),
  ];
  const move = (at: number, gradient: number) => {
    squares[at] = (squares[at] as number) + gradient * gradient;
    weights[at] = (weights[at] as number) - (RATE * gradient) / Math.sqrt(squares[at] as number);
  };
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const { row, is, worth } of shuffle(rows, uniform)) {
      const miss = worth * (1 / (1 + Math.exp(-(weights[dims] as number) - dot(weights, row))) - is);
      for (let i = 0; i < row.at.length; i++) move(row.at[i] as number, miss * (row.value[i] as number) + SHRINK * (weights[row.at[i] as number] as number));
      move(dims, miss);
    }
  }
  return { weights: weights.subarray(0, dims), bias: weights[dims] as number };
}

function dot(weights: Float64Array, { at, value }: Features): number {
  let sum = 0;
  for (let i = 0; i < at.length; i++) sum += (weights[at[i] as number] as number) * (value[i] as number);
  return sum;
}

/** The chance that a current row scores above a reference row, ties half. */
export function areaUnderCurve(reference: readonly number[], current: readonly number[], level = 0.95): { auc: number; interval: Interval } {
  const [x, y] = [Float64Array.from(reference).sort(), Float64Array.from(current).sort()];
  const ofCurrent = current.map((value) => placement(x, value));
  const ofReference = reference.map((value) => 1 - placement(y, value));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const auc = mean(ofCurrent);
  const variance = (values: readonly number[]) => values.reduce((sum, value) => sum + (value - auc) ** 2, 0) / Math.max(1, values.length - 1) / values.length;
  const half = normalQuantile((1 + level) / 2) * Math.sqrt(variance(ofCurrent) + variance(ofReference));
  return { auc, interval: { low: clamp(auc - half, 0, 1), high: clamp(auc + half, 0, 1) } };
}

/** The share of the sorted values below, those that tie half. */
function placement(sorted: Float64Array, value: number): number {
  return (countBelow(sorted, (x) => x < value) + countBelow(sorted, (x) => x <= value)) / (2 * sorted.length);
}

function countBelow(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
