/** Feedback: what became known later about a prediction. */
import type { Queryable } from './postgres.ts';

export interface NewFeedback {
  readonly id: string;
  readonly predictionId: string;
  /** The canonical truth, or null; then there is a score. */
  readonly label: string | null;
  readonly score: number | null;
  /** The prediction was chosen for its answer: no fair sample, so it never measures. */
  readonly chosen: boolean;
  /** False while its prediction has not come yet. */
  readonly matched: boolean;
}

export interface WaitingFeedback {
  readonly predictionId: string;
  readonly label: string | null;
  readonly score: number | null;
  readonly first: boolean;
  readonly chosen: boolean;
}

/**
 * Inserts feedback as the first or as a later one of its prediction; returns the ids that went in. With `first`, a row stays
 * out when its id or another first one is there: the unique index decides, also between requests at once.
 * Rows must be sorted by prediction, those of one prediction in order of arrival, against deadlocks.
 */
export async function insertFeedback(db: Queryable, model: string, first: boolean, rows: readonly NewFeedback[], now: Date): Promise<string[]> {
  const inserted = await db.query<{ id: string }>({
    name: 'insert-feedback',
    text: `insert into feedback (model, id, prediction_id, received_at, label, score, first, matched_at, chosen)
           select $1, f.id, f.prediction_id, $2, f.label, f.score, $3, case when f.matched then $2::timestamptz end, f.chosen
           from unnest($4::text[], $5::text[], $6::text[], $7::boolean[], $8::float8[], $9::boolean[]) with ordinality as f(id, prediction_id, label, matched, score, chosen, at)
           order by f.at
           on conflict do nothing returning id`,
    values: [model, now, first, rows.map((r) => r.id), rows.map((r) => r.predictionId), rows.map((r) => r.label), rows.map((r) => r.matched), rows.map((r) => r.score), rows.map((r) => r.chosen)],
  });
  return inserted.rows.map((row) => row.id);
}

/** Forgets feedback whose prediction never came; returns how many. */
export async function expireUnmatched(db: Queryable, before: Date): Promise<number> {
  const { rowCount } = await db.query('delete from feedback where matched_at is null and received_at < $1', [before]);
  return rowCount ?? 0;
}

/** Marks the feedback that waited for these predictions as matched; returns it in order of arrival. */
export async function matchFeedback(db: Queryable, model: string, predictionIds: readonly string[], now: Date): Promise<WaitingFeedback[]> {
  const { rows } = await db.query<WaitingFeedback>(
    `with matched as (
       update feedback set matched_at = $3
       where model = $1 and matched_at is null and prediction_id = any($2::text[])
       returning prediction_id, label, score, first, chosen, seq
     )
     select prediction_id as "predictionId", label, score, first, chosen from matched order by seq`,
    [model, predictionIds, now],
  );
  return rows;
}
