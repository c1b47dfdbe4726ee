/**
 * Runs: a durable state machine. A run is a row moved by small idempotent steps; any replica may take the next one.
 * Three things make kill -9 harmless: a step's effects are idempotent, the move is a compare-and-swap on the fence, and
 * the lease on a run is a session lock that dies with the process.
 */
import type { Clock } from '../clock.ts';
import { TrimtabError, isTrimtabError, messageOf } from '../errors.ts';
import { getModelVersion } from '../store/models.ts';
import { withLease } from '../store/leases.ts';
import { transaction, type Pool } from '../store/postgres.ts';
import * as store from '../store/runs.ts';
import type { RunPatch, RunRow } from '../store/runs.ts';
import type { RunState } from '../vocabulary.ts';
import type { RunContext, RunParts } from './context.ts';
import { queueAdvance } from './open.ts';
import { recordMove } from './record.ts';
import { jobOf, rolloutOf, type JobState, type Step } from './state.ts';
import { collect } from './steps/collect.ts';
import { evaluate } from './steps/evaluate.ts';
import { rollout } from './steps/rollout.ts';
import { train } from './steps/train.ts';
import { watch } from './steps/watch.ts';

export type { RunRow } from '../store/runs.ts';

const STEPS: Record<Exclude<RunState, 'done'>, (context: RunContext) => Promise<Step>> = { collect, train, evaluate, rollout, watch };
/** Unexpected failures of one run in a row, after which it is ended as failed instead of being tried for ever. */
const MAX_FAILURES = 3;

export interface Runs {
  /** Takes steps of a run until it rests, is done, or another replica has it. */
  advance(id: string): Promise<void>;
  /** Queues every run that has something to do: at start, and now and then, since a dead process cannot. */
  sweep(): Promise<void>;
  /** Takes the watch step of every run that is being watched. */
  watchAll(): Promise<void>;
  get(id: string): Promise<RunRow & { steps: store.RunStep[] }>;
  list(filter?: { model?: string; limit?: number }): Promise<RunRow[]>;
  approve(id: string, by: string): Promise<RunRow>;
  cancel(id: string, by: string): Promise<RunRow>;
  /** True when no run has a step to take. */
  idle(): Promise<boolean>;
  stop(): void;
}

