/** Predictions that a person could label: those of the live adapter that nobody has told anything of and nobody has passed over. */
import type { Queryable } from './postgres.ts';

export interface QueueCandidate {
  readonly id: string;
  readonly text: string;
  /** Canonical. */
  readonly answer: string;
  readonly confidence: number | null;
  readonly segment: string | null;
  readonly receivedAt: Date;
}

export interface QueueScope {
  readonly model: string;
  readonly adapter: string;
  readonly since: Date;
  readonly limit: number;
}

/** The newest. */
export async function unlabelled(db: Queryable, { model, adapter, since, limit }: QueueScope): Promise<QueueCandidate[]> {
  const { rows } = await db.query<QueueCandidate>(
    `select p.id, p.input as text, p.label as answer, p.confidence, p.segment, p.received_at as "receivedAt"
     from predictions p
     where p.model = $1 and p.adapter = $2 and p.received_at >= $3
       and not exists (select from feedback f where f.model = $1 and f.prediction_id = p.id)
       and not exists (select from queue_skips s where s.model = $1 and s.prediction_id = p.id)
     order by p.received_at desc, p.id limit $4`,
    [model, adapter, since, limit],
  );
  return rows;
}

/** Of these predictions those that can be labelled. */
export async function unlabelledAmong(db: Queryable, { model, adapter, since }: QueueScope, ids: readonly string[]): Promise<QueueCandidate[]> {
  const { rows } = await db.query<QueueCandidate>(
    `select p.id, p.input as text, p.label as answer, p.confidence, p.segment, p.received_at as "receivedAt"
     from predictions p
     where p.model = $1 and p.adapter = $2 and p.received_at >= $3 and p.id = any ($4::text[])
       and not exists (select from feedback f where f.model = $1 and f.prediction_id = p.id)
       and not exists (select from queue_skips s where s.model = $1 and s.prediction_id = p.id)
     order by array_position($4::text[], p.id)`,
    [model, adapter, since, ids],
  );
  return rows;
}

/** Of the newest `limit` predictions, labelled or not, in an order that their ids fix and nothing about them does: a fair sample. */
export async function unlabelledByChance(db: Queryable, { model, adapter, since, limit }: QueueScope, rows: number): Promise<QueueCandidate[]> {
  const found = await db.query<QueueCandidate>(
    `select r.id, r.input as text, r.label as answer, r.confidence, r.segment, r.received_at as "receivedAt" from (
       select id, input, label, confidence, segment, received_at from predictions
       where model = $1 and adapter = $2 and received_at >= $3 order by received_at desc limit $4
     ) r
     where not exists (select from feedback f where f.model = $1 and f.prediction_id = r.id)
       and not exists (select from queue_skips s where s.model = $1 and s.prediction_id = r.id)
     order by md5(r.id), r.id limit $5`,
    [model, adapter, since, limit, rows],
  );
  return found.rows;
}

/** Labels of the newest labelled rows, by name. */
export async function recentLabels(db: Queryable, model: string): Promise<string[]> {
  const { rows } = await db.query<{ label: string }>(
    'select distinct label from (select label from labelled_rows where model = $1 order by labelled_at desc limit 10000) recent order by label',
    [model],
  );
  return rows.map((row) => row.label);
}

/** Passes a prediction over; once is enough. */
export async function insertSkip(db: Queryable, skip: { model: string; predictionId: string; by: string; at: Date }): Promise<void> {
  await db.query('insert into queue_skips (model, prediction_id, skipped_by, at) values ($1, $2, $3, $4) on conflict do nothing', [skip.model, skip.predictionId, skip.by, skip.at]);
}
