/** The labelled predictions of a live adapter, and what a watch made of them. */
import type { Queryable } from './postgres.ts';

export interface WatchedRow {
  readonly feedbackId: string;
  readonly matchedAt: Date;
  readonly text: string;
  /** What the live adapter answered in production. */
  readonly predicted: string;
  readonly label: string;
}

/**
 * First feedback, where it tells the truth and not a score alone, of rows that were not chosen for what the live adapter answered (the other would look the better for it), on predictions that `adapter` made since `since`, not yet scored for the run, in order of arrival.
 * `from` only spares reading: rows matched before it are taken as scored.
 */
export async function unscoredRows(
  db: Queryable,
  { runId, model, adapter, since, from, limit }: { runId: string; model: string; adapter: string; since: Date; from: Date; limit: number },
): Promise<WatchedRow[]> {
  const { rows } = await db.query<WatchedRow>(
    // Written so that it stays fast while tables and partitions have no statistics yet, as after every midnight. "not in" is hashed, where
    // "not exists" may walk all scored rows for each row. The first offset 0 dismisses scored rows before predictions are looked up; the
    // second has predictions found by id: with their time inside, a partition would be searched by time, once for every row.
    `select f.id as "feedbackId", f.matched_at as "matchedAt", p.input as text, p.label as predicted, f.label
     from (
       select f.id, f.prediction_id, f.label, f.matched_at, f.seq from feedback f
       where f.model = $2 and f.first and not f.chosen and f.label is not null and f.matched_at >= $5
         and f.id not in (select feedback_id from watch_rows where run_id = $1)
       order by f.matched_at, f.seq offset 0
     ) f
     cross join lateral (
       select p.input, p.label, p.adapter, p.received_at from predictions p where p.model = $2 and p.id = f.prediction_id offset 0
     ) p
     where p.adapter = $3 and p.received_at >= $4
     order by f.matched_at, f.seq limit $6`,
    [runId, model, adapter, since, from, limit],
  );
  return rows;
}

/** Appends scored rows in their order; those that another replica has scored meanwhile are passed over. Needs the promotion lock. */
export async function appendWatchRows(db: Queryable, runId: string, model: string, rows: readonly { feedbackId: string; difference: number }[]): Promise<void> {
  await db.query(
    `insert into watch_rows (run_id, seq, model, feedback_id, difference)
     select $1, (select coalesce(max(seq), 0) from watch_rows where run_id = $1) + row_number() over (order by r.at), $2, r.id, r.difference
     from unnest($3::text[], $4::float8[]) with ordinality as r(id, difference, at)
     where r.id not in (select feedback_id from watch_rows where run_id = $1)`,
    [runId, model, rows.map((row) => row.feedbackId), rows.map((row) => row.difference)],
  );
}

/** Differences behind the first `n`, in order. */
export async function watchDifferences(db: Queryable, runId: string, n: number): Promise<number[]> {
  const { rows } = await db.query<{ difference: number }>('select difference from watch_rows where run_id = $1 and seq > $2 order by seq', [runId, n]);
  return rows.map((row) => row.difference);
}
