/** Recording and alert rules, from the same definitions. Grouped by namespace and job: several installations may share a Prometheus. */
import { AVAILABILITY, errorRatio } from './objectives.ts';
import { createQueries } from './promql.ts';

const KEEP = ['namespace', 'job'] as const;
const q = createQueries({ scope: [], keep: KEEP });
const on = (...labels: string[]) => `on (${[...KEEP, ...labels].join(', ')})`;

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it has to hold. */
  readonly for?: string;
  /** `critical` wakes somebody up, `warning` is for working hours, `info` waits for a person anyway. */
  readonly severity: 'critical' | 'warning' | 'info';
  readonly summary: string;
  readonly description: string;
  /** What the alert compares: must have data while all is well, else the alert could never come. */
  readonly measures: readonly string[];
}

const BURN_WINDOWS = ['5m', '30m', '1h', '6h'] as const;
type BurnWindow = (typeof BURN_WINDOWS)[number];
const burned = (window: BurnWindow) => `job:trimtab_http_errors:ratio_rate${window}`;

const PREDICTIONS = 'model:trimtab_predictions:rate5m';
const CLOSENESS = 'model_monitor:trimtab_monitor:closeness';
const QUALITY_LOSS = 'model:trimtab_quality:loss';

export const RECORDING: readonly RecordingRule[] = [
  ...BURN_WINDOWS.map((window) => ({ record: burned(window), expr: errorRatio(q, window) })),
  { record: PREDICTIONS, expr: q.rate('ingestRows', ['model'], '5m', { kind: 'predictions', result: 'accepted' }) },
  { record: CLOSENESS, expr: q.closeness(['model', 'monitor']) },
  { record: QUALITY_LOSS, expr: `${q.now('qualityReference', ['model'])} - ${q.now('quality', ['model'], { bound: 'estimate' })}` },
];

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
const BUDGET = Number((1 - AVAILABILITY).toFixed(6));

/** `expr` of one measured value against a bound. */
const beyond = (measure: string, comparison: string) => ({ expr: `${measure} ${comparison}`, measures: [measure] });

/** Both windows burn: the long one shows that it matters, the short one that it still goes on. */
const burning = (times: number, short: BurnWindow, long: BurnWindow) => ({
  expr: `${burned(long)} > ${times} * ${BUDGET} and ${burned(short)} > ${times} * ${BUDGET}`,
  measures: [burned(long), burned(short)],
});

const incidentsOf = (monitor: string) => q.now('incidentOpened', ['model', 'monitor'], { state: 'open', monitor: monitor.startsWith('!') ? { unlike: monitor.slice(1) } : monitor });
const inState = (states: string) => `time() - ${q.now('runEntered', ['model', 'state'], { state: { like: states } })}`;
const arrived = (kind: 'predictions' | 'feedback', window: string, offset = '') => q.increase('ingestRows', ['model'], window, { kind, result: 'accepted' }, offset);
const awaiting = q.now('runsAwaiting', ['model']);

const MODEL_ALERTS: readonly AlertRule[] = [
  {
    alert: 'TrimtabPerformanceDrop', severity: 'critical', measures: [incidentsOf('error')], expr: `${incidentsOf('error')} > 0`,
    summary: '{{ $labels.model }} answers worse than it may', description: 'The error monitor has alarmed: on labelled rows the live adapter is worse than its reference by more than the tolerance. The incident is open.',
  },
  {
    alert: 'TrimtabDrift', severity: 'warning', measures: [q.now('incidentOpened', ['model', 'monitor'], { state: 'open' })], expr: `${incidentsOf('!error')} > 0`,
    summary: '{{ $labels.model }}: {{ $labels.monitor }} has drifted', description: 'A monitor has alarmed: what it watches has risen over the reference by more than the tolerance. The incident is open.',
  },
  {
    alert: 'TrimtabNoPredictions', severity: 'warning', for: '5m', measures: [arrived('predictions', '15m'), arrived('predictions', '1d')],
    expr: `${arrived('predictions', '15m')} == 0 and ${arrived('predictions', '1d', '15m')} > 0`,
    summary: 'no predictions of {{ $labels.model }} come in', description: 'None for 15 minutes, and there were some within the day before: what is not sent cannot be watched.',
  },
  {
    alert: 'TrimtabNoFeedback', severity: 'info', for: '1h', measures: [arrived('feedback', '1d'), arrived('feedback', '7d')],
    expr: `${arrived('feedback', '1d')} == 0 and ${arrived('feedback', '7d', '1d')} > 0`,
    summary: 'no feedback on {{ $labels.model }} comes in', description: 'None for a day, and there was some in the week before: without it quality is not known, and no run can be justified.',
  },
  {
    alert: 'TrimtabRunStuck', severity: 'warning', measures: [inState('collect|train|evaluate|rollout')],
    expr: `(${inState('collect|evaluate|rollout')} > ${HOUR_SECONDS} or ${inState('train')} > ${12 * HOUR_SECONDS}) unless ${on('model')} ${awaiting} > 0`,
    summary: 'a run of {{ $labels.model }} is stuck in {{ $labels.state }}', description: 'It has been in that state for {{ $value | humanizeDuration }}: an hour at most is usual, twelve in train.',
  },
  {
    alert: 'TrimtabRunFailed', severity: 'warning', ...beyond(`time() - ${q.now('runFinished', ['model'], { outcome: 'failed' })}`, `< ${HOUR_SECONDS}`),
    summary: 'a run of {{ $labels.model }} failed', description: 'It ended within the hour; its reason stands in the run. What is live is unchanged.',
  },
  {
    alert: 'TrimtabRolledBack', severity: 'warning', ...beyond(q.increase('promotions', ['model'], '1h', { kind: 'rollback' }), '> 0'),
    summary: '{{ $labels.model }} was rolled back', description: 'The adapter that went live proved worse than the one before it, or a person took it back.',
  },
  {
    alert: 'TrimtabAwaitsApproval', severity: 'info', for: '4h', ...beyond(awaiting, '> 0'),
    summary: 'a promotion of {{ $labels.model }} waits for approval', description: 'Its challenger passed the gates; a person has to let it through, or cancel the run.',
  },
  {
    alert: 'TrimtabTriggerWaits', severity: 'warning', ...beyond(`time() - ${q.now('triggerWaiting', ['model', 'reason'], { reason: { like: 'drift|performance' } })}`, `> ${DAY_SECONDS}`),
    summary: '{{ $labels.model }} has drifted and nothing is done about it', description: 'A trigger for {{ $labels.reason }} has waited for {{ $value | humanizeDuration }}, for labels, cooldown or its window.',
  },
];

