/** What an alarm rests on, complete enough to compute it again: the detector before the panes, and what each pane brought to each stream. */
import { detectorValue, stepDetector, type Count, type Counts, type Detector } from '../statistics/e-detector.ts';
import type { MonitorKind } from '../vocabulary.ts';
import type { Course } from './course.ts';
import { mostDependent, type StreamDependence } from './dependence.ts';
import type { Effect, TopStream } from './effect.ts';
import { countOf, type PaneProfile } from './streams.ts';

/** One pane: rows, and per stream its sum. A stream that is not named had `n` rows, all of 0; one of other rows, of several strata, or of graded values with their squares, says so itself. */
export interface SeriesEntry {
  readonly pane: number;
  readonly n: number;
  readonly sums: readonly (readonly [stream: number, sum: number, n?: number, stratum?: number, squares?: number])[];
}

export interface Evidence extends Effect {
  readonly monitor: string;
  readonly kind: MonitorKind;
  /** Of features; null: none. */
  readonly column: string | null;
  readonly threshold: number;
  readonly eValue: number;
  readonly guarantee: string;
  /** Of the loudest stream's rows; missing in evidence from before it was estimated. What log bets were divided by stands in `start`. */
  readonly dependence?: StreamDependence;
  readonly reference: string;
  /** A few predictions to look at. */
  readonly sampleIds: readonly string[];
  /** Streams that rose most, of monitors with several. */
  readonly top?: readonly TopStream[];
  /** The detector before the series, and the series: with `threshold` all that the e-value is computed from. */
  readonly start: { readonly pane: number; readonly detector: Detector };
  readonly series: readonly SeriesEntry[];
  /** Why and by whom it was resolved. */
  readonly resolution?: { readonly reason: string; readonly by: string };
}

/** Computes an alarm again from its evidence: the same e-value, bit for bit. */
export function replayIncident(evidence: Pick<Evidence, 'start' | 'series' | 'threshold'>): { value: number; alarm: boolean } {
  let { detector } = evidence.start;
  let last = { value: detectorValue(detector).value, alarm: false };
  for (const entry of evidence.series) {
    const step = stepDetector(detector, countsOf(entry, detector.m.length), evidence.threshold);
    detector = step.detector;
    last = { value: step.value, alarm: step.alarm };
  }
  return last;
}

/** Per stream what the detector takes. */
export function countsOf({ n, sums }: SeriesEntry, streams: number): Counts[] {
  const named = new Map<number, Count[]>();
  for (const [stream, s, rows = n, stratum = 0, q] of sums) {
    const count: Count = { n: rows, s, stratum, ...(q === undefined ? {} : { q }) };
    const before = named.get(stream);
    if (before === undefined) named.set(stream, [count]);
    else before.push(count);
  }
  return Array.from({ length: streams }, (_, i) => named.get(i) ?? { n, s: 0 });
}

/** What the detector takes of a pane. */
export function seriesEntry(courses: readonly Course[], { pane, profile }: PaneProfile): SeriesEntry {
  const streams = courses.map(({ stream }) => stream.moments(profile));
  const [first] = streams;
  const n = first?.length === 1 && (first[0]?.stratum ?? 0) === 0 ? (first[0]?.n ?? 0) : 0;
  return {
    pane, n,
    sums: streams.flatMap((strata, i): SeriesEntry['sums'] => {
      const { stream } = courses[i] as Course;
      if (!stream.binary && strata.some((each) => each.n > 0)) return strata.map((each) => gradedEntry(i, countOf(stream, each)));
      const [only] = strata;
      if (only !== undefined && strata.length === 1 && (only.stratum ?? 0) === 0) {
        return only.n === n ? (only.sum === 0 ? [] : [[i, only.sum]]) : [[i, only.sum, only.n]];
      }
      // without a row in any stratum: said, so that the default is not taken
      return strata.length === 0 ? (n === 0 ? [] : [[i, 0, 0]]) : strata.map(({ sum, n: rows, stratum = 0 }) => [i, sum, rows, stratum] as const);
    }),
  };
}

const gradedEntry = (stream: number, { n, s, q, stratum = 0 }: Count) => [stream, s, n, stratum, q as number] as const;

/** Rows that some stream took. */
export const isTaken = ({ n, sums }: SeriesEntry): boolean => n > 0 || sums.some(([, , rows]) => rows !== undefined && rows > 0);

/** The promise that a monitor's alarms keep, in words. */
export function guaranteeOf(threshold: number, courses: readonly Pick<Course, 'dependence' | 'divisor'>[]): string {
  const promise = `at most T / ${Math.round(threshold)} false alarms of this monitor expected in any T panes`;
  const course = 'the mean of a row given the past is at most the reference\'s upper bound plus the tolerance (all bounds of a model hold together with 98 % chance over the reference)';
  const divisor = courses.reduce((most, each) => Math.max(most, each.divisor), 1);
  if (divisor === 1) return `${promise}, however rows depend on each other, while ${course}`;
  const { source, phi } = mostDependent(courses);
  const rows = source === 'declared' ? 'rows of the declared autocorrelation' : `rows whose autocorrelation is at most what the panes after the promotion showed (${phi.toFixed(2)}, upper 95 % bound)`;
  return `asymptotic, for ${rows}, in panes that are long against it (log bets divided by ${divisor.toFixed(2)}): ${promise}, while ${course}`;
}