export function createRuns(parts: RunParts): Runs {
  const { pool, clock } = parts;
  const stopping = new AbortController();
  const failures = new Map<string, number>();

  const contextOf = async (run: RunRow): Promise<RunContext> => {
    const model = await getModelVersion(pool, run.model, run.specVersion);
    if (!model) throw new TrimtabError('not-found', { what: 'model version', id: `${run.model} ${run.specVersion}` });
    return { parts, run, spec: model.spec, signal: stopping.signal };
  };

  const apply = async (context: RunContext, step: Exclude<Step, { kind: 'rest' }>): Promise<RunRow> => {
    const { run, spec } = context;
    const to = step.kind === 'move' ? step.to : run.state;
    const moved = await transaction(pool, async (db) => {
      const after = await store.moveRun(db, run, to, step.patch, clock.now(), step.kind === 'move' ? step.detail : undefined);
      if (!after) throw new TrimtabError('fenced', { what: `run ${run.id}` });
      await recordMove(db, run, after, spec, clock.now());
      return after;
    });
    if (moved.state !== run.state) await tellLeft(parts, run, moved);
    if (moved.state !== run.state) parts.events.emit('run:state', { model: moved.model, run: moved.id, state: moved.state, outcome: moved.outcome, reason: moved.reason });
    return moved;
  };

  /** One step; null when there is nothing to do. */
  const stepOnce = async (id: string): Promise<RunRow | null> => {
    const run = await store.getRun(pool, id);
    if (!run || run.state === 'done' || stopping.signal.aborted) return null;
    const context = await contextOf(run);
    try {
      const step = await STEPS[run.state](context);
      const moved = step.kind === 'rest' ? null : await apply(context, step).catch((error: unknown) => abandon(id, step.patch, error));
      failures.delete(id);
      return moved;
    } catch (error) {
      return failed(context, error);
    }
  };

  /** A step that launched a job came too late when the run was cancelled meanwhile: nobody else knows of the job. */
  const abandon = async (id: string, patch: RunPatch, error: unknown): Promise<never> => {
    if (isTrimtabError(error, 'fenced') && (await store.getRun(pool, id))?.state === 'done') await cancelJobs(parts, patch.job as JobState | undefined);
    throw error;
  };

  /** A failure is tried again by the queue; one that comes back again and again ends the run, which would else block the model. */
  const failed = async (context: RunContext, error: unknown): Promise<RunRow | null> => {
    const { run } = context;
    if (stopping.signal.aborted || isTrimtabError(error, 'fenced')) return null;
    const count = (failures.get(run.id) ?? 0) + 1;
    failures.set(run.id, count);
    parts.log.error({ err: error, run: run.id, state: run.state, count }, 'a step of a run failed');
    if (count < MAX_FAILURES) throw error;
    failures.delete(run.id);
    return apply(context, { kind: 'move', to: 'done', patch: { outcome: 'failed', reason: `${run.state} failed ${count} times: ${messageOf(error)}` } });
  };

  const advance = async (id: string): Promise<void> => {
    await withLease(pool, `run:${id}`, async () => {
      for (let run = await stepOnce(id); run && run.state !== 'done' && run.state !== 'watch'; run = await stepOnce(id));
    });
  };

  return {
    advance,
    sweep: async () => {
      for (const run of await store.activeRuns(pool)) await queueAdvance(pool, run.id);
    },
    watchAll: async () => {
      for (const run of await store.watchedRuns(pool)) await withLease(pool, `run:${run.id}`, () => stepOnce(run.id));
    },
    get: async (id) => ({ ...(await existing(pool, id)), steps: await store.runSteps(pool, id) }),
    list: (filter = {}) => store.listRuns(pool, { limit: 100, ...filter }),
    approve: (id, by) => approve(pool, clock, id, by),
    cancel: async (id, by) => {
      const run = await existing(pool, id);
      if (run.state === 'done' || run.state === 'watch') throw new TrimtabError('conflict', { problem: `run ${id} is in state ${run.state}`, right: 'roll the adapter back instead' });
      const cancelled = await apply(await contextOf(run), { kind: 'move', to: 'done', patch: { outcome: 'cancelled', reason: `cancelled by ${by}` } });
      failures.delete(id);
      await cancelJobs(parts, jobOf(cancelled));
      return cancelled;
    },
    idle: async () => (await store.activeRuns(pool)).every((run) => rolloutOf(run).waiting !== null),
    stop: () => stopping.abort(),
  };
}

/** How long the run was in the state that it left: an `again` in between does not begin it anew. */
async function tellLeft({ pool, events }: Pick<RunParts, 'pool' | 'events'>, run: RunRow, moved: RunRow): Promise<void> {
  const entered = (await store.runSteps(pool, run.id)).findLast(({ fence }) => fence < moved.fence)?.at ?? run.createdAt;
  events.emit('run:left', { model: run.model, run: run.id, state: run.state, seconds: (moved.updatedAt.getTime() - entered.getTime()) / 1000 });
}

/** Of a job that has ended this does nothing. */
async function cancelJobs({ training }: Pick<RunParts, 'training'>, job: JobState | undefined): Promise<void> {
  for (const handle of [job?.train, job?.champion]) if (handle) await training.cancel(handle);
}

async function existing(pool: Pool, id: string): Promise<RunRow> {
  const run = await store.getRun(pool, id);
  if (!run) throw new TrimtabError('not-found', { what: 'run', id });
  return run;
}

async function approve(pool: Pool, clock: Clock, id: string, by: string): Promise<RunRow> {
  const run = await existing(pool, id);
  const state = rolloutOf(run);
  if (run.state !== 'rollout' || state.waiting !== 'approval') throw new TrimtabError('conflict', { problem: `run ${id} does not wait for approval`, right: 'look at its state first' });
  return transaction(pool, async (db) => {
    const moved = await store.moveRun(db, run, 'rollout', { rollout: { ...state, waiting: null, approvedBy: by } }, clock.now(), {});
    if (!moved) throw new TrimtabError('fenced', { what: `run ${id}` });
    await queueAdvance(db, id);
    return moved;
  });
}
