/** Training: turns a request into a job folder, has an executor run an engine on it, and brings the output back. */
import path from 'node:path';
import { TrimtabError } from '../errors.ts';
import type { ModelSpec } from '../spec.ts';
import { getLines, type ObjectStore } from '../store/objects/index.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createPreflight, type BaseFolder } from './base.ts';
import { ENGINES, tasksOf, type Engine, type Engines } from './capabilities.ts';
import type { Executor, JobHandle, JobStatus } from './executors/index.ts';
import { createLocalExecutor } from './executors/local.ts';
import { isWritten, readOutput, removeFolder, writeFolder, type JobOutput } from './folder.ts';
import type { ExamRow, TrainRow } from './job.ts';
import type { TrainingRequest } from './request.ts';
import { jobOf } from './settings.ts';

export type { BaseFolder } from './base.ts';
export type { JobHandle, JobProgress, JobStatus } from './executors/index.ts';
export type { JobOutput } from './folder.ts';
export type { TrainingRequest } from './request.ts';

export interface Training {
  /** The base's absolute path and digest. Throws `bad-base`. */
  preflight(base: string): Promise<BaseFolder>;
  /**
   * Launches the job, or finds it when it was launched before; one that failed but may be tried again is started again.
   * Throws `bad-base`, `bad-request`, `bad-spec`; `overloaded` when no process could be started.
   */
  launch(request: TrainingRequest): Promise<JobHandle>;
  poll(handle: JobHandle): Promise<JobStatus>;
  /** The output of a job that is done. Throws `job-failed` when it is damaged. */
  results(handle: JobHandle): Promise<JobOutput>;
  /** Asks the job to stop (SIGTERM); a second call ends it (SIGKILL). It is then never started again. */
  cancel(handle: JobHandle): Promise<void>;
  /** Removes the folder of a job that has ended, once its output is in the object store. Throws `conflict` while it runs. */
  forget(handle: JobHandle): Promise<void>;
}

export interface TrainingOptions {
  readonly objects: ObjectStore;
  readonly dataDir: string;
  readonly log: Pick<Logger, 'info'>;
  readonly engines?: Engines;
  /** Folder in which `engine install` puts TensorFlow; null: jobs compute on wasm. */
  readonly engineDir?: string | null;
  /** The whole environment of jobs. */
  readonly environment?: Readonly<Record<string, string>>;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

export function createTraining({ objects, dataDir, log, engines = ENGINES, engineDir = null, environment = {} }: TrainingOptions): Training {
  const jobs = path.resolve(dataDir, 'jobs');
  const preflight = createPreflight();
  const executors: Readonly<Record<ModelSpec['training']['executor'], Executor>> = { local: createLocalExecutor({ environment }) };

  const write = async (dir: string, request: TrainingRequest): Promise<void> => {
    const base = await preflight(request.base);
    const train = request.train === undefined ? null : await getLines<TrainRow>(objects, request.train);
    const exam = await getLines<ExamRow>(objects, request.exam);
    await writeFolder(dir, { job: jobOf(request, base, train?.length ?? 0, { engineDir, compileDir: path.resolve(dataDir, 'compiled') }), train, exam, initial: request.initial ?? null });
  };

  return {
    preflight,
    async launch(request) {
      const engine = checkRequest(request, engines[request.spec.training.engine]);
      const dir = path.join(jobs, request.id);
      if (!(await isWritten(dir))) await write(dir, request);
      const handle = await executors[request.spec.training.executor].launch(dir, engine.entry);
      log.info({ model: request.model, job: request.id, pid: handle.pid }, `job ${request.id} (${request.kind}) runs as process ${handle.pid}`);
      return handle;
    },
    poll: (handle) => executors[handle.executor].poll(handle),
    results: (handle) => readOutput(handle.dir),
    cancel: (handle) => executors[handle.executor].cancel(handle),
    async forget(handle) {
      await executors[handle.executor].forget(handle);
      await removeFolder(handle.dir);
    },
  };
}

function checkRequest(request: TrainingRequest, engine: Engine): Engine {
  const refuse = (problem: string, right: string): never => {
    throw new TrimtabError('bad-request', { what: `job ${request.id}`, problem, right });
  };
  const { task, training } = request.spec;
  const hasInitial = (request.initial ?? null) !== null;
  if (!ID.test(request.id)) refuse('its id cannot name a folder', 'use letters, digits, dot, dash, underscore');
  const tasks = tasksOf(engine);
  if (!tasks.includes(task)) refuse(`engine ${training.engine} does not know task ${task}`, `use one of ${tasks.join(', ')}`);
  if (request.kind === 'train' && request.train === undefined) refuse('it trains but names no train rows', 'give the digest of the train rows');
  // A base alone already gives vectors: what the first adapter of an embedding has to beat.
  if (request.kind === 'predict' && !hasInitial && task !== 'embedding') refuse('it predicts but has no adapter', 'give the adapter as initial');
  if (request.kind === 'train' && hasInitial && !engine.warmStart) refuse(`engine ${training.engine} cannot continue an adapter`, 'start from the base');
  return engine;
}
