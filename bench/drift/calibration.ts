/** The monitor of calibrated scores: what is no change of calibration raises no more alarms than promised, and what is one is found, at the same accuracy. */
import { courseOf, type Course } from '../../src/drift/course.ts';
import { countsOf, seriesEntry } from '../../src/drift/evidence.ts';
import { monitorsFor } from '../../src/drift/monitors.ts';
import { detectorOf } from '../../src/drift/watching.ts';
import { buildReference, emptyProfile, observeOutcome, type ReferenceBody } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { binScores, confidenceBin } from '../../src/statistics/confidence-bins.ts';
import { drawNormal } from '../../src/statistics/draw.ts';
import { startDetector, stepDetector } from '../../src/statistics/e-detector.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { calibrated } from '../../src/store/reference-cache.ts';
import type { BenchRow } from '../row.ts';
import type { Uniform } from './laws.ts';

/** Rows of a pane, all of them labelled. */
export const ROWS = 50;

/** What a model is sure of, on the scale log(c / (1 - c)), and what it says. Right answers go by the first: what is said of them may change, and they stay. */
export interface Confidences {
  readonly centre: number;
  /** Added to what is said. */
  readonly boast: number;
}

export const STEADY: Confidences = { centre: 2, boast: 0 };
/** Harder rows, of which the model knows that they are: accuracy falls from 0.81 to 0.68, calibration stays. */
export const HARDER: Confidences = { centre: 1, boast: 0 };
/** As often right, and surer of it. */
export const OVERCONFIDENT: Confidences = { centre: 2, boast: 1.5 };

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export function draw({ centre, boast }: Confidences, uniform: Uniform): { confidence: number; score: number } {
  const sure = centre + drawNormal(uniform);
  // the model is too sure of itself from the beginning: it is the change that counts
  return { confidence: sigmoid(sure + boast), score: Number(uniform() < sigmoid(0.8 * sure)) };
}

export interface Watched {
  readonly reference: ReferenceBody;
  readonly courses: readonly Course[];
}

export function watchedBy(rows: number, uniform: Uniform): Watched {
  const bare = buildReference({ model: 'm', adapter: 'a', createdAt: '2026-01-01T00:00:00Z', trainTexts: [], rows: [] });
  const reference = calibrated(bare, binScores(Array.from({ length: rows }, () => draw(STEADY, uniform))));
  const monitor = monitorsFor(reference, parseSpec({ name: 'm', task: 'classification', serving: {} }).monitor).find(({ kind }) => kind === 'calibration');
  return { reference, courses: (monitor === undefined ? null : courseOf(monitor, reference)) ?? [] };
}

/** Panes until the alarm; `limit` where none came. */
export function panesToAlarm({ reference, courses }: Watched, confidences: Confidences, { threshold, limit }: { threshold: number; limit: number }, uniform: Uniform): number {
  const { m, ...options } = detectorOf(courses);
  let detector = startDetector(m, options);
  for (let pane = 1; pane <= limit; pane++) {
    const profile = emptyProfile(reference);
    for (let i = 0; i < ROWS; i++) {
      const { confidence, score } = draw(confidences, uniform);
      observeOutcome(profile, score, [], reference.calibrated?.[confidenceBin(confidence)] ?? null);
    }
    const step = stepDetector(detector, countsOf(seriesEntry(courses, { pane, profile }), courses.length), threshold);
    if (step.alarm) return pane;
    detector = step.detector;
  }
  return limit;
}

export function calibrationRows({ promise, runs }: { promise: number; runs: number }): BenchRow[] {
  const uniform = seededUniform(1);
  const rows: BenchRow[] = [];
  for (const reference of [2_000, 5_000]) {
    for (const [name, confidences] of [['on course', STEADY], ['harder rows, calibration intact', HARDER]] as const) {
      const lengths = Array.from({ length: runs }, () => panesToAlarm(watchedBy(reference, uniform), confidences, { threshold: promise, limit: 5 * promise }, uniform));
      const mean = lengths.reduce((sum, x) => sum + x, 0) / runs;
      const low = mean - (2.326 * Math.sqrt(lengths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (runs - 1))) / Math.sqrt(runs);
      rows.push({ name: `run length, calibrated scores, ${name}, panes of ${ROWS} labelled rows, promise ${promise}, reference ${reference.toLocaleString('en')}, ${runs} runs: lower 99 % bound of the mean`, figure: Math.round(low), unit: 'panes', goal: `above ${promise}`, reached: low > promise });
    }
    const delays = Array.from({ length: runs }, () => ROWS * panesToAlarm(watchedBy(reference, uniform), OVERCONFIDENT, { threshold: 1e5, limit: 400 }, uniform)).sort((a, b) => a - b);
    const at = (share: number) => delays[Math.min(runs - 1, Math.floor(share * runs))] as number;
    rows.push({ name: `labelled rows to an alarm of calibrated scores, confidences grown by 1.5 on the scale log(c / (1 - c)) at the same accuracy, threshold 1e5, reference ${reference.toLocaleString('en')}: median`, figure: at(0.5), unit: 'rows', goal: 'none', reached: true });
    rows.push({ name: `the same: 95 % of ${runs} runs`, figure: at(0.95), unit: 'rows', goal: 'none', reached: true });
  }
  return rows;
}
