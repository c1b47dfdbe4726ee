/** The reference of columns: their layouts by some rows, and the counts of those rows. */
import { emptyColumn, observeValue, type Column, type ColumnCounts, type ColumnSource } from './column.ts';
import { featureColumns, type Features } from './infer.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { groupOf } from './sketch.ts';

export interface LearntColumns {
  readonly columns: readonly Column[];
  /** By the columns' names. */
  readonly counts: ReadonlyMap<string, ColumnCounts>;
}

export interface FeatureRow {
  readonly id: string;
  /** Null: the row has none. Rows that are not known to have any must be left out. */
  readonly features: Features | null;
}

/** The columns of the rows' features that enough of them have, but for those that are `known`. */
export function learnColumns(rows: readonly FeatureRow[], source: ColumnSource, known?: ReadonlySet<string>, fewest?: number): LearntColumns {
  const columns = featureColumns(rows.map(({ features }) => features), source, known, fewest);
  const groups = rows.map(({ id }) => groupOf(id));
  const counts = new Map(columns.map(({ name, layout }) => {
    const counted = emptyColumn(layout);
    rows.forEach(({ features }, i) => observeValue(counted, layout, features?.[name], groups[i] as number));
    if (layout.kind === 'category' && counted.kind === 'category') leaveOneOut(counted, layout, rows.map(({ features }) => features?.[name]));
    return [name, counted] as const;
  }));
  return { columns, counts };
}
