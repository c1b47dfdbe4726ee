/** Queue entries of graphile-worker, added in the caller's transaction so that no run is opened without its job. */
import type { Queryable } from './postgres.ts';

/** Adds a job; one with the same key that has not begun is replaced, so that asking twice does not run twice. */
export async function addJob(db: Queryable, task: string, payload: unknown, key: string): Promise<void> {
  await db.query('select graphile_worker.add_job($1, $2::json, job_key := $3, max_attempts := 3)', [task, JSON.stringify(payload), key]);
}

/** Jobs that are due and not begun. */
export async function queuedJobs(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ n: number }>('select count(*) as n from graphile_worker.jobs where locked_at is null and attempts < max_attempts and run_at <= now()');
  return rows[0]?.n ?? 0;
}
