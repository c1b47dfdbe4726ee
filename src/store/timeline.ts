/** What happened to a model in a span of time. */
import type { IncidentLevel, IncidentState, RunOutcome, RunState } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

interface Between {
  readonly model: string;
  readonly from: Date;
  readonly to: Date;
}

export interface TimelinePromotion {
  readonly seq: number;
  readonly kind: 'promotion' | 'rollback';
  readonly adapter: string;
  readonly previous: string | null;
  readonly runId: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: Date;
}

export interface TimelineIncident {
  readonly id: string;
  readonly monitor: string;
  readonly level: IncidentLevel;
  readonly state: IncidentState;
  readonly effect: number | null;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  readonly mutedUntil: Date | null;
}

export interface TimelineRun {
  readonly id: string;
  readonly number: number;
  readonly state: RunState;
  readonly outcome: RunOutcome | null;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** Events of one kind at most: newer ones first, so that a span of years still shows its end. */
const MOST = 500;
const values = ({ model, from, to }: Between) => [model, from, to];

export async function promotionsBetween(db: Queryable, between: Between): Promise<TimelinePromotion[]> {
  const { rows } = await db.query<TimelinePromotion>(
    `select seq, kind, adapter, previous, run_id as "runId", reason, by, at from promotions where model = $1 and at between $2 and $3 order by seq desc limit ${MOST}`,
    values(between),
  );
  return rows;
}

/** Those that were open at any time of the span. */
export async function incidentsBetween(db: Queryable, between: Between): Promise<TimelineIncident[]> {
  const { rows } = await db.query<TimelineIncident>(
    `select id, monitor, level, state, (evidence ->> 'effect')::float8 as effect, opened_at as "openedAt", resolved_at as "resolvedAt", muted_until as "mutedUntil"
     from incidents where model = $1 and opened_at <= $3 and coalesce(resolved_at, $3) >= $2 order by opened_at desc, id limit ${MOST}`,
    values(between),
  );
  return rows;
}

/** Those that were under way at any time of the span. */
export async function runsBetween(db: Queryable, between: Between): Promise<TimelineRun[]> {
  const { rows } = await db.query<TimelineRun>(
    `select id, number, state, outcome, reason, created_at as "createdAt", finished_at as "finishedAt"
     from runs where model = $1 and created_at <= $3 and coalesce(finished_at, $3) >= $2 order by number desc limit ${MOST}`,
    values(between),
  );
  return rows;
}
