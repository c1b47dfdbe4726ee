/** Our detectors on real streams: the rows at which each alarms. */
import { scanText } from '../../src/profile/ngrams.ts';
import { parseSpec } from '../../src/spec.ts';
import { evidenceDivisor, lagOne } from '../../src/statistics/autocorrelation.ts';
import { meanUpper } from '../../src/statistics/bounded-mean.ts';
import { startDetector, stepDetector, type Detector } from '../../src/statistics/e-detector.ts';
import { balancedUnits, hashedFeatures, meanDiscrepancy } from '../../src/statistics/window/index.ts';
import type { Stream } from './streams.ts';

/** Rows of a pane, and panes between false alarms, at least, on average: one in 100,000 rows. */
export const PANE = 10;
export const PROMISE = 10_000;
/** The defaults: of the share of unseen n-grams, and of a column's mean rank. */
const { tolerance: TOLERANCE } = parseSpec({ name: 'drift-real', task: 'classification' }).monitor;
const WINDOW = 500;
const LEVEL = 0.01;
const DIMS = 4_096;

export type Alarms = Readonly<Record<string, readonly number[]>>;

export function oursOn(stream: Stream): Alarms {
  const series = stream.texts.length === 0;
  const streams = series ? [(x: number) => x, (x: number) => 1 - x] : [(x: number) => x];
  const tolerance = series ? TOLERANCE.mean : TOLERANCE.unseen;
  const found: Record<string, readonly number[]> = { 'trimtab, mean': sequential(stream, streams, tolerance, 1) };
  if (series) found['trimtab, mean, bets divided for autocorrelation'] = sequential(stream, streams, tolerance, evidenceDivisor(lagOne(panesOf(stream.reference))));
  else found['trimtab, MMD of 500 texts at 0.01'] = windows(stream);
  return found;
}

/** Means of whole panes, in which rows of a pane cannot be told apart. */
function panesOf(values: readonly number[]): number[] {
  return Array.from({ length: Math.floor(values.length / PANE) }, (_, i) => mean(values.slice(i * PANE, (i + 1) * PANE)));
}

function sequential({ reference, values }: Stream, streams: readonly ((x: number) => number)[], tolerance: number, divisor: number): number[] {
  const allowed = streams.map((watched) => {
    const seen = reference.map(watched);
    return meanUpper({ n: seen.length, sum: sum(seen), squares: sum(seen.map((x) => x * x)) }, 0.01) + tolerance;
  });
  let detector: Detector = startDetector(allowed, { divisor, graded: streams.map(() => true) });
  const alarms: number[] = [];
  for (let from = 0; from + PANE <= values.length; from += PANE) {
    const pane = values.slice(from, from + PANE);
    const step = stepDetector(detector, streams.map((watched) => ({ n: PANE, s: sum(pane.map(watched)), q: sum(pane.map((x) => watched(x) ** 2)) })), PROMISE);
    detector = step.detector;
    if (step.alarm) alarms.push(from + PANE - 1);
  }
  return alarms;
}

function windows({ referenceTexts, texts }: Stream): number[] {
  const features = (rows: readonly string[]) => rows.map((text) => hashedFeatures(hashesOf(text), DIMS));
  const known = features(referenceTexts);
  const alarms: number[] = [];
  for (let from = 0; from + WINDOW <= texts.length; from += WINDOW) {
    const { reference, current } = balancedUnits(known, features(texts.slice(from, from + WINDOW)), DIMS);
    const { p } = meanDiscrepancy(reference, current, DIMS, { seed: 1, draws: 199, resamples: 2 });
    if (p !== null && p <= LEVEL) alarms.push(from + WINDOW - 1);
  }
  return alarms;
}

/** The scan's buffer is used again by the next text. */
function hashesOf(text: string): number[] {
  const { hashes, count } = scanText(text);
  return Array.from({ length: count }, (_, i) => hashes[i] as number);
}

const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
