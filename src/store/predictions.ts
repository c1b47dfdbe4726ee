/** Predictions and the table of ids that makes ingest idempotent. */
import { copyLines, copyText } from './copy.ts';
import type { Client, Queryable } from './postgres.ts';

export interface NewPrediction {
  readonly id: string;
  /** ISO time */
  readonly occurredAt: string | null;
  readonly adapter: string | null;
  readonly input: string;
  readonly label: string;
  readonly confidence: number | null;
  /** JSON text */
  readonly scores: string | null;
  /** JSON text */
  readonly features: string | null;
  /** The features as they came, for the profile; not stored. */
  readonly values: Readonly<Record<string, unknown>> | null;
  readonly segment: string | null;
}

export interface FoundPrediction {
  readonly id: string;
  readonly adapter: string | null;
  readonly input: string;
  readonly label: string;
  readonly segment: string | null;
  readonly confidence: number | null;
  readonly receivedAt: Date;
}

/**
 * Takes ids that nobody has taken; returns those that were new. `ids` must be sorted: two transactions that take the same ids
 * in different orders would deadlock.
 */
export async function takeIds(db: Queryable, model: string, ids: readonly string[], receivedAt: Date): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'take-ids',
    text: `insert into prediction_ids (model, id, received_at)
           select $1, id, $3 from unnest($2::text[]) as id
           on conflict do nothing returning id`,
    values: [model, ids, receivedAt],
  });
  return rows.map((row) => row.id);
}

/**
 * Takes ids of which none is expected to be taken, sorted as for `takeIds`, in a third of its time.
 * @throws a duplicate (`isDuplicate`) when one is taken
 */
export async function copyIds(db: Client, model: string, ids: readonly string[], receivedAt: Date): Promise<void> {
  const tail = `\t${receivedAt.toISOString()}\n`;
  const head = `${copyText(model)}\t`;
  let lines = '';
  for (const id of ids) lines += head + copyText(id) + tail;
  await copyLines(db, 'copy prediction_ids (model, id, received_at) from stdin', lines);
}

/** What all rows of one transaction share. */
export interface Arrival {
  readonly model: string;
  readonly pane: number;
  readonly receivedAt: Date;
}

/**
 * Takes the ids that nobody has taken and writes their rows, in one statement: for a few rows, where round trips are what
 * costs. Returns the ids that went in. Rows must be sorted by id, as for `takeIds`.
 */
export async function insertPredictions(db: Queryable, where: Arrival, predictions: readonly NewPrediction[]): Promise<string[]> {
  const column = <K extends keyof NewPrediction>(name: K) => predictions.map((row) => row[name]);
  const { rows } = await db.query<{ id: string }>({
    name: 'insert-predictions',
    text: `with taken as (
             insert into prediction_ids (model, id, received_at) select $1, id, $3 from unnest($4::text[]) as id
             on conflict do nothing returning id
           )
           insert into predictions (model, pane, received_at, id, occurred_at, adapter, input, label, confidence, scores, features, segment)
           select $1, $2, $3, r.id, r.occurred_at, r.adapter, r.input, r.label, r.confidence, r.scores::jsonb, r.features::jsonb, r.segment
           from unnest($4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::float8[], $10::text[], $11::text[], $12::text[])
             as r(id, occurred_at, adapter, input, label, confidence, scores, features, segment)
           join taken on taken.id = r.id
           returning id`,
    values: [
      where.model, where.pane, where.receivedAt, column('id'), column('occurredAt'), column('adapter'), column('input'), column('label'),
      column('confidence'), column('scores'), column('features'), column('segment'),
    ],
  });
  return rows.map((row) => row.id);
}

/** Writes rows whose ids were taken in the same transaction. */
export async function copyPredictions(db: Client, where: Arrival, predictions: readonly NewPrediction[]): Promise<void> {
  const head = `${copyText(where.model)}\t${where.pane}\t${where.receivedAt.toISOString()}\t`;
  let lines = '';
  for (const row of predictions) {
    lines += `${head}${copyText(row.id)}\t${row.occurredAt ?? '\\N'}\t${copyText(row.adapter)}\t${copyText(row.input)}\t${copyText(row.label)}\t`
      + `${row.confidence ?? '\\N'}\t${copyText(row.scores)}\t${copyText(row.features)}\t${copyText(row.segment)}\n`;
  }
  await copyLines(db, 'copy predictions (model, pane, received_at, id, occurred_at, adapter, input, label, confidence, scores, features, segment) from stdin', lines);
}

/**
 * Predictions of the last days by id: the table of ids knows their time, so only one partition is read for each. The limits
 * keep the planner to one look-up an id: without statistics, as on a new day, it would read all ids of the model instead.
 */
export async function findPredictions(db: Queryable, model: string, ids: readonly string[]): Promise<FoundPrediction[]> {
  const { rows } = await db.query<FoundPrediction>(
    `select p.* from unnest($2::text[]) as wanted(id)
     cross join lateral (select i.id, i.received_at from prediction_ids i where i.model = $1 and i.id = wanted.id limit 1) i
     cross join lateral (
       select p.id, p.adapter, p.input, p.label, p.segment, p.confidence, p.received_at as "receivedAt" from predictions p
       where p.model = $1 and p.id = i.id and p.received_at = i.received_at limit 1
     ) p`,
    [model, ids],
  );
  return rows;
}

/** Predictions by id in all partitions, the newest of each: for feedback that comes after the ids have expired. */
export async function findOldPredictions(db: Queryable, model: string, ids: readonly string[]): Promise<FoundPrediction[]> {
  const { rows } = await db.query<FoundPrediction>(
    `select p.* from unnest($2::text[]) as wanted(id)
     cross join lateral (
       select p.id, p.adapter, p.input, p.label, p.segment, p.confidence, p.received_at as "receivedAt" from predictions p
       where p.model = $1 and p.id = wanted.id order by p.received_at desc limit 1
     ) p`,
    [model, ids],
  );
  return rows;
}

export interface ShownPrediction extends FoundPrediction {
  readonly confidence: number | null;
  readonly receivedAt: Date;
  /** What became known of it first: the canonical truth, or a score. */
  readonly truth: string | null;
  readonly score: number | null;
}

/** Predictions by id as people read them, the newest of each, in the order of the ids; those that are not known (any more) are missing. */
export async function showPredictions(db: Queryable, model: string, ids: readonly string[]): Promise<ShownPrediction[]> {
  const { rows } = await db.query<ShownPrediction>(
    `select p.*, f.label as truth, f.score from unnest($2::text[]) with ordinality as wanted(id, at)
     cross join lateral (
       select p.id, p.adapter, p.input, p.label, p.segment, p.confidence, p.received_at as "receivedAt" from predictions p
       where p.model = $1 and p.id = wanted.id order by p.received_at desc limit 1
     ) p
     left join feedback f on f.model = $1 and f.prediction_id = p.id and f.first
     order by wanted.at`,
    [model, ids],
  );
  return rows;
}

/** Forgets ids taken before a time (retention: seven days); returns how many. */
export async function expireIds(db: Queryable, before: Date): Promise<number> {
  const { rowCount } = await db.query('delete from prediction_ids where received_at < $1', [before]);
  return rowCount ?? 0;
}
