/** The composition root: an explicit list of parts in order, built from a config and a clock; it listens to nothing until started. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Logger as WorkerLogger, run as startWorker, runMigrations, type Runner } from 'graphile-worker';
import cron from 'node-cron';
import { createAudit } from './audit.ts';
import { createAuth } from './auth/index.ts';
import { createSeal } from './auth/sealed.ts';
import { OffsetClock, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import { createLabelQueues } from './datasets/queue.ts';
import { createDrift } from './drift/index.ts';
import { createPerformance } from './drift/performance/index.ts';
import { judge as gatesJudge } from './evaluation/gates.ts';
import { createHealth } from './health.ts';
import { createEventHub } from './http/event-hub.ts';
import { createServer } from './http/server.ts';
import type { HttpLimits } from './http/parts.ts';
import { createIngest } from './ingest/index.ts';
import { createLifecycle, type Part } from './lifecycle.ts';
import { createModels } from './models.ts';
import { createOverview } from './overview/index.ts';
import { createPage } from './page.ts';
import { getRecord, listRecords } from './promotion/records.ts';
import { createRegistry } from './promotion/registry.ts';
import { createBuiltinTarget } from './promotion/targets/builtin.ts';
import { createRuns, type Runs } from './runs/index.ts';
import { ADVANCE } from './runs/open.ts';
import { verifyRecord } from './runs/record.ts';
import { databaseNow } from './store/clock.ts';
import { expireUnmatched } from './store/feedback.ts';
import { addJob, queuedJobs } from './store/jobs.ts';
import type { ObjectStore } from './store/objects/index.ts';
import { openObjects } from './store/objects/open.ts';
import { openDatabase } from './store/open.ts';
import { expireOutcomes } from './store/outcomes.ts';
import { dropOldPartitions } from './store/partitions.ts';
import type { Pool } from './store/postgres.ts';
import { expireIds } from './store/predictions.ts';
import { readState } from './store/state.ts';
import { createEvents, type EventMap, type Events } from './telemetry/events.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { logEvents } from './telemetry/log-events.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createTraining, type JobHandle, type Training } from './training/index.ts';
import { createTriggers } from './triggers/index.ts';
import { DAY, MINUTE, SECOND } from './vocabulary.ts';
import { createWebhooks } from './webhooks/index.ts';

export interface AppOptions {
  readonly config: Config;
  /** Left out: the database's clock, and the service wakes itself. Given (demo, replay): whoever owns the clock calls `tick`. */
  readonly clock?: Clock;
  readonly log?: Logger;
  /** The gates; a test puts a mutant in. */
  readonly judge?: typeof gatesJudge;
  readonly limits?: Partial<HttpLimits>;
  /** Builds the page in the background where it is missing or older than its sources. */
  readonly buildPage?: boolean;
}

export type App = Awaited<ReturnType<typeof createApp>>;

const STOP_SECONDS = 20;
/** Ids are remembered this long: a prediction that is sent again later is a new one. */
const ID_DAYS = 7;
/** Runs whose process died are found after this long; alarms and schedules are looked at as often. */
const WAKE_MS = 5 * SECOND;
const JOB_POLL_MS = 500;
/** The task that ends a training job on the machine that runs it. */
const CANCEL = 'job.cancel';

