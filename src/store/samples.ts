/** Predictions to show beside an incident: each query looks at the newest 2,000 candidates at most, of one adapter since a time. */
import type { Queryable } from './postgres.ts';

export interface SampleScope {
  readonly model: string;
  readonly adapter: string;
  readonly since: Date;
}

const LOOKED_AT = 2_000;

const RECENT = `select id, input, label, confidence, received_at from predictions
  where model = $1 and adapter = $2 and received_at >= $3 order by received_at desc limit ${LOOKED_AT}`;

const values = ({ model, adapter, since }: SampleScope) => [model, adapter, since];

/** Predictions with the first that became known of them, a truth or a score, the latest known first. */
export async function judgedPredictions(db: Queryable, scope: SampleScope): Promise<{ id: string; answer: string; confidence: number | null; label: string | null; score: number | null }[]> {
  const { rows } = await db.query<{ id: string; answer: string; confidence: number | null; label: string | null; score: number | null }>(
    `select p.id, p.label as answer, p.confidence, f.label, f.score from (
       select prediction_id, label, score, matched_at, seq from feedback where model = $1 and first and matched_at >= $3 order by matched_at desc, seq desc limit ${LOOKED_AT}
     ) f join predictions p on p.model = $1 and p.id = f.prediction_id
     where p.adapter = $2 order by f.matched_at desc, p.id`,
    values(scope),
  );
  return rows;
}

export async function leastConfident(db: Queryable, scope: SampleScope, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(`select id from (${RECENT}) r where confidence is not null order by confidence, id limit $4`, [...values(scope), limit]);
  return rows.map((row) => row.id);
}

export interface RecentAnswer {
  readonly id: string;
  readonly input: string;
  /** Canonical. */
  readonly answer: string;
}

/** The newest predictions. */
export async function recentAnswers(db: Queryable, scope: SampleScope): Promise<RecentAnswer[]> {
  const { rows } = await db.query<RecentAnswer>(`select id, input, label as answer from (${RECENT}) r order by received_at desc, id`, values(scope));
  return rows;
}

/** The newest predictions from before the scope's time, from `after` on. */
export async function answersBefore(db: Queryable, { model, adapter, since }: SampleScope, after: Date): Promise<RecentAnswer[]> {
  const { rows } = await db.query<RecentAnswer>(
    `select id, input, label as answer from predictions where model = $1 and adapter = $2 and received_at >= $3 and received_at < $4 order by received_at desc limit ${LOOKED_AT}`,
    [model, adapter, after, since],
  );
  return rows;
}

/** How long the labels that came since took, in seconds; null when none came. */
export async function labelDelays(db: Queryable, scope: SampleScope): Promise<{ n: number; median: number; most: number } | null> {
  const { rows } = await db.query<{ n: number; quantiles: readonly [number, number] | null }>(
    `select count(*) as n, percentile_cont(array[0.5, 0.95]) within group (order by date_part('epoch', o.arrived_at - o.predicted_at)) as quantiles from (
       select prediction_id from feedback where model = $1 and first and matched_at >= $3 order by matched_at desc, seq desc limit ${LOOKED_AT}
     ) f join outcomes o on o.model = $1 and o.prediction_id = f.prediction_id where o.adapter = $2`,
    values(scope),
  );
  const [row] = rows;
  return row === undefined || row.quantiles === null ? null : { n: row.n, median: row.quantiles[0], most: row.quantiles[1] };
}

/** When a pane was opened. */
export async function openedAt(db: Queryable, model: string, pane: number): Promise<Date | null> {
  const { rows } = await db.query<{ openedAt: Date }>('select opened_at as "openedAt" from panes where model = $1 and pane = $2', [model, pane]);
  return rows[0]?.openedAt ?? null;
}
