/** Runs and their steps. Every change of state is a compare-and-swap on the fence. */
import type { Queryable } from './postgres.ts';
import type { RunOutcome, RunState } from '../vocabulary.ts';

export interface RunRow {
  readonly id: string;
  readonly model: string;
  readonly number: number;
  readonly triggerId: string;
  readonly specVersion: number;
  readonly state: RunState;
  readonly outcome: RunOutcome | null;
  readonly reason: string | null;
  readonly fence: number;
  readonly attempt: number;
  readonly dataset: string | null;
  readonly champion: string | null;
  readonly challenger: string | null;
  readonly job: unknown;
  readonly evaluation: unknown;
  readonly rollout: unknown;
  readonly watch: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** What a step may change beside the state; what is left out stays. */
export interface RunPatch {
  readonly outcome?: RunOutcome;
  readonly reason?: string;
  readonly attempt?: number;
  readonly dataset?: string;
  readonly champion?: string;
  readonly challenger?: string;
  readonly job?: unknown;
  readonly evaluation?: unknown;
  readonly rollout?: unknown;
  readonly watch?: unknown;
}

const COLUMNS = `id, model, number, trigger_id as "triggerId", spec_version as "specVersion", state, outcome, reason, fence, attempt, dataset,
  champion, challenger, job, evaluation, rollout, watch, created_at as "createdAt", updated_at as "updatedAt", finished_at as "finishedAt"`;

/** Opens a run; null when the model has an active one. The caller holds the model's run lock. */
export async function insertRun(db: Queryable, run: { model: string; triggerId: string; specVersion: number; now: Date }): Promise<RunRow | null> {
  const { rows } = await db.query<RunRow>(
    `insert into runs (id, model, number, trigger_id, spec_version, state, created_at, updated_at)
     select $1 || '-r' || n, $1, n, $2, $3, 'collect', $4, $4
     from (select coalesce(max(number), 0) + 1 as n from runs where model = $1) as next
     on conflict do nothing returning ${COLUMNS}`,
    [run.model, run.triggerId, run.specVersion, run.now],
  );
  const inserted = rows[0] ?? null;
  if (inserted) await insertStep(db, inserted, {});
  return inserted;
}

export async function getRun(db: Queryable, id: string): Promise<RunRow | null> {
  const { rows } = await db.query<RunRow>(`select ${COLUMNS} from runs where id = $1`, [id]);
  return rows[0] ?? null;
}

export async function listRuns(db: Queryable, filter: { model?: string; limit: number }): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `select ${COLUMNS} from runs where $1::text is null or model = $1 order by created_at desc, number desc limit $2`,
    [filter.model ?? null, filter.limit],
  );
  return rows;
}

/** Runs that a worker has to move: not done and not being watched. */
export async function activeRuns(db: Queryable, model?: string): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `select ${COLUMNS} from runs where state in ('collect', 'train', 'evaluate', 'rollout') and ($1::text is null or model = $1) order by created_at`,
    [model ?? null],
  );
  return rows;
}

export async function watchedRuns(db: Queryable, model?: string): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(`select ${COLUMNS} from runs where state = 'watch' and ($1::text is null or model = $1) order by created_at`, [model ?? null]);
  return rows;
}

/** Starts of runs of a model, however they ended: what cooldown, the daily limit and "labels since" count from. */
export async function startsSince(db: Queryable, model: string, since: Date): Promise<{ count: number; last: Date | null }> {
  const { rows } = await db.query<{ count: number; last: Date | null }>(
    'select count(*) filter (where created_at > $2) as count, max(created_at) as last from runs where model = $1',
    [model, since],
  );
  return rows[0] ?? { count: 0, last: null };
}

/** Moves a run; null when its fence is no longer `fence`: somebody else moved it. */
export async function moveRun(db: Queryable, run: RunRow, to: RunState, patch: RunPatch, now: Date, detail: unknown): Promise<RunRow | null> {
  const { rows } = await db.query<RunRow>(
    `update runs set state = $3::text, fence = fence + 1, updated_at = $4::timestamptz, outcome = coalesce($5, outcome), reason = coalesce($6, reason),
       attempt = coalesce($7, attempt), dataset = coalesce($8, dataset), champion = coalesce($9, champion), challenger = coalesce($10, challenger),
       job = coalesce($11::jsonb, job), evaluation = coalesce($12::jsonb, evaluation), rollout = coalesce($13::jsonb, rollout), watch = coalesce($14::jsonb, watch),
       finished_at = case when $3::text = 'done' then $4::timestamptz end
     where id = $1 and fence = $2 returning ${COLUMNS}`,
    [run.id, run.fence, to, now, patch.outcome ?? null, patch.reason ?? null, patch.attempt ?? null, patch.dataset ?? null, patch.champion ?? null,
      patch.challenger ?? null, json(patch.job), json(patch.evaluation), json(patch.rollout), json(patch.watch)],
  );
  const moved = rows[0] ?? null;
  if (moved && moved.state !== run.state) await insertStep(db, moved, detail);
  return moved;
}

export interface RunStep {
  readonly fence: number;
  readonly state: RunState;
  readonly at: Date;
  readonly detail: unknown;
}

export async function runSteps(db: Queryable, runId: string): Promise<RunStep[]> {
  const { rows } = await db.query<RunStep>('select fence, state, at, detail from run_steps where run_id = $1 order by fence', [runId]);
  return rows;
}

async function insertStep(db: Queryable, run: RunRow, detail: unknown): Promise<void> {
  await db.query('insert into run_steps (run_id, fence, state, at, detail) values ($1, $2, $3, $4, $5)', [run.id, run.fence, run.state, run.updatedAt, json(detail ?? {})]);
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
