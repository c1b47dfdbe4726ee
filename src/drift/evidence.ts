/** What an alarm rests on: found from the panes since a checkpoint, complete enough to compute the alarm again. */
import { addInto, type Profile, type ReferenceBody } from '../profile/index.ts';
import { meanInterval, type Moments } from '../statistics/bounded-mean.ts';
import { differenceInterval, wilson, type Estimate } from '../statistics/intervals.ts';
import { detectorValue, logEvidence, stepDetector, type Count, type Detector } from '../statistics/e-detector.ts';
import type { MonitorKind } from '../vocabulary.ts';
import type { Course, Monitor } from './monitors.ts';
import type { Checkpoint } from './state.ts';

/** One pane: rows, and per stream with a sum above 0, the stream and its sum. */
export interface SeriesEntry {
  readonly pane: number;
  readonly n: number;
  readonly sums: readonly (readonly [stream: number, sum: number])[];
}

export interface Effect {
  /** Stream that rose most, by name; null for monitors of one stream. */
  readonly stream: string | null;
  /** First and last of the panes that the figures are of: from the likeliest change on. */
  readonly panes: readonly [number, number];
  /** Rows in those panes, the sum of their watched values, and the mean. The watched value is 1 - score for `error`, 1 - confidence for `confidence`. */
  readonly n: number;
  readonly hits: number;
  readonly mean: number;
  readonly referenceMean: number;
  /** Upper 99 % bound of the reference's mean. */
  readonly referenceUpper: number;
  /** mean - referenceMean, and its 95 % interval (which takes the panes as given, not as found). */
  readonly effect: number;
  readonly interval: readonly [number, number];
}

export interface Evidence extends Effect {
  readonly monitor: string;
  readonly kind: MonitorKind;
  readonly tolerance: number;
  readonly threshold: number;
  readonly eValue: number;
  readonly guarantee: string;
  readonly reference: string;
  /** A few predictions to look at. */
  readonly sampleIds: readonly string[];
  /** Streams that rose most, for labels. */
  readonly top?: readonly { readonly label: string; readonly share: number; readonly referenceShare: number }[];
  /** The detector before the series, and the series: with `threshold` all that the e-value is computed from. */
  readonly start: Checkpoint;
  readonly series: readonly SeriesEntry[];
  /** Why and by whom it was resolved. */
  readonly resolution?: { readonly reason: string; readonly by: string };
}

/** The profile of one closed pane. */
export interface PaneProfile {
  readonly pane: number;
  readonly profile: Profile;
}

const LEVEL = 0.95;
const TOP = 5;

/** Computes an alarm again from its evidence: the same e-value, bit for bit. */
export function replayIncident(evidence: Pick<Evidence, 'start' | 'series' | 'threshold'>): { value: number; alarm: boolean } {
  let detector: Detector = evidence.start.detector;
  let last = { value: detectorValue(detector).value, alarm: false };
  for (const entry of evidence.series) {
    const step = stepDetector(detector, countsOf(entry, detector.m.length), evidence.threshold);
    detector = step.detector;
    last = { value: step.value, alarm: step.alarm };
  }
  return last;
}

export function countsOf(entry: SeriesEntry, streams: number): Count[] {
  const sums = new Map(entry.sums);
  return Array.from({ length: streams }, (_, i) => ({ n: entry.n, s: sums.get(i) ?? 0 }));
}

/** What the detector takes of a pane; all streams of a monitor count the same rows. */
export function seriesEntry(monitor: Monitor, { pane, profile }: PaneProfile): SeriesEntry {
  const streams = monitor.moments(profile);
  return { pane, n: streams[0]?.n ?? 0, sums: streams.flatMap(({ sum }, i) => (sum === 0 ? [] : [[i, sum] as const])) };
}

/** The effect over the panes from the likeliest change on, of the stream that speaks loudest; null without rows. */
export function findEffect(monitor: Monitor, reference: ReferenceBody, courses: readonly Course[], panes: readonly PaneProfile[]): (Effect & { streamAt: number; total: Profile }) | null {
  const taken = panes.filter((each) => (monitor.moments(each.profile)[0]?.n ?? 0) > 0);
  const [first, last] = [taken[0], taken.at(-1)];
  if (first === undefined || last === undefined) return null;
  const { stream, from } = likeliestChange(monitor, courses, taken);
  const since = taken.slice(from);
  const total = since.slice(1).reduce((sum, each) => addInto(sum, each.profile), structuredClone((since[0] ?? first).profile));
  const [moments, course] = [monitor.moments(total)[stream], courses[stream]];
  if (moments === undefined || course === undefined) return null;
  const binary = monitor.binary(reference);
  const [now, before] = [estimate(binary, moments), estimate(binary, course.reference)];
  const { low, high } = differenceInterval(now, before);
  return {
    stream: monitor.nameOf(reference, stream),
    panes: [(since[0] ?? first).pane, last.pane],
    n: moments.n,
    hits: moments.sum,
    mean: now.mean,
    referenceMean: before.mean,
    referenceUpper: course.upper,
    effect: now.mean - before.mean,
    interval: [low, high],
    streamAt: stream,
    total,
  };
}

/** The streams whose share rose most since the change. */
export function topStreams(monitor: Monitor, reference: ReferenceBody, courses: readonly Course[], total: Profile): NonNullable<Evidence['top']> {
  return monitor
    .moments(total)
    .map(({ n, sum }, i) => ({ label: monitor.nameOf(reference, i) ?? '', share: sum / n, referenceShare: meanOf(courses[i]?.reference) }))
    .sort((a, b) => b.share - b.referenceShare - (a.share - a.referenceShare))
    .slice(0, TOP);
}

/** The promise that a monitor's alarms keep, in words. */
export function guaranteeOf(threshold: number): string {
  return `at most T / ${Math.round(threshold)} false alarms of this monitor expected in any T panes, however rows depend on each other, while the mean of a row given the past is at most the reference's upper 99 % bound plus the tolerance`;
}

/** The stream and the first pane whose evidence, taken from that pane to the last, is the largest. */
function likeliestChange(monitor: Monitor, courses: readonly Course[], panes: readonly PaneProfile[]): { stream: number; from: number } {
  let best = { stream: 0, from: 0, log: -Infinity };
  const sums = courses.map(() => new Map<number, number>());
  for (let from = panes.length - 1; from >= 0; from--) {
    const moments = monitor.moments((panes[from] as PaneProfile).profile);
    moments.forEach(({ n, sum }, stream) => {
      logEvidence(courses[stream]?.m ?? 1, { n, s: sum }).forEach((log, bet) => {
        const since = (sums[stream]?.get(bet) ?? 0) + log;
        sums[stream]?.set(bet, since);
        if (since > best.log) best = { stream, from, log: since };
      });
    });
  }
  return best;
}

/** The mean with its 95 % interval. */
export function estimate(binary: boolean, moments: Moments): Estimate {
  const interval = binary ? wilson(moments.sum, moments.n, LEVEL) : meanInterval(moments, LEVEL);
  return { mean: meanOf(moments), ...interval };
}

const meanOf = (moments: Moments | undefined) => (moments === undefined || moments.n === 0 ? 0 : moments.sum / moments.n);
