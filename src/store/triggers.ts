/** Triggers and schedules. */
import type { Queryable } from './postgres.ts';
import type { TriggerDecision, TriggerReason } from '../vocabulary.ts';

export interface TriggerRow {
  readonly id: string;
  readonly model: string;
  readonly reason: TriggerReason;
  readonly decision: TriggerDecision;
  readonly why: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly decidedAt: Date;
  readonly runId: string | null;
}

const COLUMNS = `id, model, reason, decision, why, evidence, created_at as "createdAt", decided_at as "decidedAt", run_id as "runId"`;

export async function insertTrigger(db: Queryable, t: Omit<TriggerRow, 'decidedAt' | 'runId'>): Promise<TriggerRow> {
  const { rows } = await db.query<TriggerRow>(
    `insert into triggers (id, model, reason, decision, why, evidence, created_at, decided_at) values ($1, $2, $3, $4, $5, $6, $7, $7) returning ${COLUMNS}`,
    [t.id, t.model, t.reason, t.decision, t.why, JSON.stringify(t.evidence), t.createdAt],
  );
  return rows[0] as TriggerRow;
}

export async function decideTrigger(db: Queryable, id: string, decision: TriggerDecision, why: string, now: Date): Promise<void> {
  await db.query('update triggers set decision = $2, why = $3, decided_at = $4 where id = $1', [id, decision, why, now]);
}

export async function setTriggerRun(db: Queryable, id: string, runId: string): Promise<void> {
  await db.query('update triggers set run_id = $2 where id = $1', [id, runId]);
}

export async function getTrigger(db: Queryable, id: string): Promise<TriggerRow | null> {
  const { rows } = await db.query<TriggerRow>(`select ${COLUMNS} from triggers where id = $1`, [id]);
  return rows[0] ?? null;
}

export async function listTriggers(db: Queryable, model: string, limit: number): Promise<TriggerRow[]> {
  const { rows } = await db.query<TriggerRow>(`select ${COLUMNS} from triggers where model = $1 order by created_at desc, id desc limit $2`, [model, limit]);
  return rows;
}

export async function waitingTriggers(db: Queryable, model: string): Promise<TriggerRow[]> {
  const { rows } = await db.query<TriggerRow>(`select ${COLUMNS} from triggers where model = $1 and decision = 'waiting' order by created_at, id`, [model]);
  return rows;
}

/** True when a trigger with this evidence was already stored, so that one cause is not decided at every tick anew. */
export async function hasTriggerWith(db: Queryable, model: string, evidence: unknown): Promise<boolean> {
  const { rows } = await db.query('select 1 from triggers where model = $1 and evidence @> $2::jsonb limit 1', [model, JSON.stringify(evidence)]);
  return rows.length > 0;
}

/** Takes a due time of a model's schedule: true for exactly one caller over all replicas. The update is the lock. */
export async function takeDue(db: Queryable, model: string, due: Date): Promise<boolean> {
  const { rows } = await db.query(
    `insert into schedules (model, last_due) values ($1, $2)
     on conflict (model) do update set last_due = excluded.last_due where schedules.last_due < excluded.last_due returning 1`,
    [model, due],
  );
  return rows.length > 0;
}

/** Labelled rows that came after `since`; all of them when null. */
export async function labelsSince(db: Queryable, model: string, since: Date | null): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    'select count(*) as n from labelled_rows where model = $1 and ($2::timestamptz is null or greatest(labelled_at, corrected_at) > $2)',
    [model, since],
  );
  return rows[0]?.n ?? 0;
}
