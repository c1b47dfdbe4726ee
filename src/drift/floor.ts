/** The power floor: below it a monitor has no verdict, and says how many rows it still needs. */
import { nearestTarget } from '../statistics/bets.ts';
import { rowsToAlarm } from '../statistics/rows-to-alarm.ts';
import { expectedOf, judgedBy, type Course } from './course.ts';
import { toldDifference, type PaneProfile } from './streams.ts';

/** The chance of an alarm by then. */
export const POWER = 0.8;

export interface Floor {
  /** The smallest rise worth acting on: twice what is still on course, which is the tolerance and the reference's own noise. */
  readonly rise: number;
  /** Rows after which such a rise would have alarmed with 80 % chance. */
  readonly rows: number;
  /** Rows that the panes at hand brought. */
  readonly seen: number;
}

/** Of the monitor's stream that needs the fewest rows. */
export function floorOf(courses: readonly Course[], panes: readonly PaneProfile[], { threshold }: { threshold: number }): Floor {
  const floors = courses.map((course): Floor => {
    const rows = panes.map(({ profile }) => judgedBy(course, course.stream.moments(profile)));
    const taken = rows.map((strata) => strata.reduce((sum, { n }) => sum + n, 0)).filter((n) => n > 0);
    const seen = taken.reduce((sum, n) => sum + n, 0);
    const { mean, upper, total } = expectedOf(course, seen > 0 ? rows.flat() : judgedBy(course, course.reference.map(({ n }, stratum) => ({ n, stratum }))));
    const m = Math.min(1, upper + course.stream.tolerance);
    const risen = Math.min(1, Math.max(2 * m - mean, nearestTarget(m)));
    const variance = course.stream.binary || total.n === 0 ? risen * (1 - risen) : Math.max(0, total.squares / total.n - (total.sum / total.n) ** 2);
    const need = rowsToAlarm({ m, mean: risen, variance, threshold: threshold / course.weight, rows: taken.length === 0 ? 1 : seen / taken.length, divisor: course.divisor, graded: !course.stream.binary, power: POWER });
    return { rise: toldDifference(course.stream, risen - mean), rows: need, seen };
  });
  return floors.reduce((best, each) => (each.rows < best.rows ? each : best));
}

/** Null above the floor. */
export function insufficiency({ rise, rows, seen }: Floor): string | null {
  return seen >= rows ? null : `insufficient: about ${(rows - seen).toLocaleString('en')} more rows, to see a rise of ${rise.toFixed(3)}`;
}
