/** Stored predictions of a stretch, as a diagnosis compares them. */
import type { Queryable } from './postgres.ts';

export interface SampledPrediction {
  readonly input: string;
  /** Canonical. */
  readonly answer: string;
  readonly confidence: number | null;
  readonly features: Readonly<Record<string, unknown>> | null;
}

/** Up to `limit` predictions received from `from` on and before `to`, the same ones each time: those whose ids' hashes are the least. */
export async function predictionsBetween(db: Queryable, model: string, [from, to]: readonly [from: Date, to: Date], limit: number): Promise<SampledPrediction[]> {
  const { rows } = await db.query<SampledPrediction>(
    `select input, label as answer, confidence, features from predictions where model = $1 and received_at >= $2 and received_at < $3 order by md5(id), id limit $4`,
    [model, from, to, limit],
  );
  return rows;
}
