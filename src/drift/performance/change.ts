/** What became of the mean score since the exam, in two parts: what the confidences foretell, and what they do not. */
import { calibrationDrift, type CalibrationDrift } from '../../statistics/calibration-drift.ts';
import { calibrationError } from '../../statistics/calibration.ts';
import { estimateByConfidence } from '../../statistics/cbpe.ts';
import type { Interval } from '../../statistics/intervals.ts';
import { normalQuantile } from '../../statistics/normal.ts';
import { expectedCells, labelledCells, type Calibrations, type CountedCell } from './cells.ts';
import { LEVEL, MOST_UNKNOWN } from './estimate.ts';

interface Part extends Interval {
  readonly mean: number;
}

export interface ChangeReport {
  readonly adapter: string;
  /** Of the exam rows: their number, and their mean score. */
  readonly examRows: number;
  readonly examScore: number;
  /** Covariate drift: change of the mean score that the shift of the confidences alone foretells. Null where it cannot be said. */
  readonly covariate: Part | null;
  /** Calibration drift: mean of score - calibrated score over the labelled rows. Null with too few of them. */
  readonly calibration: Part | null;
  /** Whether confidences are worth something else than on the exam rows; `unknown` with too few labels. */
  readonly conceptDrift: 'found' | 'not-found' | 'unknown';
  /** Of the test; flagged below `alpha`. Asymptotic, for one look. */
  readonly p: number | null;
  readonly alpha: number;
  /** By calibrated score, from the lowest to the highest. */
  readonly groups: CalibrationDrift['groups'];
  /** Mean distance of confidence and score over the labelled rows' bins; null without any. */
  readonly calibrationError: number | null;
}

/** Chance of finding concept drift where there is none, at most, in one report of one adapter. */
export const ALPHA = 0.01;

/** Of each adapter that has a calibration and rows here. */
export function changesOf(cells: readonly CountedCell[], calibrations: Calibrations): ChangeReport[] {
  return [...calibrations].flatMap(([adapter, calibration]) => {
    const own = cells.filter((each) => each.adapter === adapter);
    if (own.length === 0) return [];
    const drift = calibrationDrift(labelledCells(own, calibrations));
    const expected = estimateByConfidence(expectedCells(own, calibrations), LEVEL);
    const half = expected === null ? 0 : normalQuantile((1 + LEVEL) / 2) * expected.error;
    const foretold = expected === null || expected.unknown > MOST_UNKNOWN ? null : expected.mean - calibration.meanScore;
    return [{
      adapter,
      examRows: calibration.rows,
      examScore: calibration.meanScore,
      covariate: foretold === null ? null : { mean: foretold, low: foretold - half, high: foretold + half },
      calibration: drift === null ? null : { mean: drift.shift, ...drift.interval },
      conceptDrift: drift === null ? 'unknown' : drift.p < ALPHA ? 'found' : 'not-found',
      p: drift?.p ?? null,
      alpha: ALPHA,
      groups: drift?.groups ?? [],
      calibrationError: own.some((each) => each.labelled.n > 0) ? calibrationError(own.map((each) => each.labelled)) : null,
    } as const];
  });
}
