/**
 * Columns of features and predicted labels by the season of a row, beside the counts of the whole: where the traffic repeats itself by the hour, an hour's values
 * are to be held against the same hour's. They stand among the columns of a profile, under names that no feature has. Texts are not counted so: their content is
 * what `unseen` watches, and that is counted by parts.
 */
import { emptyCategory, nameOf, type CategoryCounts } from './columns/category.ts';
import { emptyColumn, isBuiltIn, observeValue, type Column, type ColumnCounts } from './columns/column.ts';
import type { Features } from './columns/infer.ts';
import { groupOf } from './columns/sketch.ts';
import { seasonOf, type Division } from './divisions.ts';
import { observeLabels } from './labels.ts';
import type { CountingIndex, Profile } from './profile.ts';

/** In place of a column's name: predicted labels, as a category whose `nulls` are all rows, since a row may have several labels or none. */
export const LABELS = '@labels';

/** Name of the counts of a column in a season, which is named as its part. */
export const inSeason = (season: string, column: string): string => `@${season} ${column}`;

/** Whether a column is counted by season. */
export const isSeasonal = ({ name, layout }: Column): boolean => !isBuiltIn(name) && layout.kind !== 'text';

export interface SeasonalRow {
  readonly label: string | readonly string[] | null;
  /** Left out where they are not known: then columns are not counted. */
  readonly features?: Features | null;
}

/** What is counted of a row in its season. */
export function observeSeason({ columns: counted, labels }: Pick<Profile, 'columns' | 'labels'>, { columns, index }: { readonly columns: readonly Column[]; readonly index: CountingIndex }, season: string, row: SeasonalRow, group: number): void {
  const labelled = seasonCounts(counted, inSeason(season, LABELS), () => emptyCategory(labels.counts.length)) as CategoryCounts;
  labelled.nulls++;
  if (row.label !== null) observeLabels(labelled, index.labels, row.label);
  if (row.features === undefined) return;
  for (const column of columns) {
    if (isSeasonal(column)) observeValue(seasonCounts(counted, inSeason(season, column.name), () => emptyColumn(column.layout)), column.layout, row.features?.[column.name], group);
  }
}

function seasonCounts(counted: Map<string, ColumnCounts>, name: string, empty: () => ColumnCounts): ColumnCounts {
  let counts = counted.get(name);
  if (counts === undefined) counted.set(name, (counts = empty()));
  return counts;
}

/** A row that a reference is made of. */
export interface SeasonRow extends SeasonalRow {
  readonly id: string;
  /** Milliseconds since 1970; null where it is not known. */
  readonly at: number | null;
}

interface Counting {
  readonly columns: readonly Column[];
  readonly divisions: readonly Division[];
  readonly index: CountingIndex;
  readonly profile: Pick<Profile, 'labels'>;
}

/** A reference's counts by season: as its whole counts, a value that came once is one that it does not have. Empty without a season. */
export function seasonsOf({ columns, divisions, index, profile }: Counting, rows: readonly SeasonRow[]): Map<string, ColumnCounts> {
  const counted = new Map<string, ColumnCounts>();
  const season = seasonOf(divisions);
  if (season === null) return counted;
  const once = new Map(columns.filter(({ layout }) => layout.kind === 'category').map(({ name }) => [name, valuesOfOne(rows, name)]));
  for (const row of rows) {
    const part = season(row);
    if (part !== null) observeSeason({ columns: counted, labels: profile.labels }, { columns, index }, part, { label: row.label, ...(row.features === undefined ? {} : { features: without(row.features, once) }) }, groupOf(row.id));
  }
  return counted;
}

function valuesOfOne(rows: readonly SeasonalRow[], column: string): ReadonlySet<string> {
  const times = new Map<string, number>();
  for (const { features } of rows) {
    const name = nameOf(features?.[column]);
    if (name !== null) times.set(name, (times.get(name) ?? 0) + 1);
  }
  return new Set([...times].flatMap(([name, n]) => (n === 1 ? [name] : [])));
}

/** A value that no layout has, and that is a category all the same. */
const UNKNOWN = '\u0000';

function without(features: Features | null, once: ReadonlyMap<string, ReadonlySet<string>>): Features | null {
  if (features === null) return null;
  const hidden = [...once].filter(([column, names]) => names.has(nameOf(features[column]) ?? ''));
  return hidden.length === 0 ? features : { ...features, ...Object.fromEntries(hidden.map(([column]) => [column, UNKNOWN])) };
}
