/**
 * What is on course: per stream the reference's mean, its upper bound, and the tolerance on top of that. A detector for means of at most
 * `m` alarms when the lower confidence bound of the rise above `upper` has passed the tolerance (statistics/proven-rise).
 */
import type { ReferenceBody } from '../profile/index.ts';
import { MOST } from '../statistics/bets.ts';
import { meanUpper, type Moments } from '../statistics/bounded-mean.ts';
import { evidenceDivisor } from '../statistics/autocorrelation.ts';
import { clopperPearsonUpper } from '../statistics/intervals.ts';
import { dependenceIn, type StreamDependence } from './dependence.ts';
import type { Monitor } from './monitors.ts';
import { ROUNDING, type Stream } from './streams.ts';

/** How sure the bounds of the reference are: any of them lies below its true mean with this chance at most, all streams of a model together; a stream's share is its share of the budget. */
export const REFERENCE_MISS = 0.02;
/** One stream that can watch. By stratum: what the reference measured, its upper bound, and what is still on course. */
export interface Course {
  readonly stream: Stream;
  /** Share of the monitor's budget; together 1. */
  readonly weight: number;
  readonly reference: readonly Moments[];
  readonly upper: readonly number[];
  /** min(1, upper + tolerance): the detector's m. */
  readonly m: readonly number[];
  readonly dependence: StreamDependence;
  /** What log bets are divided by; so many rows count for one in the reference's bound. 1: as they come. */
  readonly divisor: number;
}

/** The courses of the streams that the reference has rows for and that have room to rise; null when there are none: then nothing can be said. `declared`: the autocorrelation of rows by the spec, null where it says none. */
export function courseOf(monitor: Monitor, reference: ReferenceBody, declared: number | null = null): Course[] | null {
  const measured = monitor.streams.map((stream) => ({ stream, moments: stream.moments(reference.profile) })).filter(({ moments }) => moments.some(({ n }) => n > 0));
  const shares = measured.reduce((sum, { stream }) => sum + stream.share, 0);
  const courses = measured.map(({ stream, moments }): Course => {
    const strata = 1 + moments.reduce((most, { stratum = 0 }) => Math.max(most, stratum), 0);
    const fewest = stream.season?.fewest ?? 1;
    const miss = (REFERENCE_MISS * monitor.weight * stream.share) / shares / Math.max(1, moments.filter(({ n }) => n >= fewest).length);
    const at = Array.from({ length: strata }, (_, k): Moments => moments.find(({ stratum = 0 }) => stratum === k) ?? { n: 0, sum: 0, squares: 0 });
    const dependence = dependenceIn(reference, monitor.id, stream, declared);
    const divisor = evidenceDivisor(dependence.phi);
    const upper = at.map((each, k) => (each.n < fewest ? 1 : (stream.upper?.(reference.profile, k, miss, divisor) ?? upperOf(stream.binary, each, miss, divisor))));
    return { stream, weight: stream.share / shares, reference: at, upper, dependence, divisor, m: upper.map((each) => Math.min(1, each + stream.tolerance + (stream.binary ? 0 : ROUNDING))) };
  }).filter(({ m }) => m.some((each) => each < MOST));
  if (courses.length === 0) return null;
  const left = courses.reduce((sum, { weight }) => sum + weight, 0);
  return courses.map((course) => ({ ...course, weight: course.weight / left }));
}

/** Of rows by strata those whose stratum the reference can judge. */
export function judgedBy<R extends { readonly stratum?: number }>({ m }: Course, rows: readonly R[]): R[] {
  return rows.filter(({ stratum = 0 }) => (m[stratum] ?? 1) < MOST);
}

/** Rows that depend on each other count for fewer. A stratum without rows: 1, anything may be. */
function upperOf(binary: boolean, { n, sum, squares }: Moments, miss: number, dependence: number): number {
  if (n === 0) return 1;
  const rows = { n: n / dependence, sum: sum / dependence, squares: squares / dependence };
  return binary ? clopperPearsonUpper(rows.sum, rows.n, miss) : Math.min(1, meanUpper(rows, miss) + ROUNDING);
}

/** The mean and the upper bound of the reference for rows that come by strata as these do. */
export function expectedOf({ reference, upper }: Course, rows: readonly { readonly n: number; readonly stratum?: number }[]): { mean: number; upper: number; total: Moments } {
  const total = reference.reduce((sum, each) => ({ n: sum.n + each.n, sum: sum.sum + each.sum, squares: sum.squares + each.squares }), { n: 0, sum: 0, squares: 0 });
  const all = rows.reduce((sum, { n }) => sum + n, 0);
  const over = (of: (stratum: number) => number) => (all === 0 ? 0 : rows.reduce((sum, { n, stratum = 0 }) => sum + n * of(stratum), 0) / all);
  const meanOf = (k: number) => {
    const each = reference[k];
    return each === undefined || each.n === 0 ? total.sum / Math.max(1, total.n) : each.sum / each.n;
  };
  return { mean: over(meanOf), upper: over((k) => upper[k] ?? 1), total };
}

/** How many strata of the season have too few rows in the reference, and how many rows more they need together; null where none has, and without a season. */
export function lackOf(courses: readonly Course[]): { readonly strata: number; readonly of: number; readonly rows: number } | null {
  const course = courses.find(({ stream }) => stream.season !== undefined);
  const season = course?.stream.season;
  if (course === undefined || season === undefined) return null;
  const missing = Array.from({ length: season.strata }, (_, k) => Math.max(0, season.fewest - (course.reference[k]?.n ?? 0))).filter((rows) => rows > 0);
  return missing.length === 0 ? null : { strata: missing.length, of: season.strata, rows: missing.reduce((sum, rows) => sum + rows, 0) };
}