export async function createApp(options: AppOptions) {
  const { config } = options;
  const log = options.log ?? createLogger({ level: config.logLevel, pretty: config.pretty });
  const { pool, close } = await openStore(config, log);

  const offset = new OffsetClock();
  const clock = options.clock ?? offset;
  const follow = async () => {
    const before = Date.now();
    offset.correct(await databaseNow(pool), before, Date.now());
  };
  await follow();

  const events = createEvents((error) => log.error({ err: error }, 'an event listener threw'));
  logEvents(events, log);
  const objects = openObjects(config);
  const health = createHealth({ pool });
  const models = createModels({ pool, clock });
  const ingest = createIngest({ pool, clock, events });
  const drift = createDrift({ pool, clock, events });
  const performance = createPerformance({ pool, clock });
  const registry = createRegistry({ pool, objects, clock, events });
  const target = createBuiltinTarget({ registry, baseDir: config.baseDir, log });
  const training = createTraining({ objects, dataDir: config.dataDir, log, engineDir: config.engineDir, environment: config.gpuEnvironment });
  const basePath = (model: string) => path.resolve(config.baseDir, model);
  const runs = createRuns({ pool, objects, clock, events, log, training: config.runs ? training : cancelledElsewhere(training, pool), registry, target, workers: config.workers, basePath, judge: options.judge ?? gatesJudge });
  const triggers = createTriggers({ pool, clock, events });
  const webhooks = createWebhooks({ pool, clock, events, log, seal: createSeal(config.secretKey), triggers, allow: config.webhookAllow });
  const auth = await createAuth({ pool, clock, log, bootstrapKey: config.apiKey, openOnLoopback: config.apiKey === null });
  const overview = createOverview({ pool, clock, objects, basePath });
  const page = createPage({ log });
  const records = recordsOf(pool, objects);
  const metrics = createMetrics(events, {
    version: packageVersion(),
    queued: ingest.queued,
    state: { read: () => readState(pool), figures: drift.figures, onError: (error) => log.warn({ err: error }, 'the metrics of the state could not be read') },
  });
  const http = await createServer({
    clock, events, log, metrics, auth, health, models, ingest, drift, performance, triggers, runs, registry, target, records, webhooks, overview, page,
    hub: createEventHub(events), labels: createLabelQueues({ pool, clock }), audit: createAudit({ pool, clock }),
    ...(options.limits ? { limits: options.limits } : {}),
  });

  /** Everything that time brings: panes that are due, reasons to retrain, watches that end. One at a time. */
  const ticks = serial(() => allInOrder([drift.closeDuePanes, triggers.tick, runs.watchAll]));
  const retire = async () => {
    const now = clock.now();
    await retireRows(pool, now, config.retentionDays);
    await drift.retire(new Date(now.getTime() - config.retentionDays * DAY));
    await webhooks.retire(now);
  };
  const idle = async () => {
    while (!((await runs.idle()) && (await queuedJobs(pool)) === 0)) await nextTurn();
  };

  let address = '';
  const parts: Part[] = [
    { name: 'postgres', stop: close },
    { name: 'health', stop: async () => { await Promise.resolve(health.stop()); } },
    { name: 'ingest', stop: () => ingest.stop() },
    { name: 'target', stop: () => target.stop() },
    ...(config.runs ? [steps(pool, log, runs, training)] : []),
    { name: 'webhooks', start: webhooks.start, stop: webhooks.stop },
    ...(options.buildPage ? [{ name: 'page', start: async () => { page.start(); }, stop: () => page.stop() }] : []),
    { name: 'http', start: async () => { address = await http.listen({ host: config.host, port: config.port }); }, stop: () => http.close() },
    ...(options.clock ? [] : [wakes(log, events, { tick: ticks, follow, sweep: runs.sweep, retire })]),
  ];
  // a promotion or rollback makes the alarms of the former reference history
  events.on('promotion', ({ model }) => {
    drift.rebaseline(model).catch((error: unknown) => log.error({ err: error, model }, 'could not resolve the incidents of the former reference'));
  });
  const lifecycle = createLifecycle(parts, { stopSeconds: STOP_SECONDS, onProblem: (problem) => log.warn(problem) });
  return {
    parts: { pool, objects, clock, events, models, ingest, drift, registry, target, training, runs, triggers, records, webhooks, log },
    http,
    get url() { return address; },
    get stopping() { return lifecycle.stopping; },
    start: lifecycle.start,
    stop: lifecycle.stop,
    tick: ticks,
    idle,
  };
}

function recordsOf(pool: Pool, objects: ObjectStore) {
  return {
    list: (model: string, page: { before?: number; limit: number }) => listRecords(pool, model, page),
    get: (id: string) => getRecord(pool, id),
    verify: (id: string) => verifyRecord({ pool, objects }, id),
  };
}

