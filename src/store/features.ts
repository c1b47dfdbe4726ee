/** What predictions carry besides text and answer, as the references of profiles are made of it. */
import type { Queryable } from './postgres.ts';

/** What a prediction is divided by. */
export interface PredictionFeatures {
  readonly id: string;
  readonly features: Readonly<Record<string, unknown>> | null;
  readonly segment: string | null;
  /** When it came. */
  readonly at: Date;
}

/** Of predictions by id, in all partitions, the newest of each. */
export async function featuresOf(db: Queryable, model: string, ids: readonly string[]): Promise<Map<string, PredictionFeatures>> {
  const { rows } = await db.query<PredictionFeatures>(
    `select p.* from unnest($2::text[]) as wanted(id)
     cross join lateral (
       select p.id, p.features, p.segment, coalesce(p.occurred_at, p.received_at) as at from predictions p
       where p.model = $1 and p.id = wanted.id order by p.received_at desc limit 1
     ) p`,
    [model, ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Names of features that the first `limit` predictions of an adapter since a time have. */
export async function featureNames(db: Queryable, model: string, adapter: string, since: Date, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select distinct name from (
       select features from predictions where model = $1 and adapter = $2 and received_at >= $3 order by received_at limit $4
     ) p cross join lateral jsonb_object_keys(p.features) as name`,
    [model, adapter, since, limit],
  );
  return rows.map((row) => row.name);
}

export interface RecentPrediction extends PredictionFeatures {
  readonly input: string;
  readonly label: string;
  readonly confidence: number | null;
}

/** The last predictions of an adapter since a time, the newest first. */
export async function recentPredictions(db: Queryable, model: string, adapter: string, since: Date, limit: number): Promise<RecentPrediction[]> {
  const { rows } = await db.query<RecentPrediction>(
    `select id, input, label, confidence, features, segment, coalesce(occurred_at, received_at) as at from predictions
     where model = $1 and adapter = $2 and received_at >= $3 order by received_at desc limit $4`,
    [model, adapter, since, limit],
  );
  return rows;
}
