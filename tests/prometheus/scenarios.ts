/** What happens, and which alerts then fire, those and no others. Series are in promtool's notation, a value every `every`. */
import { METRICS, type LabelOf, type MetricKey } from '../../src/telemetry/definitions.ts';

export interface Scenario {
  readonly name: string;
  readonly series: readonly Series[];
  /** How often rules are evaluated and values come: long scenarios are coarse. */
  readonly every: '1m' | '30m';
  readonly at: string;
  /** Alerts, each with its model, if it is of one. */
  readonly firing: readonly string[];
  /** What rules have recorded by then. */
  readonly recorded?: Readonly<Record<string, number>>;
}

interface Series {
  readonly series: string;
  readonly values: string;
}

/** A series of one replica, or of two that say the same. */
function told<K extends MetricKey>(key: K, labels: Partial<Record<LabelOf<K>, string>>, values: string, instances: readonly string[] = ['a']): Series[] {
  const given = Object.entries(labels as Readonly<Record<string, string>>).map(([name, value]) => `,${name}="${value}"`).join('');
  return instances.map((instance) => ({ series: `${METRICS[key].name}{namespace="n",job="t",instance="${instance}"${given}}`, values }));
}

const BOTH = ['a', 'b'] as const;
const predictions = (values: string) => told('ingestRows', { model: 'm', kind: 'predictions', result: 'accepted' }, values);
const feedback = (values: string) => told('ingestRows', { model: 'm', kind: 'feedback', result: 'accepted' }, values);
const incident = (monitor: string, state: string) => told('incidentOpened', { model: 'm', monitor, state }, '60x90', BOTH);
const entered = (state: string, values: string) => told('runEntered', { model: 'm', state }, values, BOTH);
const requests = (status: string, values: string) => told('httpRequests', { method: 'GET', route: '/v1/runs', status }, values);
const wakes = (result: string, values: string) => told('wakes', { task: 'tick', result }, values);

/** A service with traffic, feedback, a training under way and nothing wrong; each alert's expression has all its series. */
const CALM: readonly Series[] = [
  ...predictions('0+100x120'), ...feedback('0+10x120'), ...requests('200', '0+1000x120'), ...requests('500', '0x120'), ...wakes('done', '0+12x120'), ...wakes('failed', '0x120'),
  ...told('databaseUp', {}, '1x120', BOTH), ...told('queueAge', {}, '0x120', BOTH), ...told('queueJobs', { state: 'failed' }, '0x120', BOTH),
  ...told('webhookEndpoints', { target: 'slack', state: 'disabled' }, '0x120'), ...told('webhookAttempts', { target: 'slack', result: 'abandoned' }, '0x120'),
  ...told('httpProblems', { code: 'overloaded' }, '0x120'), ...told('promotions', { model: 'm', kind: 'rollback' }, '0x120'), ...entered('train', '0x120'),
  ...told('runFinished', { model: 'm', outcome: 'promoted' }, '60x120', BOTH),
];

const minute = { every: '1m' } as const;
const coarse = { every: '30m' } as const;

