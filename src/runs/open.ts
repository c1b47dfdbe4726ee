/** Opens a run and queues its first step, in the caller's transaction. */
import { TrimtabError } from '../errors.ts';
import { addJob } from '../store/jobs.ts';
import type { Client } from '../store/postgres.ts';
import { insertRun, type RunRow } from '../store/runs.ts';

/** The task that moves a run on by one step. */
export const ADVANCE = 'run.advance';

/** @throws TrimtabError `conflict` when the model has an active run */
export async function openRun(db: Client, ask: { model: string; triggerId: string; specVersion: number; now: Date }): Promise<RunRow> {
  const run = await insertRun(db, ask);
  if (!run) throw new TrimtabError('conflict', { problem: `model ${ask.model} has a run under way`, right: 'wait for it or cancel it' });
  await queueAdvance(db, run.id);
  return run;
}

export async function queueAdvance(db: Pick<Client, 'query'>, runId: string): Promise<void> {
  await addJob(db, ADVANCE, { run: runId }, `run:${runId}`);
}
