/** Prometheus metrics: what happened (events, requests) and what is so (the state in the database). Names stand in definitions.ts. */
import { collectDefaultMetrics } from 'prom-client';
import type { ErrorCode } from '../errors.ts';
import { METRICS, WAKES, type INGEST_KINDS } from './definitions.ts';
import type { Events } from './events.ts';
import { expose, type Exposition } from './exposition.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { listen } from './listen.ts';
import { createStateKeeper, type StateSource } from './state.ts';
import { WEBHOOK_ATTEMPTS, WEBHOOK_RECEIPTS, WEBHOOK_SOURCES, WEBHOOK_TARGETS } from '../vocabulary.ts';

export interface Metrics {
  /** All metrics, in the format that the Accept header asks for. */
  expose(accept: string | undefined): Promise<Exposition>;
  /** One HTTP request that was answered. */
  request(request: AnsweredRequest): void;
}

export interface AnsweredRequest {
  readonly id: string;
  readonly method: string;
  /** The pattern, never the URL. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** Code of the problem that it was answered with; null when with none. */
  readonly problem: ErrorCode | null;
}

export interface MetricSources {
  readonly version: string;
  /** Rows that wait in ingest. */
  readonly queued: () => Readonly<Record<(typeof INGEST_KINDS)[number], number>>;
  readonly state: StateSource;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Without sources only what events and requests tell. */
export function createMetrics(events: Pick<Events, 'on'>, sources?: MetricSources): Metrics {
  const instruments = createInstruments();
  collectDefaultMetrics({ register: instruments.registry });
  listen(instruments, events);
  beginAtZero(instruments);
  if (sources !== undefined) instruments.set('buildInfo', { version: sources.version, node: process.versions.node }, 1);
  const keeper = sources === undefined ? null : createStateKeeper(instruments, sources.state);
  const collect = async () => {
    if (sources === undefined) return;
    const { predictions, feedback, import: imports } = sources.queued();
    instruments.set('ingestQueue', { kind: 'predictions' }, predictions);
    instruments.set('ingestQueue', { kind: 'feedback' }, feedback);
    instruments.set('ingestQueue', { kind: 'import' }, imports);
    await keeper?.refresh();
  };
  return {
    async expose(accept) {
      await collect();
      return expose(instruments.registry, accept);
    },
    request({ id, method: given, route, status, seconds, problem }) {
      // Node parses some thirty methods; those that no route has are one series
      const method = METHODS.has(given) ? given : 'OTHER';
      instruments.add('httpRequests', { method, route, status: String(status) }, 1, status >= 500 ? { request: id } : undefined);
      instruments.observe('httpSeconds', { method, route }, seconds);
      if (problem !== null) instruments.add('httpProblems', { code: problem });
    },
  };
}

/** `increase` does not see the first event of a series that it makes: what is of no model exists from the start. */
function beginAtZero(to: Instruments): void {
  for (const code of METRICS.httpProblems.labels.code) to.begin('httpProblems', { code });
  for (const task of WAKES) for (const result of METRICS.wakes.labels.result) to.begin('wakes', { task, result });
  for (const source of WEBHOOK_SOURCES) for (const result of WEBHOOK_RECEIPTS) to.begin('webhooksReceived', { source, result });
  for (const target of WEBHOOK_TARGETS) {
    for (const result of WEBHOOK_ATTEMPTS) to.begin('webhookAttempts', { target, result });
    to.begin('webhookSeconds', { target });
  }
}
