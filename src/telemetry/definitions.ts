/**
 * Every metric: the one table from which the instruments are made, docs/metrics.md is written, and to which dashboards and rules
 * refer by key. A label is a closed list or one of the open kinds below: each value is a series for ever, so never an id or a text.
 */
import { CATALOGUE } from '../errors.ts';
import {
  MONITOR_KINDS, RUN_OUTCOMES, RUN_STATES, TASKS, TRIGGER_DECISIONS, TRIGGER_REASONS, WEBHOOK_ATTEMPTS, WEBHOOK_RECEIPTS, WEBHOOK_SOURCES, WEBHOOK_TARGETS,
} from '../vocabulary.ts';

/** Labels whose values no list holds, and what bounds them. */
export const OPEN_LABELS = {
  model: 'the registered models',
  adapter: 'the adapter that is live, one a model',
  target: 'the kinds of serving targets',
  route: 'the patterns of the routes, never URLs',
  status: 'HTTP status codes',
  method: 'HTTP methods',
  version: 'the version that runs',
  node: 'the Node.js that runs',
} as const;
type OpenLabel = keyof typeof OPEN_LABELS;

/** Values of a label: a closed list, or the name of an open kind. */
export type Values = readonly string[] | OpenLabel;
type Labels = Readonly<Record<string, Values>>;

/** What a value is, in base units. `value` has no unit, `timestamp` is in seconds since 1970. */
export type Unit = 'rows' | 'seconds' | 'timestamp' | 'ratio' | 'bytes' | 'tokens' | 'count' | 'value' | 'info';

interface Common<L extends Labels> {
  readonly name: string;
  readonly unit: Unit;
  readonly help: string;
  readonly labels: L;
}

export type Definition<L extends Labels = Labels> =
  | (Common<L> & { readonly type: 'counter' })
  | (Common<L> & { readonly type: 'gauge'; /** `state`: of the database, the same from every replica. */ readonly from: 'replica' | 'state' })
  | (Common<L> & { readonly type: 'histogram'; readonly buckets: readonly number[] });

const counter = <const L extends Labels>(name: string, unit: Unit, labels: L, help: string) => ({ type: 'counter', name, unit, labels, help }) as const;
const gauge = <const L extends Labels>(name: string, unit: Unit, labels: L, help: string) => ({ type: 'gauge', from: 'replica', name, unit, labels, help }) as const;
const state = <const L extends Labels>(name: string, unit: Unit, labels: L, help: string) => ({ type: 'gauge', from: 'state', name, unit, labels, help }) as const;
const histogram = <const L extends Labels>(name: string, unit: Unit, labels: L, buckets: readonly number[], help: string) => ({ type: 'histogram', name, unit, labels, buckets, help }) as const;

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const STATE_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 86_400, 7 * 86_400];
const model = 'model';
const monitor = MONITOR_KINDS;
/** Where an estimate stands: the value, and the bounds of its 95 % interval. */
export const BOUNDS = ['estimate', 'lower', 'upper'] as const;
export const INGEST_KINDS = ['predictions', 'feedback', 'import'] as const;
export const WAKES = ['tick', 'sweep', 'clock', 'retention'] as const;

