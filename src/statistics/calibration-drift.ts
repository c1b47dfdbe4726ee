/**
 * Whether a confidence is still worth what it was worth: labelled rows against their calibrated scores, bin by bin, so that a
 * shift of the confidences themselves (covariate drift) is no sign of it, and neither is a choice of labelled rows by their
 * confidence.
 */
import type { Expected } from './calibration.ts';
import { calibrationVariance } from './cbpe.ts';
import { chiSquareUpper } from './gamma.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import type { Interval } from './intervals.ts';

/** Labelled rows of one bin; `expected` at their own mean confidence. */
export interface LabelledCell {
  readonly n: number;
  readonly score: number;
  readonly expected: Expected;
  readonly calibration: string;
}

export interface CalibrationDrift {
  /** Mean of score - calibrated score over the labelled rows, with its 95 % interval: below 0, confidences promise too much. */
  readonly shift: number;
  readonly interval: Interval;
  /** That calibration has not changed: the smaller of the test of the mean and of the groups together, twice. Asymptotic. */
  readonly p: number;
  /** From the lowest calibrated scores to the highest. */
  readonly groups: readonly { readonly labelled: number; readonly expected: number; readonly score: number; readonly z: number }[];
}

const GROUPS = 4;
/** Of fewer labelled rows nothing is said. */
export const FEWEST_TESTED = 30;

/** Null with fewer than `FEWEST_TESTED` labelled rows. */
export function calibrationDrift(cells: readonly LabelledCell[]): CalibrationDrift | null {
  const used = cells.filter((each) => each.n > 0).sort((a, b) => a.expected.score - b.expected.score);
  const n = used.reduce((sum, each) => sum + each.n, 0);
  if (n < FEWEST_TESTED) return null;
  const all = residualOf(used);
  const groups = groupsOf(used, n).map((group) => ({ ...residualOf(group), group }));
  const together = chiSquareUpper(groups.reduce((sum, each) => sum + each.z ** 2, 0), groups.length);
  const half = normalQuantile(0.975) * all.error;
  return {
    shift: all.mean,
    interval: { low: all.mean - half, high: all.mean + half },
    p: Math.min(1, 2 * Math.min(2 * normalCdf(-Math.abs(all.z)), together)),
    groups: groups.map(({ group, z }) => {
      const labelled = group.reduce((sum, each) => sum + each.n, 0);
      const share = (pick: (cell: LabelledCell) => number) => group.reduce((sum, each) => sum + pick(each), 0) / labelled;
      return { labelled, expected: share((each) => each.n * each.expected.score), score: share((each) => each.score), z };
    }),
  };
}

/** Mean residual and its standard error, which the labelled rows and the calibration's own rows both add to. */
function residualOf(cells: readonly LabelledCell[]): { mean: number; error: number; z: number } {
  const n = cells.reduce((sum, each) => sum + each.n, 0);
  const mean = cells.reduce((sum, each) => sum + each.score - each.n * each.expected.score, 0) / n;
  const own = cells.reduce((sum, each) => sum + each.n * each.expected.variance, 0) / n ** 2;
  const error = Math.sqrt(own + calibrationVariance(cells.map(({ n: rows, expected, calibration }) => ({ weight: rows / n, expected, calibration }))));
  return { mean, error, z: error === 0 ? 0 : mean / error };
}

function groupsOf(cells: readonly LabelledCell[], n: number): LabelledCell[][] {
  const groups: LabelledCell[][] = [];
  let [open, counted] = [[] as LabelledCell[], 0];
  for (const cell of cells) {
    open.push(cell);
    counted += cell.n;
    if (counted < (n * (groups.length + 1)) / GROUPS) continue;
    groups.push(open);
    open = [];
  }
  return groups;
}
