/** What can be said of the mean score of some predictions: of the labelled ones, and of all of them. */
import { meanInterval } from '../../statistics/bounded-mean.ts';
import { estimateByConfidence } from '../../statistics/cbpe.ts';
import { clopperPearson, type Interval } from '../../statistics/intervals.ts';
import { estimatePowered } from '../../statistics/prediction-powered.ts';
import { labellingOf, stratify } from '../../statistics/strata.ts';
import { expectedCells, strataCells, type Calibrations, type CountedCell } from './cells.ts';

/** Mean score of the labelled predictions. */
export interface ScoreReport extends Interval {
  readonly mean: number;
  /** Labels depend on the confidence: labelled rows are weighted to stand for all. */
  readonly weighted: boolean;
  /** Rows of equal weight that would tell as much. */
  readonly effectiveRows: number;
  /** Chance of labels as uneven over confidences as these, were they to come by chance. */
  readonly labellingP: number;
  /** Of the 95 % interval: `exact` covers with at least that at any number of rows, `asymptotic` in the limit. */
  readonly guarantee: 'exact' | 'asymptotic';
}

/** Mean score that all predictions are expected to have. */
export interface EstimateReport extends Interval {
  readonly method: 'prediction-powered' | 'confidence';
  readonly mean: number;
  readonly guarantee: 'asymptotic';
  /** What it is true under. */
  readonly assumes: string;
}

export interface NoEstimate {
  readonly method: null;
  readonly because: string;
}

export const LEVEL = 0.95;
/** From this many labelled rows on they put the estimate right; below, confidences alone make it. */
const FEWEST_LABELLED = 30;
/** Below this p labels are taken to depend on the confidence. */
const DEPENDS = 0.05;
/** Share of rows without a calibrated confidence, at most. */
export const MOST_UNKNOWN = 0.1;

const POWERED = 'at one confidence, labels come by chance: right and wrong answers alike';
const CONFIDENCE = 'a confidence is worth what it was worth on the exam rows of the adapter\'s reference';

/** Null without labelled rows. */
export function scoreOf(cells: readonly CountedCell[], calibrations: Calibrations): ScoreReport | null {
  const total = cells.reduce((sum, { labelled }) => ({ n: sum.n + labelled.n, sum: sum.sum + labelled.score, squares: sum.squares + labelled.squares }), { n: 0, sum: 0, squares: 0 });
  if (total.n === 0) return null;
  const strata = stratify(strataCells(cells, calibrations));
  const { p, effective } = labellingOf(strata);
  // weights alone: expected scores are for the estimate
  const weighted = p < DEPENDS ? estimatePowered(strata.map((each) => ({ ...each, cells: each.cells.map((cell) => ({ ...cell, expected: 0 })) })), LEVEL) : null;
  if (weighted !== null) return { mean: weighted.mean, low: weighted.low, high: weighted.high, weighted: true, effectiveRows: effective, labellingP: p, guarantee: 'asymptotic' };
  // scores are all 0 or 1 exactly when their squares sum to the same
  const interval = total.squares === total.sum ? clopperPearson(total.sum, total.n, LEVEL) : meanInterval(total, LEVEL);
  return { mean: total.sum / total.n, ...interval, weighted: false, effectiveRows: total.n, labellingP: p, guarantee: 'exact' };
}

/** `drifted`: confidences are known to be worth something else by now. */
export function estimateOf(cells: readonly CountedCell[], calibrations: Calibrations, drifted: boolean): EstimateReport | NoEstimate {
  const rows = cells.reduce((sum, { all }) => sum + all.n, 0);
  if (rows === 0) return { method: null, because: 'there are no predictions' };
  const labelled = cells.reduce((sum, each) => sum + each.labelled.n, 0);
  const powered = labelled >= FEWEST_LABELLED ? estimatePowered(stratify(strataCells(cells, calibrations)), LEVEL) : null;
  if (powered !== null) return { method: 'prediction-powered', mean: powered.mean, low: powered.low, high: powered.high, guarantee: 'asymptotic', assumes: POWERED };
  if (drifted) return { method: null, because: `concept drift: ${CONFIDENCE} no longer, and there are fewer than ${FEWEST_LABELLED} labels here to put it right` };
  const expected = estimateByConfidence(expectedCells(cells, calibrations), LEVEL);
  if (expected === null || expected.unknown > MOST_UNKNOWN) return { method: null, because: unknownBecause(expected?.unknown ?? 1) };
  return { method: 'confidence', mean: expected.mean, low: expected.low, high: expected.high, guarantee: 'asymptotic', assumes: CONFIDENCE };
}

function unknownBecause(unknown: number): string {
  return `of ${Math.round(unknown * 100)} % of the predictions it is not known what their confidence is worth: they have none, or one that the exam rows of their adapter do not have, or no reference with exam rows`;
}
