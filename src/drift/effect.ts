/** How large the change is, since when, and in which stream: found from the panes since a checkpoint. */
import { listed, logEvidence, type Count } from '../statistics/e-detector.ts';
import { meanInterval, type Moments } from '../statistics/bounded-mean.ts';
import { differenceInterval, wilson, type Estimate } from '../statistics/intervals.ts';
import { provenRise } from '../statistics/proven-rise.ts';
import { BETS, MOST } from '../statistics/bets.ts';
import { expectedOf, judgedBy, type Course } from './course.ts';
import { countOf, toldDifference, toldMean, type PaneProfile } from './streams.ts';

export interface Effect {
  /** Stream that speaks loudest, by name; null for monitors of one stream. */
  readonly stream: string | null;
  /** The part of the traffic that the stream is of; null: all of it. */
  readonly segment: string | null;
  /** First and last of the panes that the figures are of: from the likeliest change on. */
  readonly panes: readonly [number, number];
  /** Rows in those panes, the sum of their watched values, and the mean. The watched value is 1 - score for `error`, 1 - confidence for `confidence`, calibrated score - score (or the other way round) for `calibration`. */
  readonly n: number;
  readonly hits: number;
  readonly mean: number;
  /** Of rows that come by seasons as those of the panes do. */
  readonly referenceMean: number;
  /** Upper bound of the reference's mean. */
  readonly referenceUpper: number;
  readonly tolerance: number;
  /** mean - referenceMean, and its 95 % interval (which takes the panes as given, not as found). */
  readonly effect: number;
  readonly interval: readonly [number, number];
  /**
   * The rule: the time-uniform lower confidence bound of the rise above `referenceUpper`, at the stream's share of the budget. The stream alone alarms
   * when it passes the tolerance. Null: not even a mean of 0 is spoken against.
   */
  readonly proven: number | null;
}

const LEVEL = 0.95;
const TOP = 5;

export interface TopStream {
  readonly label: string;
  readonly segment: string | null;
  readonly share: number;
  readonly referenceShare: number;
}

export interface Found {
  readonly effect: Effect;
  readonly course: Course;
  /** The panes since the likeliest change. */
  readonly since: readonly PaneProfile[];
}

/** Null without rows. `threshold` is the monitor's. */
export function findEffect(courses: readonly Course[], panes: readonly PaneProfile[], { threshold }: { threshold: number }): Found | null {
  const series = courses.map(({ stream }) => panes.map(({ profile }) => stream.moments(profile).map((each) => countOf(stream, each))));
  const best = likeliestChange(courses, series, panes);
  const course = courses[best.stream];
  const counts = series[best.stream];
  if (course === undefined || counts === undefined || best.log === -Infinity) return null;
  const since = panes.slice(best.from);
  const rows = judgedBy(course, since.flatMap(({ profile }) => course.stream.moments(profile)));
  const sums = rows.reduce<Moments>((sum, each) => ({ n: sum.n + each.n, sum: sum.sum + each.sum, squares: sum.squares + each.squares }), { n: 0, sum: 0, squares: 0 });
  const { mean, upper, total } = expectedOf(course, rows);
  const [now, before] = [estimate(course.stream.binary, sums), shifted(estimate(course.stream.binary, total), mean)];
  const { low, high } = differenceInterval(now, before);
  const first = since.find(({ profile }) => course.stream.moments(profile).some(({ n }) => n > 0));
  const last = since.findLast(({ profile }) => course.stream.moments(profile).some(({ n }) => n > 0));
  return {
    course, since,
    effect: {
      stream: course.stream.name, segment: course.stream.segment, panes: [first?.pane ?? 0, last?.pane ?? 0],
      n: sums.n, hits: toldMean(course.stream, 0) * sums.n + toldDifference(course.stream, sums.sum),
      mean: toldMean(course.stream, now.mean), referenceMean: toldMean(course.stream, mean), referenceUpper: toldMean(course.stream, upper),
      tolerance: toldDifference(course.stream, course.stream.tolerance),
      effect: toldDifference(course.stream, now.mean - mean), interval: [toldDifference(course.stream, low), toldDifference(course.stream, high)],
      proven: toldProven(course.stream, provenRise({ base: course.upper, panes: counts, threshold: threshold / course.weight, divisor: course.divisor, graded: !course.stream.binary })),
    },
  };
}

const toldProven = (stream: Course['stream'], proven: number | null) => (proven === null ? null : toldDifference(stream, proven));

/** The streams whose mean rose most since the change. */
export function topStreams(courses: readonly Course[], since: readonly PaneProfile[]): TopStream[] {
  return courses
    .map((course) => {
      const rows = judgedBy(course, since.flatMap(({ profile }) => course.stream.moments(profile)));
      const [n, sum] = rows.reduce(([count, total], each) => [count + each.n, total + each.sum], [0, 0]);
      const [share, referenceShare] = [n === 0 ? 0 : sum / n, expectedOf(course, rows).mean].map((mean) => toldMean(course.stream, mean)) as [number, number];
      return { label: course.stream.name ?? '', segment: course.stream.segment, share, referenceShare, n };
    })
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.share - b.referenceShare - (a.share - a.referenceShare))
    .slice(0, TOP)
    .map(({ label, segment, share, referenceShare }) => ({ label, segment, share, referenceShare }));
}

/** The stream that speaks loudest when all panes are taken, each by its weight, and the first pane of its largest evidence. */
function likeliestChange(courses: readonly Course[], series: readonly (readonly Count[][])[], panes: readonly PaneProfile[]): { stream: number; from: number; log: number } {
  let best = { stream: 0, from: 0, log: -Infinity };
  courses.forEach(({ m, weight, divisor, stream: { binary } }, stream) => {
    const sums = new Float64Array(binary ? BETS : 2 * BETS);
    for (let from = panes.length - 1; from >= 0; from--) {
      const taken = listed(series[stream]?.[from] ?? []).filter(({ n, stratum = 0 }) => n > 0 && (m[stratum] ?? 1) < MOST);
      if (taken.length === 0) continue;
      for (const count of taken) logEvidence(m[count.stratum ?? 0] as number, count, !binary).forEach((log, bet) => (sums[bet] = (sums[bet] as number) + log / divisor));
      for (const sum of sums) if (sum + Math.log(weight) > best.log) best = { stream, from, log: sum + Math.log(weight) };
    }
  });
  return best;
}

/** The mean with its 95 % interval. */
export function estimate(binary: boolean, moments: Moments): Estimate {
  const interval = binary ? wilson(moments.sum, moments.n, LEVEL) : meanInterval(moments, LEVEL);
  return { mean: moments.n === 0 ? 0 : moments.sum / moments.n, ...interval };
}

/** As sure about another mean. */
const shifted = ({ mean, low, high }: Estimate, to: number): Estimate => ({ mean: to, low: low + to - mean, high: high + to - mean });