const SERVICE_ALERTS: readonly AlertRule[] = [
  {
    alert: 'TrimtabErrorBudgetBurnsFast', severity: 'critical', for: '2m', ...burning(14.4, '5m', '1h'),
    summary: 'requests are answered with 5xx', description: 'At this rate the error budget of 30 days is gone within two: {{ $value | humanizePercentage }} of the requests of the last hour.',
  },
  {
    alert: 'TrimtabErrorBudgetBurns', severity: 'warning', for: '15m', ...burning(6, '30m', '6h'),
    summary: 'requests are answered with 5xx, slowly but surely', description: 'At this rate the error budget of 30 days is gone within five: {{ $value | humanizePercentage }} of the requests of the last six hours.',
  },
  {
    alert: 'TrimtabSheds', severity: 'warning', for: '10m', ...beyond(q.rate('httpProblems', [], '5m', { code: 'overloaded' }), '> 0'),
    summary: 'requests are shed with 503', description: 'More comes in than this many replicas can write: {{ $value | humanize }} requests a second are refused before memory grows.',
  },
  {
    alert: 'TrimtabDatabaseDown', severity: 'critical', for: '2m', ...beyond(q.by('min', ['instance'], q.select('databaseUp')), '== 0'),
    summary: '{{ $labels.instance }} cannot read its database', description: 'Nothing is accepted, watched or decided by this replica.',
  },
  {
    alert: 'TrimtabQueueStands', severity: 'critical', for: '5m', ...beyond(q.now('queueAge', []), '> 300'),
    summary: 'nobody takes the steps of runs', description: 'The oldest job that is due has waited for {{ $value | humanizeDuration }}.',
  },
  {
    alert: 'TrimtabJobsGivenUp', severity: 'warning', ...beyond(q.now('queueJobs', [], { state: 'failed' }), '> 0'),
    summary: 'steps of runs were given up', description: '{{ $value }} jobs of the queue failed at each of their attempts.',
  },
  {
    alert: 'TrimtabWakesFail', severity: 'warning', for: '15m', ...beyond(q.increase('wakes', ['task'], '15m', { result: 'failed' }), '> 0'),
    summary: '{{ $labels.task }} fails again and again', description: 'What time brings is not done: tick closes panes, decides triggers and looks after watches. The log says why.',
  },
  {
    alert: 'TrimtabDoesNotWake', severity: 'critical', for: '5m', ...beyond(q.increase('wakes', [], '5m', { task: 'tick', result: 'done' }), '== 0'),
    summary: 'no pane is closed and no trigger decided', description: 'No replica has woken itself with success for five minutes: drift would not be seen.',
  },
  {
    alert: 'TrimtabWebhookEndpointDisabled', severity: 'warning', ...beyond(q.now('webhookEndpoints', ['target'], { state: 'disabled' }), '> 0'),
    summary: 'a webhook endpoint gets nothing any more', description: '{{ $value }} endpoints of form {{ $labels.target }} are disabled: they failed for days, answered 410, or a person disabled them.',
  },
  {
    alert: 'TrimtabWebhooksAbandoned', severity: 'warning', ...beyond(q.increase('webhookAttempts', ['target'], '1h', { result: 'abandoned' }), '> 0'),
    summary: 'webhooks could not be delivered', description: 'The last attempt for some failed within the hour; they can be sent again by hand.',
  },
];

export const ALERTS: readonly AlertRule[] = [...MODEL_ALERTS, ...SERVICE_ALERTS];

const RUNBOOKS = 'docs/runbooks.md';

/** The rule file, as Prometheus reads it and the chart's PrometheusRule holds it. */
export function ruleGroups(): { groups: object[] } {
  const alert = ({ alert: name, expr, for: hold, severity, summary, description }: AlertRule) => ({
    alert: name, expr, ...(hold === undefined ? {} : { for: hold }), labels: { severity },
    annotations: { summary, description, runbook_url: `${RUNBOOKS}#${name.toLowerCase()}` },
  });
  return {
    groups: [
      { name: 'trimtab.recording', rules: RECORDING.map((rule) => ({ ...rule })) },
      { name: 'trimtab.models', rules: MODEL_ALERTS.map(alert) },
      { name: 'trimtab.service', rules: SERVICE_ALERTS.map(alert) },
    ],
  };
}
