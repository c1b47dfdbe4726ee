/** The service itself: does it answer, does it keep up, does it wake. */
import { PROCESS } from '../../src/telemetry/definitions.ts';
import { AVAILABILITY, errorRatio } from './objectives.ts';
import { dashboard, q } from './frame.ts';
import { series, stat, WINDOW } from './panels.ts';

const process = (key: keyof typeof PROCESS) => `${PROCESS[key]}{namespace=~"$namespace"}`;
/** Of the processes that are ours: other software tells the same names. */
const ours = (expression: string) => `(${expression}) and on (instance, job) ${q.select('buildInfo')}`;

export const service = () => dashboard({
  uid: 'trimtab-service',
  title: 'Trimtab / Service',
  description: 'The service itself: does it answer, does it keep up, does it wake.',
  rows: [
    {
      title: 'On course?',
      panels: [
        stat({ title: 'Answered well, 1 h', description: `Share of HTTP requests not answered with 5xx; the objective is ${100 * AVAILABILITY} %.`, unit: 'percentunit', decimals: 3, thresholds: [['red', null], ['orange', 0.99], ['green', AVAILABILITY]], queries: [{ expr: `1 - ${errorRatio(q, '1h')}` }] }),
        stat({ title: '99 % of requests within', description: 'All routes.', unit: 's', thresholds: [['green', null], ['orange', 0.5], ['red', 2]], queries: [{ expr: q.quantile(0.99, 'httpSeconds', [], '5m') }] }),
        stat({ title: 'Shed', description: 'Requests a second refused with 503 before memory grew: clients should send slower, or there should be more replicas.', unit: 'reqps', thresholds: [['green', null], ['orange', 0.01]], queries: [{ expr: q.rate('httpProblems', [], '5m', { code: 'overloaded' }) }] }),
        stat({ title: 'Database', description: '1: every replica reads the state.', thresholds: [['red', null], ['green', 1]], queries: [{ expr: `min(${q.select('databaseUp')})` }] }),
        stat({ title: 'Wakes that failed, 1 h', description: 'Panes, triggers, watches, clock and retention are brought on by wakes; the log says what failed.', thresholds: [['green', null], ['red', 1]], queries: [{ expr: q.increase('wakes', [], '1h', { result: 'failed' }) }] }),
        stat({ title: 'Replicas', description: 'By version.', queries: [{ expr: `count by (version) (${q.select('buildInfo')})`, legend: '{{version}}' }] }),
      ],
    },
    {
      title: 'HTTP',
      panels: [
        series({ title: 'Requests', description: 'A second, by status.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('httpRequests', ['status'], WINDOW), legend: '{{status}}', exemplars: true }] }),
        series({ title: 'Slowest routes', description: '99 % of the requests of a route within this time.', unit: 's', min: 0, queries: [{ expr: `topk(10, ${q.quantile(0.99, 'httpSeconds', ['method', 'route'], WINDOW)})`, legend: '{{method}} {{route}}' }] }),
        series({ title: 'Problems', description: 'Requests a second that were answered with a problem, by its code.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('httpProblems', ['code'], WINDOW), legend: '{{code}}' }] }),
        series({ title: 'Error budget', description: 'Times the rate at which the budget of 30 days would just last; 14.4 over an hour pages.', min: 0, marked: true, thresholds: [['transparent', null], ['red', 14.4]], queries: [{ expr: `${errorRatio(q, '1h')} / ${(1 - AVAILABILITY).toFixed(4)}`, legend: '1 h' }, { expr: `${errorRatio(q, '6h')} / ${(1 - AVAILABILITY).toFixed(4)}`, legend: '6 h' }] }),
      ],
    },
    {
      title: 'Ingest',
      panels: [
        series({ title: 'Rows', description: 'A second, by kind and what became of them.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('ingestRows', ['kind', 'result'], WINDOW), legend: '{{kind}} {{result}}' }] }),
        series({ title: 'Time until a batch is durable', description: 'From the parsed body on.', unit: 's', min: 0, queries: [{ expr: q.quantile(0.5, 'ingestSeconds', ['kind'], WINDOW), legend: '{{kind}} median' }, { expr: q.quantile(0.99, 'ingestSeconds', ['kind'], WINDOW), legend: '{{kind}} 99 %' }] }),
        series({ title: 'Rows that wait', description: 'Over 50,000 of a kind in one replica, requests are refused with 503.', min: 0, queries: [{ expr: q.total('ingestQueue', ['kind']), legend: '{{kind}}' }] }),
        series({ title: 'Time of a predict call', description: '99 %, by model.', unit: 's', min: 0, queries: [{ expr: q.quantile(0.99, 'predictSeconds', ['model'], WINDOW), legend: '{{model}}' }] }),
      ],
    },
    {
      title: 'Queue and wakes',
      panels: [
        series({ title: 'Queue', description: 'Jobs of the queue that moves runs.', min: 0, queries: [{ expr: q.now('queueJobs', ['state']), legend: '{{state}}' }] }),
        series({ title: 'Wakes', description: 'A minute, by task and result.', min: 0, queries: [{ expr: `60 * ${q.rate('wakes', ['task', 'result'], WINDOW)}`, legend: '{{task}} {{result}}' }] }),
      ],
    },
    {
      title: 'Webhooks',
      panels: [
        series({ title: 'Received', description: 'A minute, by source and what became of them.', min: 0, queries: [{ expr: `60 * ${q.rate('webhooksReceived', ['source', 'result'], WINDOW)}`, legend: '{{source}} {{result}}' }] }),
        series({ title: 'Sent', description: 'Attempts a minute, by form and result.', min: 0, queries: [{ expr: `60 * ${q.rate('webhookAttempts', ['target', 'result'], WINDOW)}`, legend: '{{target}} {{result}}' }] }),
        series({ title: 'Time of an attempt', description: '99 %, by form.', unit: 's', min: 0, queries: [{ expr: q.quantile(0.99, 'webhookSeconds', ['target'], WINDOW), legend: '{{target}}' }] }),
        series({ title: 'Endpoints', description: 'Disabled ones get nothing until a person enables them.', min: 0, queries: [{ expr: q.now('webhookEndpoints', ['target', 'state']), legend: '{{target}} {{state}}' }] }),
      ],
    },
    {
      title: 'Process',
      panels: [
        series({ title: 'CPU', description: 'Cores that a replica uses.', min: 0, queries: [{ expr: ours(`rate(${process('cpu')}[${WINDOW}])`), legend: '{{instance}}' }] }),
        series({ title: 'Memory', description: 'Of a replica; training jobs are processes of their own.', unit: 'bytes', min: 0, queries: [{ expr: ours(process('memory')), legend: '{{instance}} resident' }, { expr: ours(process('heap')), legend: '{{instance}} heap' }] }),
        series({ title: 'Delay of the event loop', description: '99 %; over a second requests are refused with 503.', unit: 's', min: 0, queries: [{ expr: ours(process('loopDelay')), legend: '{{instance}}' }] }),
        series({ title: 'Up for', description: 'Falls to 0 at a restart.', unit: 's', min: 0, queries: [{ expr: ours(`time() - ${process('started')}`), legend: '{{instance}}' }] }),
        series({ title: 'Reading the state', description: 'How long the queries of a scrape took.', unit: 's', min: 0, width: 24, queries: [{ expr: q.by('max', ['instance'], q.select('stateSeconds')), legend: '{{instance}}' }] }),
      ],
    },
  ],
});
