/**
 * Into which parts a row falls: by the value of a feature (segments) and by the season of its time. The values are the reference's most
 * frequent; all others, and rows without a value, are one further part, so that the parts of a division are together all rows.
 */
import type { SeasonKey } from '../vocabulary.ts';
import { nameOf } from './columns/category.ts';

export interface SegmentDivision {
  readonly kind: 'segment';
  /** Name of a feature, or `segment`: the prediction's own. */
  readonly by: string;
  /** The most frequent first. */
  readonly values: readonly string[];
}

export interface SeasonDivision {
  readonly kind: 'season';
  readonly by: SeasonKey;
  readonly timeZone: string;
}

export type Division = SegmentDivision | SeasonDivision;

/** Segments that are counted by themselves, of a division. */
export const SEGMENTS = 20;
export const OWN_SEGMENT = 'segment';

/** `language=de`; without a value the part of all other rows. */
export function partName(by: string, value: string | number | null): string {
  return value === null ? by : `${by}=${value}`;
}

export interface DividedRow {
  readonly segment: string | null;
  readonly features: Readonly<Record<string, unknown>> | null;
  /** Milliseconds since 1970; null where it is not known. */
  readonly at: number | null;
}

/** The names of the parts that a row falls into. */
export type Divide = (row: DividedRow) => string[];

const dividers = new WeakMap<readonly Division[], Divide>();

/** The same for the same list: it remembers names. */
export function divideBy(divisions: readonly Division[]): Divide {
  let divide = dividers.get(divisions);
  if (divide === undefined) dividers.set(divisions, (divide = divider(divisions)));
  return divide;
}

/** The part that a row falls into by its season; null where its time is not known. */
export type SeasonOfRow = (row: Pick<DividedRow, 'at'>) => string | null;

const seasons = new WeakMap<readonly Division[], SeasonOfRow | null>();

/** By the season that was declared last; null where none is. The same for the same list. */
export function seasonOf(divisions: readonly Division[]): SeasonOfRow | null {
  let season = seasons.get(divisions);
  if (season === undefined) {
    const declared = divisions.findLast((division) => division.kind === 'season');
    seasons.set(divisions, (season = declared === undefined ? null : bySeason(declared)));
  }
  return season;
}

function divider(divisions: readonly Division[]): Divide {
  const each = divisions.map((division) => (division.kind === 'segment' ? bySegment(division) : bySeason(division)));
  return (row) => each.flatMap((part) => part(row) ?? []);
}

function bySegment({ by, values }: SegmentDivision): (row: DividedRow) => string {
  const names = new Map(values.map((value) => [value, partName(by, value)]));
  const others = partName(by, null);
  return (row) => names.get(segmentOf(by, row) ?? '') ?? others;
}

/** The value that a row has in a division by segment. */
export function segmentOf(by: string, { segment, features }: DividedRow): string | null {
  const value = by === OWN_SEGMENT ? segment : features?.[by];
  return typeof value === 'number' ? String(value) : nameOf(value);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** Local time is constant over such a slot, but for what is within it: zones are shifted by whole quarters of an hour. */
const SLOT = 15 * 60_000;
const KEPT = 4_096;

/** Hours from 0 to 23, days from Sunday, 0, and hours of the week from Sunday's first. */
function bySeason({ by, timeZone }: SeasonDivision): SeasonOfRow {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: 'numeric', hourCycle: 'h23' });
  // formatting a time costs more than all the rest of a row
  const known = new Map<number, string>();
  return ({ at }) => {
    if (at === null) return null;
    const slot = Math.floor(at / SLOT);
    let name = known.get(slot);
    if (name === undefined) {
      if (known.size >= KEPT) known.clear();
      known.set(slot, (name = partName(by, seasonAt(format, by, slot * SLOT))));
    }
    return name;
  };
}

function seasonAt(format: Intl.DateTimeFormat, by: SeasonKey, at: number): number {
  const parts = format.formatToParts(at);
  const day = DAYS.indexOf(parts.find(({ type }) => type === 'weekday')?.value ?? '');
  const hour = Number(parts.find(({ type }) => type === 'hour')?.value);
  return by === 'hourOfDay' ? hour : by === 'dayOfWeek' ? day : 24 * day + hour;
}

/** The divisions by segment that enough of the rows have a value for. */
export function segmentDivisions(names: readonly string[], rows: readonly DividedRow[], fewest: number): SegmentDivision[] {
  return names.flatMap((by) => {
    const times = new Map<string, number>();
    for (const row of rows) {
      const value = segmentOf(by, row);
      if (value !== null) times.set(value, (times.get(value) ?? 0) + 1);
    }
    if ([...times.values()].reduce((sum, n) => sum + n, 0) < fewest) return [];
    const values = [...times].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([value]) => value);
    return [{ kind: 'segment', by, values: values.slice(0, SEGMENTS) }];
  });
}
