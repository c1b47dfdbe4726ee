/** Undeclared periodicity: do the means of panes go with the hour or the day? Then a season should be declared, since an alarm at noon would be no news. */
import type { Profile } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import { lagOne } from '../statistics/autocorrelation.ts';
import { spreadOf } from '../statistics/spread.ts';
import { doubtOf, lossOf, unseenOf, type Common } from './streams.ts';

export interface TimedPane {
  readonly openedAt: Date;
  readonly profile: Profile;
}

export interface Rhythm {
  /** What goes with the time: `error`, `confidence`, `unseen`, or a stream of a column or of the labels by name. */
  readonly of: string;
  readonly seasonKey: 'hourOfDay' | 'dayOfWeek' | 'hourOfWeek';
  /** Standard deviation of the seasons' means, less what chance puts in. */
  readonly deviation: number;
  /** Of no periodicity; asymptotic. */
  readonly p: number;
  readonly suggestion: string;
}

/** What is looked through for rhythms, and the change that is on course. */
export interface Rhythmic {
  readonly of: string;
  readonly tolerance: number;
  moments(profile: Profile): Moments;
}

const ALWAYS = ['error', 'confidence', 'unseen'] as const;
const WATCHED: Readonly<Record<(typeof ALWAYS)[number], (counts: Common) => Moments>> = { error: lossOf, confidence: doubtOf, unseen: unseenOf };
/** In UTC: another zone shifts the hours, and the spread stays. */
const KEYS: Readonly<Record<Rhythm['seasonKey'], (at: Date) => number>> = {
  hourOfDay: (at) => at.getUTCHours(),
  dayOfWeek: (at) => at.getUTCDay(),
  hourOfWeek: (at) => 24 * at.getUTCDay() + at.getUTCHours(),
};
/** Of all keys and values together; each season must have come twice, or a single change would pass for a rhythm. */
const LEVEL = 0.001;
const TWICE: Readonly<Record<Rhythm['seasonKey'], number>> = { hourOfDay: 2, dayOfWeek: 14, hourOfWeek: 14 };

/** What repeats itself by more than half of its tolerance; the simplest key that says most of it. `more`: streams that are looked through beside error, confidence and unseen. */
export function rhythmsOf(panes: readonly TimedPane[], tolerance: Readonly<Record<(typeof ALWAYS)[number], number>>, more: readonly Rhythmic[] = []): Rhythm[] {
  const [first, last] = [panes[0], panes.at(-1)];
  if (first === undefined || last === undefined) return [];
  const days = (last.openedAt.getTime() - first.openedAt.getTime()) / 86_400_000;
  const keys = (Object.keys(KEYS) as Rhythm['seasonKey'][]).filter((key) => days >= TWICE[key]);
  const watched = [...ALWAYS.map((of): Rhythmic => ({ of, tolerance: tolerance[of], moments: WATCHED[of] })), ...more];
  return watched.flatMap(({ of, tolerance: allowed, moments }) => {
    const found = keys
      .map((seasonKey) => ({ seasonKey, ...spreadOf(grouped(panes, KEYS[seasonKey], moments)) }))
      .filter(({ p, deviation }) => p <= LEVEL / (keys.length * watched.length) && deviation > allowed / 2);
    const most = found.reduce((largest, { deviation }) => Math.max(largest, deviation), 0);
    const simplest = found.find(({ deviation }) => deviation > 0.8 * most);
    if (simplest === undefined) return [];
    const { seasonKey, deviation, p } = simplest;
    return [{ of, seasonKey, deviation, p, suggestion: `${of} goes with the ${seasonKey}; declare monitor.seasonKey: ${seasonKey}` }];
  });
}

function grouped(panes: readonly TimedPane[], key: (at: Date) => number, of: (profile: Profile) => Moments): Moments[] {
  const groups = new Map<number, Moments>();
  for (const { openedAt, profile } of panes) {
    const { n, sum, squares } = of(profile);
    const before = groups.get(key(openedAt)) ?? { n: 0, sum: 0, squares: 0 };
    groups.set(key(openedAt), { n: before.n + n, sum: before.sum + sum, squares: before.squares + squares });
  }
  return [...groups.values()];
}

/** Lag-1 autocorrelation of the means of panes with rows, of errors; null of fewer than 20. An assumption to look at: above 2 / sqrt(panes) it is not chance. */
export function paneAutocorrelation(panes: readonly TimedPane[]): { readonly value: number; readonly noise: number } | null {
  const means = panes.flatMap(({ profile }) => {
    const { n, sum } = lossOf(profile);
    return n === 0 ? [] : [sum / n];
  });
  return means.length < 20 ? null : { value: lagOne(means), noise: 2 / Math.sqrt(means.length) };
}
