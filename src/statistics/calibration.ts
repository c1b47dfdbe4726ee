/**
 * What a confidence is worth: the expected score of a row given its confidence, fitted by isotonic regression on rows whose
 * score is known (the exam rows of a reference), and how well that is known.
 */
import { CONFIDENCE_EDGES, NO_CONFIDENCE, type BinCount, type ScoredBin } from './confidence-bins.ts';
import { fitIsotonic, isotonicAt, type IsotonicFit } from './isotonic.ts';

export interface Calibration {
  readonly rows: number;
  readonly meanScore: number;
  /** Through the bins' mean confidences and mean scores. */
  readonly fit: IsotonicFit;
  /** By bin, rows that the fit rests on; only bins that have some. */
  readonly counts: ReadonlyMap<number, number>;
  /** Mean score of the rows without a confidence; null when there are none. */
  readonly without: number | null;
  /** Variance of a score within a bin, as a share of mean * (1 - mean): 1 for 0/1 scores, less for scores between. */
  readonly spread: number;
}

/** The score that a row of a bin is expected to have, and how well that is known. */
export interface Expected {
  readonly score: number;
  /** Of one row's score. */
  readonly variance: number;
  /** The bin whose rows it rests on, and how many they are. */
  readonly source: number;
  readonly rows: number;
}

/** A bin and its neighbours with fewer rows than this in the calibration are beyond what it knows. */
const FEWEST_NEAR = 5;

/** Null without rows. */
export function fitCalibration(bins: readonly ScoredBin[]): Calibration | null {
  const [none, own] = [bins.find((each) => each.bin === NO_CONFIDENCE), bins.filter((each) => each.bin !== NO_CONFIDENCE && each.n > 0)];
  const rows = bins.reduce((sum, each) => sum + each.n, 0);
  if (rows === 0) return null;
  const mean = ({ n, score }: ScoredBin) => score / n;
  const within = bins.reduce((sum, each) => sum + (each.n === 0 ? 0 : each.squares - each.score * mean(each)), 0);
  const binary = bins.reduce((sum, each) => sum + (each.n === 0 ? 0 : each.score * (1 - mean(each))), 0);
  return {
    rows,
    meanScore: bins.reduce((sum, each) => sum + each.score, 0) / rows,
    fit: fitIsotonic(own.map((each) => each.confidence / each.n), own.map(mean), own.map((each) => each.n)),
    counts: new Map(bins.filter((each) => each.n > 0).map((each) => [each.bin, each.n])),
    without: none === undefined || none.n === 0 ? null : mean(none),
    spread: binary <= 0 ? 1 : Math.min(1, Math.max(0, within / binary)),
  };
}

/** The expected score of one confidence: what a stream of calibrated scores is made of. Null where the calibration knows nothing. */
export function calibratedScore(calibration: Calibration, confidence: number | null): number | null {
  if (confidence === null) return calibration.without;
  const score = isotonicAt(calibration.fit, confidence);
  return Number.isNaN(score) ? null : score;
}

/** The expected score of the rows of a bin; null where the calibration has too few rows nearby to know. */
export function expectedScore(calibration: Calibration, { bin, n, confidence }: BinCount): Expected | null {
  const score = calibratedScore(calibration, bin === NO_CONFIDENCE ? null : confidence / n);
  if (score === null) return null;
  const near = bin === NO_CONFIDENCE ? [bin] : [bin, bin - 1, bin + 1].filter((each) => each >= 0 && each <= CONFIDENCE_EDGES.length);
  const counts = near.map((each) => calibration.counts.get(each) ?? 0);
  if (counts.reduce((sum, each) => sum + each, 0) < FEWEST_NEAR) return null;
  const rows = Math.max(...((counts[0] as number) >= FEWEST_NEAR ? [counts[0] as number] : counts));
  const source = near[counts.indexOf(rows)] as number;
  // one row added, half right: an expected score of 1 is not known without doubt
  const smooth = (score * rows + 0.5) / (rows + 1);
  return { score, variance: calibration.spread * smooth * (1 - smooth), source, rows };
}

/** Expected calibration error: mean distance of confidence and mean score over the bins, by rows. */
export function calibrationError(bins: readonly ScoredBin[]): number {
  const own = bins.filter((each) => each.bin !== NO_CONFIDENCE && each.n > 0);
  const rows = own.reduce((sum, each) => sum + each.n, 0);
  return rows === 0 ? 0 : own.reduce((sum, each) => sum + Math.abs(each.confidence - each.score), 0) / rows;
}
