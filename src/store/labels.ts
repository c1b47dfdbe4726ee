/** Labelled rows, the side that writes: from feedback and from imports. Datasets read them. */
import type { Origin } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface NewLabel {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly segment: string | null;
  readonly labelledAt: Date;
  /** Set when the label was already corrected before the row was first written. */
  readonly correctedAt: Date | null;
  /** Chosen for the answer that a model gave: a row to learn from, never to examine with. */
  readonly chosen: boolean;
}

/**
 * Inserts labelled rows; another label for a row that is there is a correction. Returns the ids that changed anything. A row
 * that is there with another text is left alone: its side of the exam was decided by its text.
 * Ids must be unique and sorted, against deadlocks.
 */
export async function upsertLabels(db: Queryable, model: string, origin: Origin, rows: readonly NewLabel[], now: Date): Promise<string[]> {
  const changed = await db.query<{ id: string }>({
    name: 'upsert-labels',
    text: `insert into labelled_rows (model, id, origin, text, label, segment, labelled_at, corrected_at, chosen)
           select $1, r.id, $2, r.text, r.label, r.segment, r.labelled_at, r.corrected_at, r.chosen
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $10::boolean[])
             with ordinality as r(id, text, label, segment, labelled_at, corrected_at, chosen, at)
           order by r.at
           on conflict (model, id) do update set label = excluded.label, corrected_at = $9
           where labelled_rows.label <> excluded.label and labelled_rows.text = excluded.text
           returning id`,
    values: [
      model, origin, rows.map((r) => r.id), rows.map((r) => r.text), rows.map((r) => r.label), rows.map((r) => r.segment),
      rows.map((r) => r.labelledAt), rows.map((r) => r.correctedAt), now, rows.map((r) => r.chosen),
    ],
  });
  return changed.rows.map((row) => row.id);
}

/** Texts of labelled rows by id. */
export async function labelledTexts(db: Queryable, model: string, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; text: string }>('select id, text from labelled_rows where model = $1 and id = any($2::text[])', [model, ids]);
  return new Map(rows.map((row) => [row.id, row.text]));
}