export const METRICS = {
  // ingest
  ingestRows: counter('trimtab_ingest_rows_total', 'rows', { model, kind: INGEST_KINDS, result: ['accepted', 'duplicate', 'refused'] }, 'Rows that came in, by what became of them'),
  ingestSeconds: histogram('trimtab_ingest_batch_seconds', 'seconds', { kind: INGEST_KINDS }, REQUEST_SECONDS, 'Time from the parsed body of a batch to its rows being durable'),
  ingestQueue: gauge('trimtab_ingest_queue_rows', 'rows', { kind: INGEST_KINDS }, 'Rows that wait to be written or are being written'),
  predictRows: counter('trimtab_predict_rows_total', 'rows', { model }, 'Texts answered by the live adapter'),
  predictSeconds: histogram('trimtab_predict_seconds', 'seconds', { model }, REQUEST_SECONDS, 'Time of one predict call, all its texts'),

  // http
  httpRequests: counter('trimtab_http_requests_total', 'count', { method: 'method', route: 'route', status: 'status' }, 'HTTP requests that were answered'),
  httpSeconds: histogram('trimtab_http_request_seconds', 'seconds', { method: 'method', route: 'route' }, REQUEST_SECONDS, 'Time to answer an HTTP request'),
  httpProblems: counter('trimtab_http_problems_total', 'count', { code: Object.keys(CATALOGUE) as (keyof typeof CATALOGUE)[] }, 'HTTP requests answered with a problem, by its code; overloaded: shed with 503 before memory grows'),

  // drift and quality
  paneRows: counter('trimtab_pane_rows_total', 'rows', { model }, 'Rows of the panes that were closed'),
  paneLabelled: counter('trimtab_pane_labelled_rows_total', 'rows', { model }, 'Labelled rows of the panes that were closed'),
  paneErrors: counter('trimtab_pane_error_rows_total', 'rows', { model }, 'Labelled rows of the panes that were closed whose answer was not right'),
  monitorValue: state('trimtab_monitor_value', 'value', { model, monitor }, 'E-value of a monitor; it alarms at its threshold'),
  monitorThreshold: state('trimtab_monitor_threshold', 'value', { model, monitor }, 'E-value at which a monitor alarms, by its share of the alarm budget'),
  monitorTolerance: state('trimtab_monitor_tolerance_ratio', 'ratio', { model, monitor }, 'Rise of the watched mean that is still on course'),
  monitorReference: state('trimtab_monitor_reference_ratio', 'ratio', { model, monitor }, 'Mean of the watched value in the reference'),
  monitorEffect: state('trimtab_monitor_effect_ratio', 'ratio', { model, monitor, bound: BOUNDS }, 'Rise of the watched mean over the reference since the likeliest change, with its 95 % interval; begins anew after an alarm'),
  incidents: counter('trimtab_incidents_total', 'count', { model, monitor }, 'Incidents opened'),
  incidentOpened: state('trimtab_incident_opened_timestamp_seconds', 'timestamp', { model, monitor, state: ['open', 'acknowledged', 'muted'] }, 'When an incident that is not resolved was opened'),
  incidentEffect: state('trimtab_incident_effect_ratio', 'ratio', { model, monitor, bound: BOUNDS }, 'Rise of the watched mean that an unresolved incident was opened for, with its 95 % interval'),
  quality: state('trimtab_quality_score_ratio', 'ratio', { model, bound: BOUNDS }, 'Mean score of the live adapter on the labelled rows of the last 48 panes, with its 95 % interval'),
  qualityReference: state('trimtab_quality_reference_ratio', 'ratio', { model }, 'Mean score of the live adapter on its reference'),
  qualityRows: state('trimtab_quality_labelled_rows', 'rows', { model }, 'Labelled rows that the quality is the mean of'),

  // triggers
  triggers: counter('trimtab_triggers_total', 'count', { model, reason: TRIGGER_REASONS, decision: TRIGGER_DECISIONS }, 'Triggers by reason and decision'),
  triggerWaiting: state('trimtab_trigger_waiting_timestamp_seconds', 'timestamp', { model, reason: TRIGGER_REASONS }, 'When a trigger that still waits came'),

  // runs
  runs: state('trimtab_runs', 'count', { model, state: RUN_STATES }, 'Runs that are under way or watched'),
  runEntered: state('trimtab_run_state_entered_timestamp_seconds', 'timestamp', { model, state: RUN_STATES }, 'When the run that is longest in this state entered it'),
  runsAwaiting: state('trimtab_runs_awaiting_approval', 'count', { model }, 'Runs that wait for a person to let their promotion through'),
  runSeconds: histogram('trimtab_run_state_seconds', 'seconds', { state: RUN_STATES }, STATE_SECONDS, 'Time that runs spent in a state, when they left it'),
  runOutcomes: counter('trimtab_run_outcomes_total', 'count', { model, outcome: RUN_OUTCOMES }, 'Runs by how they ended'),
  runFinished: state('trimtab_run_finished_timestamp_seconds', 'timestamp', { model, outcome: RUN_OUTCOMES }, 'When the last run that ended so ended'),
  exam: state('trimtab_exam_score_ratio', 'ratio', { model, sitter: ['champion', 'challenger'], bound: BOUNDS }, 'Mean score on the exam of the last run that was judged, with its 95 % interval'),
  examRows: state('trimtab_exam_rows', 'rows', { model }, 'Exam rows of the window in the last run that was judged'),

  // training
  trainingSeconds: counter('trimtab_training_seconds_total', 'seconds', { model, kind: ['train', 'predict'], device: ['cpu', 'gpu'] }, 'Wall time of the jobs that ended well, by the device that computed'),
  trainingTokens: counter('trimtab_training_tokens_total', 'tokens', { model, kind: ['train', 'predict'] }, 'Tokens of the jobs that ended well'),
  trainingMemory: gauge('trimtab_training_peak_memory_bytes', 'bytes', { model }, 'Most memory that the last training job held'),
  trainingSpeed: gauge('trimtab_training_tokens_per_second', 'tokens', { model }, 'Speed of the training under way'),
  trainingLoss: gauge('trimtab_training_loss', 'value', { model }, 'Loss of the training under way, nats'),
  trainingProgress: gauge('trimtab_training_progress_ratio', 'ratio', { model }, 'Steps done of the training under way'),

  // what is live
  modelInfo: state('trimtab_model_info', 'info', { model, task: TASKS, target: 'target' }, 'A registered model; always 1'),
  liveInfo: state('trimtab_live_adapter_info', 'info', { model, adapter: 'adapter' }, 'The adapter that is live; always 1'),
  liveSince: state('trimtab_live_since_timestamp_seconds', 'timestamp', { model }, 'When the live adapter went live'),
  promotions: counter('trimtab_promotions_total', 'count', { model, kind: ['promotion', 'rollback'] }, 'Changes of what is live'),
  targetConfirmed: gauge('trimtab_target_confirmed_timestamp_seconds', 'timestamp', { model }, 'When the serving target last answered with the live adapter, seen from this replica'),

  // queue and wakes
  queueJobs: state('trimtab_queue_jobs', 'count', { state: ['ready', 'running', 'failed'] }, 'Jobs of the queue that moves runs; failed: given up after its attempts'),
  queueAge: state('trimtab_queue_age_seconds', 'seconds', {}, 'How long the oldest job that is due has waited; 0 when none waits'),
  wakes: counter('trimtab_wakes_total', 'count', { task: WAKES, result: ['done', 'failed'] }, 'Times that the service woke itself; tick closes panes, decides triggers and looks after watches'),

  // webhooks
  webhooksReceived: counter('trimtab_webhooks_received_total', 'count', { source: WEBHOOK_SOURCES, result: WEBHOOK_RECEIPTS }, 'Webhooks that came in, by what became of them'),
  webhookAttempts: counter('trimtab_webhook_attempts_total', 'count', { target: WEBHOOK_TARGETS, result: WEBHOOK_ATTEMPTS }, 'Attempts to deliver a webhook; abandoned: the last one failed'),
  webhookSeconds: histogram('trimtab_webhook_attempt_seconds', 'seconds', { target: WEBHOOK_TARGETS }, REQUEST_SECONDS, 'Time of one attempt to deliver a webhook'),
  webhookEndpoints: state('trimtab_webhook_endpoints', 'count', { target: WEBHOOK_TARGETS, state: ['enabled', 'disabled'] }, 'Endpoints that get our webhooks; disabled after days of failures, when they answered 410, or by a person'),

  // the service
  buildInfo: gauge('trimtab_build_info', 'info', { version: 'version', node: 'node' }, 'What runs; always 1'),
  databaseUp: gauge('trimtab_database_up', 'count', {}, '1 when the state was read from the database for this scrape; at 0 the metrics of the state are left out'),
  stateSeconds: gauge('trimtab_state_read_seconds', 'seconds', {}, 'How long reading the state took'),
} as const satisfies Record<string, Definition>;

export type Metrics = typeof METRICS;
export type MetricKey = keyof Metrics;
export type KeyOf<T extends Definition['type']> = { [K in MetricKey]: Metrics[K]['type'] extends T ? K : never }[MetricKey];
export type StateKey = { [K in MetricKey]: Metrics[K] extends { from: 'state' } ? K : never }[MetricKey];
export type LabelOf<K extends MetricKey> = keyof Metrics[K]['labels'] & string;
/** The labels of a metric, a closed one with its values only. */
export type LabelsOf<K extends MetricKey> = { readonly [L in LabelOf<K>]: Metrics[K]['labels'][L] extends readonly (infer V)[] ? V : string };

/** What prom-client tells of the process, under the names that every dashboard for Node.js knows. */
export const PROCESS = {
  cpu: 'process_cpu_seconds_total',
  memory: 'process_resident_memory_bytes',
  started: 'process_start_time_seconds',
  heap: 'nodejs_heap_size_used_bytes',
  loopDelay: 'nodejs_eventloop_lag_p99_seconds',
} as const;
