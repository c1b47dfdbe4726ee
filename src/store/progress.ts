/** The course of a run's jobs: what they told while they computed, so that it can be drawn later and on any replica. */
import type { RunState } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface ProgressPoint {
  /** The state of the run that the job belongs to. */
  readonly state: RunState;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly tokensPerSecond: number;
  readonly at: Date;
}

/** A step that is told again, as after a job has been started anew, replaces what was told before. */
export async function insertProgress(db: Queryable, runId: string, point: ProgressPoint): Promise<void> {
  await db.query(
    `insert into run_progress (run_id, state, step, steps, loss, tokens_per_second, at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (run_id, state, step) do update set steps = excluded.steps, loss = excluded.loss, tokens_per_second = excluded.tokens_per_second, at = excluded.at`,
    [runId, point.state, point.step, point.steps, point.loss, point.tokensPerSecond, point.at],
  );
}

export async function runProgress(db: Queryable, runId: string): Promise<ProgressPoint[]> {
  const { rows } = await db.query<ProgressPoint>(
    'select state, step, steps, loss, tokens_per_second as "tokensPerSecond", at from run_progress where run_id = $1 order by state, step',
    [runId],
  );
  return rows;
}
