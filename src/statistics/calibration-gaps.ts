/**
 * Gaps between what a confidence promises and what came: calibrated score - score, in [-1, 1], of mean 0 while confidences are worth what they
 * were worth on the calibration's rows, however the confidences themselves are spread. As a value in [0, 1], which bets take, (1 + gap) / 2.
 * Calibrated scores come by bin of confidence (`confidence-bins`), so that what the calibration's own rows had is known exactly from their counts; and in a few groups, from the
 * lowest to the highest, each with a bound of its own: a calibration is known worst where its rows are few.
 */
import { expectedScore, fitCalibration, type Calibration } from './calibration.ts';
import { CONFIDENCE_EDGES, NO_CONFIDENCE, type ScoredBin } from './confidence-bins.ts';
import type { Moments } from './bounded-mean.ts';

export interface CalibratedBin {
  /** Score that a row of the bin is expected to have. */
  readonly expected: number;
  readonly group: number;
}

export interface CalibrationGaps {
  /** By bin of confidence; null where the calibration knows nothing. */
  readonly bins: readonly (CalibratedBin | null)[];
  /** By group, of the calibration's own rows: of (1 + gap) / 2, and the sum of their calibrated scores. */
  readonly own: readonly (Moments & { readonly expected: number })[];
}

/** Groups of about equally many rows; fewer where many rows are expected to have one and the same score. */
const GROUPS = 4;

/** Null where no row has a confidence. */
export function calibrationGaps(scored: readonly ScoredBin[]): CalibrationGaps | null {
  const rows = scored.filter(({ bin, n }) => bin !== NO_CONFIDENCE && n > 0);
  const calibration = fitCalibration(rows);
  if (calibration === null) return null;
  const expected = Array.from({ length: CONFIDENCE_EDGES.length + 1 }, (_, bin) => expectedOf(calibration, rows.find((each) => each.bin === bin) ?? middleOf(bin)));
  const groups = groupsOf(rows, expected);
  const bins = expected.map((score) => (score === null ? null : { expected: score, group: groups.findIndex((most) => score <= most) }));
  const own = groups.map((_, group) => rows.reduce((sum, { bin, n, score, squares }) => {
    const known = bins[bin] ?? null;
    if (known?.group !== group) return sum;
    const most = 1 + known.expected;
    return { n: sum.n + n, expected: sum.expected + n * known.expected, sum: sum.sum + (n * most - score) / 2, squares: sum.squares + (n * most * most - 2 * most * score + squares) / 4 };
  }, { n: 0, expected: 0, sum: 0, squares: 0 }));
  return { bins, own };
}

const expectedOf = (calibration: Calibration, row: { readonly bin: number; readonly n: number; readonly confidence: number }) => expectedScore(calibration, row)?.score ?? null;

/** One row in the middle of a bin, for bins that the calibration has only neighbours of. */
function middleOf(bin: number) {
  return { bin, n: 1, confidence: ((CONFIDENCE_EDGES[bin - 1] ?? 0) + (CONFIDENCE_EDGES[bin] ?? 1)) / 2 };
}

/** The highest calibrated score of each group, ascending; of the last it is infinite. */
function groupsOf(rows: readonly ScoredBin[], expected: readonly (number | null)[]): number[] {
  const sorted = rows.flatMap(({ bin, n }) => (expected[bin] === null || expected[bin] === undefined ? [] : [{ score: expected[bin], n }])).sort((a, b) => a.score - b.score);
  const all = sorted.reduce((sum, { n }) => sum + n, 0);
  const highest: number[] = [];
  let counted = 0;
  sorted.forEach(({ score, n }, i) => {
    counted += n;
    // rows of one score are of one group
    if (sorted[i + 1]?.score !== score && counted >= (all * (highest.length + 1)) / GROUPS) highest.push(score);
  });
  return [...highest.slice(0, -1), Infinity];
}