/** Lets go of what is older than it is kept. */
async function retireRows(pool: Pool, now: Date, retentionDays: number): Promise<void> {
  await expireIds(pool, new Date(now.getTime() - ID_DAYS * DAY));
  const before = new Date(now.getTime() - retentionDays * DAY);
  await dropOldPartitions(pool, before);
  await expireUnmatched(pool, before);
  await expireOutcomes(pool, before);
}

/** The database, with our schema and the queue's up to date. */
async function openStore(config: Config, log: Logger) {
  mkdirSync(config.dataDir, { recursive: true });
  const opened = await openDatabase(config, {
    connections: config.databaseConnections,
    onError: ({ message }) => log.error({ problem: message }, 'an idle database connection broke'),
    onMigration: (message) => log.warn(message),
  });
  if (config.migrate) await runMigrations({ pgPool: opened.pool });
  return opened;
}

/** A training job is a process of the machine that takes the steps of runs: from here it cannot be ended, only asked for. */
function cancelledElsewhere(training: Training, pool: Pool): Training {
  return { ...training, cancel: (handle) => addJob(pool, CANCEL, { handle }, `cancel:${handle.dir}`) };
}

/** Takes the steps of runs, from the queue. */
function steps(pool: Pool, log: Logger, runs: Runs, training: Training): Part {
  let worker: Runner | undefined;
  const taskList = {
    [ADVANCE]: async (payload: unknown) => runs.advance((payload as { run: string }).run),
    [CANCEL]: async (payload: unknown) => training.cancel((payload as { handle: JobHandle }).handle),
  };
  return {
    name: 'worker',
    start: async () => {
      worker = await startWorker({ pgPool: pool, concurrency: 2, pollInterval: JOB_POLL_MS, noHandleSignals: true, logger: quietWorker(log), taskList });
      await runs.sweep();
    },
    stop: async () => {
      runs.stop();
      await worker?.stop();
    },
  };
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

/** node-cron wakes us each minute, a plain interval too: node-cron is known to stop for good around changes of daylight saving time. */
function wakes(log: Logger, events: Pick<Events, 'emit'>, work: { tick(): Promise<void>; follow(): Promise<void>; sweep(): Promise<void>; retire(): Promise<void> }): Part {
  const guarded = (name: EventMap['wake']['task'], task: () => Promise<void>) => () => {
    const ended = (failed: boolean) => events.emit('wake', { task: name, failed });
    task().then(() => ended(false), (error: unknown) => {
      ended(true);
      log.error({ err: error }, `${name} failed; it is tried again at the next wake`);
    });
  };
  const timers: NodeJS.Timeout[] = [];
  let minute: ReturnType<typeof cron.schedule> | undefined;
  return {
    name: 'wakes',
    start: async () => {
      minute = cron.schedule('* * * * *', guarded('tick', work.tick));
      timers.push(setInterval(guarded('tick', work.tick), WAKE_MS));
      timers.push(setInterval(guarded('sweep', work.sweep), WAKE_MS));
      timers.push(setInterval(guarded('clock', work.follow), MINUTE));
      timers.push(setInterval(guarded('retention', work.retire), 60 * MINUTE));
      await work.retire();
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await minute?.stop();
    },
  };
}

/** Runs all tasks in order and then throws what failed: a model whose pane does not close must not keep a bad adapter from being taken back. */
async function allInOrder(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const task of tasks) await task().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'several parts of a tick failed');
}

/** Runs a task one at a time: a caller who comes while it runs waits for the next turn, which they all share. */
function serial(task: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => (next ??= current.catch(() => {}).then(() => {
    next = null;
    current = task();
    return current;
  }));
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 50));

function quietWorker(log: Logger) {
  const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;
  return new WorkerLogger(() => (level, message, meta) => log[levels[level as keyof typeof levels] ?? 'debug']({ worker: meta }, message));
}
