/**
 * Prometheus metrics: subscribes to the events and owns every name. Labels are models, monitors and closed vocabularies only,
 * never ids or texts: each value of a label is a series for ever.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Events } from './events.ts';

export interface Metrics {
  /** The exposition text. */
  text(): Promise<string>;
  readonly contentType: string;
  /** One HTTP request that was answered; `route` is the pattern, never the URL. */
  request(request: { method: string; route: string; status: number; seconds: number }): void;
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Opens a registry of its own, so that several services in one process (tests) do not share series. */
export function createMetrics(events: Events): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'trimtab_' });
  watchIngest(registry, events);
  watchDrift(registry, events);
  watchRuns(registry, events);
  const requests = new Histogram({
    name: 'trimtab_http_request_seconds',
    help: 'HTTP requests by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: REQUEST_SECONDS,
    registers: [registry],
  });
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    request: ({ method, route, status, seconds }) => requests.observe({ method, route, status }, seconds),
  };
}

function watchIngest(registry: Registry, events: Events): void {
  const registers = [registry];
  const rows = new Counter({
    name: 'trimtab_ingest_rows_total',
    help: 'Rows by kind and what became of them',
    labelNames: ['model', 'kind', 'result'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'trimtab_ingest_batch_seconds',
    help: 'Time of one ingest transaction',
    labelNames: ['kind'] as const,
    buckets: REQUEST_SECONDS,
    registers,
  });
  events.on('ingest:batch', ({ model, kind, accepted, duplicates, refused, seconds: taken }) => {
    rows.inc({ model, kind, result: 'accepted' }, accepted);
    rows.inc({ model, kind, result: 'duplicate' }, duplicates);
    rows.inc({ model, kind, result: 'refused' }, refused);
    seconds.observe({ kind }, taken);
  });
  const predictions = new Counter({ name: 'trimtab_predict_rows_total', help: 'Texts predicted by the builtin target', labelNames: ['model'] as const, registers });
  const predicting = new Histogram({
    name: 'trimtab_predict_seconds',
    help: 'Time of one predict call',
    labelNames: ['model'] as const,
    buckets: REQUEST_SECONDS,
    registers,
  });
  events.on('predict', ({ model, seconds: taken, rows: predicted }) => {
    predictions.inc({ model }, predicted);
    predicting.observe({ model }, taken);
  });
}

function watchDrift(registry: Registry, events: Events): void {
  const registers = [registry];
  const paneRows = new Counter({
    name: 'trimtab_pane_rows_total',
    help: 'Rows of closed panes; labelled and errors are shares of them',
    labelNames: ['model', 'rows'] as const,
    registers,
  });
  events.on('pane:closed', ({ model, rows, labelled, errors }) => {
    paneRows.inc({ model, rows: 'all' }, rows);
    paneRows.inc({ model, rows: 'labelled' }, labelled);
    paneRows.inc({ model, rows: 'errors' }, errors);
  });
  const labelNames = ['model', 'monitor'] as const;
  const value = new Gauge({ name: 'trimtab_monitor_value', help: 'Value of a monitor\'s e-detector', labelNames, registers });
  const threshold = new Gauge({ name: 'trimtab_monitor_threshold', help: 'Value at which a monitor alarms', labelNames, registers });
  events.on('monitor:step', ({ model, monitor, ...step }) => {
    value.set({ model, monitor }, step.value);
    threshold.set({ model, monitor }, step.threshold);
  });
  const incidents = new Counter({ name: 'trimtab_incidents_total', help: 'Incidents opened', labelNames, registers });
  events.on('incident:opened', ({ model, monitor }) => incidents.inc({ model, monitor }));
}

function watchRuns(registry: Registry, events: Events): void {
  const registers = [registry];
  const triggers = new Counter({
    name: 'trimtab_triggers_total',
    help: 'Triggers by reason and decision',
    labelNames: ['model', 'reason', 'decision'] as const,
    registers,
  });
  events.on('trigger:decided', ({ model, reason, decision }) => triggers.inc({ model, reason, decision }));
  const states = new Counter({ name: 'trimtab_run_states_total', help: 'Runs that entered a state', labelNames: ['model', 'state'] as const, registers });
  const outcomes = new Counter({ name: 'trimtab_run_outcomes_total', help: 'Runs by how they ended', labelNames: ['model', 'outcome'] as const, registers });
  events.on('run:state', ({ model, state, outcome }) => {
    states.inc({ model, state });
    if (outcome !== null) outcomes.inc({ model, outcome });
  });
  const speed = new Gauge({ name: 'trimtab_job_tokens_per_second', help: 'Speed of the last training step', labelNames: ['model'] as const, registers });
  const loss = new Gauge({ name: 'trimtab_job_loss', help: 'Loss of the last training step', labelNames: ['model'] as const, registers });
  events.on('job:progress', (job) => {
    speed.set({ model: job.model }, job.tokensPerSecond);
    loss.set({ model: job.model }, job.loss);
  });
  const promotions = new Counter({ name: 'trimtab_promotions_total', help: 'Changes of the live adapter', labelNames: ['model', 'kind'] as const, registers });
  events.on('promotion', ({ model, kind }) => promotions.inc({ model, kind }));
}
