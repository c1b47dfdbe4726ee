/**
 * Columns and predicted labels by the declared season: each row is held against its own stratum of the reference. A stratum of fewer than 50 rows of
 * the reference is not judged: its rows are left out, the report says how many rows more it needs, and closed panes fill it (learn-panes). Where the reference has no
 * such rows in any stratum, as that of imported rows, which have no time, the column is watched as one.
 */
import { addInto, emptyProfile, inSeason, isSeasonal, LABELS, rowsOfColumn, type ColumnCounts, type Profile, type ReferenceBody } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import { seasonParts } from './parts.ts';
import { SEGMENT_ROWS, type StratumMoments } from './streams.ts';

/** Where a column, or the labels, has its counts in each stratum. */
export interface Strata {
  readonly places: readonly (readonly [key: string, stratum: number])[];
  /** What a stream says of them. */
  readonly season: { readonly strata: number; readonly fewest: number };
}

/** Null: watched as one. */
export function strataOf(reference: ReferenceBody, column: string): Strata | null {
  const parts = seasonParts(reference);
  if (parts === null) return null;
  const places = [...parts].map(([part, stratum]) => [inSeason(part, column), stratum] as const);
  const rows = places.reduce((sum, [key]) => sum + rowsIn(reference.profile, key), 0);
  return rows < SEGMENT_ROWS ? null : { places, season: { strata: parts.size, fewest: SEGMENT_ROWS } };
}

const rowsIn = ({ columns }: Pick<Profile, 'columns'>, key: string) => {
  const counts = columns.get(key);
  return counts === undefined ? 0 : rowsOfColumn(counts);
};

/** In the order of the strata; only those that have rows. */
export function byStratum({ places }: Strata, { columns }: Profile, of: (counts: ColumnCounts) => Moments): StratumMoments[] {
  return places.flatMap(([key, stratum]) => {
    const counts = columns.get(key);
    return counts === undefined ? [] : [{ ...of(counts), stratum }];
  });
}

/** Of a declared season, the counts of columns and labels that have too few rows. */
function shortOf(reference: ReferenceBody): string[] {
  const parts = [...(seasonParts(reference)?.keys() ?? [])];
  return [LABELS, ...reference.columns.filter(isSeasonal).map(({ name }) => name)].flatMap((column) => parts.map((part) => inSeason(part, column))).filter((key) => rowsIn(reference.profile, key) < SEGMENT_ROWS);
}

export const hasShortStrata = (reference: ReferenceBody): boolean => shortOf(reference).length > 0;

/** Takes closed panes for the strata that have too few rows; gives what the reference has then, of those alone. */
export function createFill(reference: ReferenceBody): { take(profile: Profile): void; filled(): Map<string, ColumnCounts> } {
  const short = shortOf(reference);
  const total = emptyProfile(reference);
  const add = ({ columns }: Profile) => {
    addInto(total, { ...emptyProfile(reference), columns: new Map(short.flatMap((key) => { const counts = columns.get(key); return counts === undefined ? [] : [[key, counts] as const]; })) });
  };
  return {
    take: add,
    filled() {
      const fresh = [...total.columns.keys()];
      add(reference.profile);
      return new Map(fresh.map((key) => [key, total.columns.get(key) as ColumnCounts]));
    },
  };
}
