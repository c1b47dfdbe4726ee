/** Outcomes, the side that writes: what is known of a prediction, one row each. */
import type { Queryable } from './postgres.ts';

/** What feedback has said of a prediction so far. */
export interface Standing {
  /** What the scores were made by. */
  readonly metric: string;
  readonly firstScore: number;
  /** Of the last feedback. */
  readonly score: number;
  /** What the last feedback said, as a digest. */
  readonly said: string;
  /** Feedbacks that said again what stood, and those that said something else than what stood. */
  readonly repeats: number;
  readonly contradictions: number;
}

export interface Outcome extends Standing {
  readonly predictionId: string;
  readonly predictedAt: Date;
  readonly arrivedAt: Date;
  readonly adapter: string | null;
  readonly segment: string | null;
  readonly confidence: number | null;
}

/**
 * What stands for these predictions, locked until the transaction ends; ids sorted, against deadlocks. The limit keeps the planner to
 * one look-up an id: while the table has no statistics yet it would read all of it.
 */
export async function lockOutcomes(db: Queryable, model: string, ids: readonly string[]): Promise<Map<string, Standing>> {
  const { rows } = await db.query<Standing & { id: string }>({
    name: 'lock-outcomes',
    text: `select o.* from unnest($2::text[]) as wanted(id)
           cross join lateral (
             select prediction_id as id, metric, first_score as "firstScore", score, said, repeats, contradictions
             from outcomes where model = $1 and prediction_id = wanted.id limit 1 for update
           ) o`,
    values: [model, ids],
  });
  return new Map(rows.map(({ id, ...standing }) => [id, standing]));
}

/** Writes outcomes, sorted by prediction; of one that is there, only what feedback changes. */
export async function saveOutcomes(db: Queryable, model: string, outcomes: readonly Outcome[]): Promise<void> {
  const column = <K extends keyof Outcome>(name: K) => outcomes.map((row) => row[name]);
  await db.query({
    name: 'save-outcomes',
    text: `insert into outcomes (model, prediction_id, predicted_at, arrived_at, adapter, segment, confidence, metric, first_score, score, said, repeats, contradictions)
           select $1, o.* from unnest($2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::float8[], $10::float8[], $11::text[], $12::int[], $13::int[]) o
           on conflict (model, prediction_id) do update set score = excluded.score, said = excluded.said, repeats = excluded.repeats, contradictions = excluded.contradictions`,
    values: [
      model, column('predictionId'), column('predictedAt'), column('arrivedAt'), column('adapter'), column('segment'), column('confidence'),
      column('metric'), column('firstScore'), column('score'), column('said'), column('repeats'), column('contradictions'),
    ],
  });
}

/** Forgets outcomes of predictions from before a time; returns how many. */
export async function expireOutcomes(db: Queryable, before: Date): Promise<number> {
  const { rowCount } = await db.query('delete from outcomes where predicted_at < $1', [before]);
  return rowCount ?? 0;
}