export const SCENARIOS: readonly Scenario[] = [
  { ...minute, name: 'all is well', series: CALM, at: '2h', firing: [], recorded: { 'job:trimtab_http_errors:ratio_rate5m': 0, 'model:trimtab_predictions:rate5m': 100 / 60 } },

  { ...minute, name: 'the error monitor alarms: a page', series: incident('error', 'open'), at: '10m', firing: ['TrimtabPerformanceDrop m'] },
  { ...minute, name: 'a person has acknowledged it', series: incident('error', 'acknowledged'), at: '10m', firing: [] },
  { ...minute, name: 'drift alarm', series: incident('labels', 'open'), at: '10m', firing: ['TrimtabDrift m'] },
  { ...minute, name: 'drift that is acknowledged', series: incident('labels', 'acknowledged'), at: '10m', firing: [] },
  { ...minute, name: 'evidence grows: recorded as nearness', series: [...told('monitorValue', { model: 'm', monitor: 'error' }, '30x10', BOTH), ...told('monitorThreshold', { model: 'm', monitor: 'error' }, '900x10', BOTH)], at: '5m', firing: [], recorded: { 'model_monitor:trimtab_monitor:closeness': 0.5 } },
  { ...minute, name: 'quality falls: recorded as loss', series: [...told('quality', { model: 'm', bound: 'estimate' }, '0.75x10', BOTH), ...told('qualityReference', { model: 'm' }, '1x10', BOTH)], at: '5m', firing: [], recorded: { 'model:trimtab_quality:loss': 0.25 } },

  { ...minute, name: 'no ingest: the traffic stopped', series: predictions('0+100x60 6000x40'), at: '90m', firing: ['TrimtabNoPredictions m'] },
  { ...minute, name: 'no ingest yet: it pauses', series: predictions('0+100x60 6000x40'), at: '70m', firing: [] },
  { ...minute, name: 'a model that never had traffic', series: predictions('0x100'), at: '90m', firing: [] },
  { ...coarse, name: 'the feedback stopped', series: [...feedback('0+10x144 1440x60'), ...predictions('0+100x204')], at: '99h', firing: ['TrimtabNoFeedback m'] },
  { ...coarse, name: 'feedback comes once a day', series: [...feedback('0x40 10x48 20x48 30x60'), ...predictions('0+100x204')], at: '80h', firing: [] },

  { ...minute, name: 'a run is stuck in evaluate', series: entered('evaluate', '0x90'), at: '70m', firing: ['TrimtabRunStuck m'] },
  { ...minute, name: 'a run evaluates for half an hour', series: entered('evaluate', '0x90'), at: '30m', firing: [] },
  { ...minute, name: 'a training takes hours', series: entered('train', '0x90'), at: '80m', firing: [] },
  { ...coarse, name: 'a training takes half a day', series: entered('train', '0x30'), at: '13h', firing: ['TrimtabRunStuck m'] },
  { ...minute, name: 'a promotion waits for approval: it is not stuck', series: [...entered('rollout', '0x300'), ...told('runsAwaiting', { model: 'm' }, '1x300', BOTH)], at: '3h', firing: [] },
  { ...minute, name: 'a promotion waits for approval for hours', series: [...entered('rollout', '0x300'), ...told('runsAwaiting', { model: 'm' }, '1x300', BOTH)], at: '250m', firing: ['TrimtabAwaitsApproval m'] },
  { ...minute, name: 'a run failed', series: told('runFinished', { model: 'm', outcome: 'failed' }, '_x60 3600x120', BOTH), at: '70m', firing: ['TrimtabRunFailed m'] },
  { ...minute, name: 'a run failed long ago', series: told('runFinished', { model: 'm', outcome: 'failed' }, '_x60 3600x120', BOTH), at: '150m', firing: [] },
  { ...minute, name: 'rolled back', series: told('promotions', { model: 'm', kind: 'rollback' }, '0x10 1x60'), at: '20m', firing: ['TrimtabRolledBack m'] },
  { ...minute, name: 'promoted', series: told('promotions', { model: 'm', kind: 'promotion' }, '0x10 1x60'), at: '20m', firing: [] },
  { ...coarse, name: 'drift waits for labels for more than a day', series: told('triggerWaiting', { model: 'm', reason: 'drift' }, '0x60', BOTH), at: '25h', firing: ['TrimtabTriggerWaits m'] },
  { ...coarse, name: 'a schedule waits for its window', series: told('triggerWaiting', { model: 'm', reason: 'schedule' }, '0x60', BOTH), at: '25h', firing: [] },

  {
    ...minute, name: 'one request in fifty fails', series: [...requests('200', '0+98x130'), ...requests('500', '0+2x130')], at: '2h',
    firing: ['TrimtabErrorBudgetBurns', 'TrimtabErrorBudgetBurnsFast'], recorded: { 'job:trimtab_http_errors:ratio_rate5m': 0.02, 'job:trimtab_http_errors:ratio_rate6h': 0.02 },
  },
  { ...minute, name: 'one request in a hundred and twenty fails', series: [...requests('200', '0+119x400'), ...requests('503', '0+1x400')], at: '6h', firing: ['TrimtabErrorBudgetBurns'] },
  { ...minute, name: 'a burst of errors that is over', series: [...requests('200', '0+1000x200'), ...requests('500', '0x60 0+100x3 300x140')], at: '150m', firing: [] },
  { ...minute, name: 'one request in ten thousand fails', series: [...requests('200', '0+9999x200'), ...requests('500', '0+1x200')], at: '3h', firing: [] },
  { ...minute, name: 'requests are shed', series: told('httpProblems', { code: 'overloaded' }, '0+60x40'), at: '30m', firing: ['TrimtabSheds'] },
  { ...minute, name: 'requests were shed for a moment', series: told('httpProblems', { code: 'overloaded' }, '0x5 60x40'), at: '30m', firing: [] },

  { ...minute, name: 'one replica has no database', series: [...told('databaseUp', {}, '1x5 0x20', ['a']), ...told('databaseUp', {}, '1x30', ['b'])], at: '15m', firing: ['TrimtabDatabaseDown'] },
  { ...minute, name: 'one scrape found no database', series: told('databaseUp', {}, '1x5 0 1x20'), at: '8m', firing: [] },
  { ...minute, name: 'nobody takes steps', series: told('queueAge', {}, '0+60x30', BOTH), at: '20m', firing: ['TrimtabQueueStands'] },
  { ...minute, name: 'a long step holds a job up', series: told('queueAge', {}, '0+60x4 0x20', BOTH), at: '10m', firing: [] },
  { ...minute, name: 'a job was given up', series: told('queueJobs', { state: 'failed' }, '0x5 2x20', BOTH), at: '10m', firing: ['TrimtabJobsGivenUp'] },
  { ...minute, name: 'jobs run', series: told('queueJobs', { state: 'running' }, '2x20', BOTH), at: '10m', firing: [] },
  { ...minute, name: 'ticks fail', series: [...wakes('failed', '0+1x40'), ...wakes('done', '0+11x40')], at: '30m', firing: ['TrimtabWakesFail'] },
  { ...minute, name: 'one tick failed', series: [...wakes('failed', '0x10 1x60'), ...wakes('done', '0+11x70')], at: '30m', firing: [] },
  { ...minute, name: 'nothing wakes', series: wakes('done', '0+12x10 120x30'), at: '25m', firing: ['TrimtabDoesNotWake'] },
  { ...minute, name: 'one replica stopped, the other wakes', series: [...wakes('done', '0+12x10 120x30'), ...told('wakes', { task: 'tick', result: 'done' }, '0+12x40', ['b'])], at: '25m', firing: [] },

  { ...minute, name: 'a webhook endpoint was disabled', series: told('webhookEndpoints', { target: 'slack', state: 'disabled' }, '0x5 1x20', BOTH), at: '10m', firing: ['TrimtabWebhookEndpointDisabled'] },
  { ...minute, name: 'an endpoint was added', series: told('webhookEndpoints', { target: 'slack', state: 'enabled' }, '0x5 1x20', BOTH), at: '10m', firing: [] },
  { ...minute, name: 'a webhook was abandoned', series: told('webhookAttempts', { target: 'standard', result: 'abandoned' }, '0x5 1x60'), at: '10m', firing: ['TrimtabWebhooksAbandoned'] },
  { ...minute, name: 'a webhook is tried again', series: told('webhookAttempts', { target: 'standard', result: 'failed' }, '0x5 1x60'), at: '10m', firing: [] },
];
