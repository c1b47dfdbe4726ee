/** All models on one page: which is off course, and which to look at. */
import { dashboard, q } from './frame.ts';
import { series, stat, table, WINDOW } from './panels.ts';

const GOOD_AT_0 = [['green', null], ['red', 1]] as const;
const CLOSENESS = [['green', null], ['orange', 0.5], ['red', 1]] as const;
const DAY_SECONDS = 86_400;

const counted = (expression: string) => `count(${expression}) or vector(0)`;

export const fleet = () => dashboard({
  uid: 'trimtab-fleet',
  title: 'Trimtab / Fleet',
  description: 'All models: which is off course, and which to look at.',
  rows: [
    {
      title: 'On course?',
      panels: [
        stat({ title: 'Models off course', description: 'Models with an open incident. Open the model and look at what drifted.', thresholds: GOOD_AT_0, queries: [{ expr: counted(`max by (model) (${q.now('incidentOpened', ['model'], { state: 'open' })})`) }] }),
        stat({ title: 'Nearest alarm', description: 'How near the nearest monitor is to its alarm: 100 % is an alarm.', unit: 'percentunit', decimals: 0, thresholds: CLOSENESS, queries: [{ expr: `max(${q.closeness(['model'])})` }] }),
        stat({ title: 'Failed runs, 24 h', description: 'Models whose last failed run ended within a day. The run says why.', thresholds: GOOD_AT_0, queries: [{ expr: counted(`time() - ${q.now('runFinished', ['model'], { outcome: 'failed' })} < ${DAY_SECONDS}`) }] }),
        stat({ title: 'Wait for approval', description: 'Runs whose promotion a person has to let through.', thresholds: [['green', null], ['blue', 1]], queries: [{ expr: `sum(${q.now('runsAwaiting', ['model'])}) or vector(0)` }] }),
        stat({ title: 'Runs under way', description: 'Runs that collect, train, evaluate or roll out now; watched ones do not count.', queries: [{ expr: `sum(${q.now('runs', ['model', 'state'], { state: { unlike: 'watch' } })}) or vector(0)` }] }),
        stat({ title: 'Models live', description: 'Models with a live adapter, of all that are registered.', queries: [{ expr: `count(${q.now('liveInfo', ['model'])})`, legend: 'live' }, { expr: `count(${q.now('modelInfo', ['model'])})`, legend: 'registered' }] }),
      ],
    },
    {
      title: 'Models',
      panels: [
        table({
          title: 'Models', description: 'One row a model; the name leads to its page.', label: 'model', link: '/d/trimtab-model?var-model=${__value.raw}&${namespace:queryparam}&${datasource:queryparam}', hidden: [],
          columns: [
            { name: 'Quality', unit: 'percentunit', expr: q.now('quality', ['model'], { bound: 'estimate' }) },
            { name: 'At least', unit: 'percentunit', expr: q.now('quality', ['model'], { bound: 'lower' }) },
            { name: 'Reference', unit: 'percentunit', expr: q.now('qualityReference', ['model']) },
            { name: 'Nearest alarm', unit: 'percentunit', thresholds: CLOSENESS, expr: q.closeness(['model']) },
            { name: 'Incidents', thresholds: GOOD_AT_0, expr: `count by (model) (${q.now('incidentOpened', ['model', 'monitor'])}) or 0 * ${q.now('modelInfo', ['model'])}` },
            { name: 'Live for', unit: 's', expr: `time() - ${q.now('liveSince', ['model'])}` },
            { name: 'Rows/s', unit: 'reqps', expr: q.rate('ingestRows', ['model'], '5m', { kind: 'predictions', result: 'accepted' }) },
          ],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        series({ title: 'Quality', description: 'Mean score of the live adapter on the labelled rows of the last 48 panes.', unit: 'percentunit', max: 1, queries: [{ expr: q.now('quality', ['model'], { bound: 'estimate' }), legend: '{{model}}' }] }),
        series({ title: 'Nearest alarm', description: 'Logarithm of the largest e-value over that of its threshold: at 100 % the monitor alarms, and begins anew.', unit: 'percentunit', min: 0, marked: true, thresholds: [['transparent', null], ['red', 1]], queries: [{ expr: q.closeness(['model']), legend: '{{model}}' }] }),
        series({ title: 'Predictions', description: 'Rows a second that were accepted.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('ingestRows', ['model'], WINDOW, { kind: 'predictions', result: 'accepted' }), legend: '{{model}}' }] }),
        series({ title: 'Labels', description: 'Labelled rows a second: without them quality is not known and no run can be justified.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('ingestRows', ['model'], WINDOW, { kind: { like: 'feedback|import' }, result: 'accepted' }), legend: '{{model}}' }] }),
        series({ title: 'Incidents opened', description: 'Incidents by model, an hour.', bars: true, queries: [{ expr: q.increase('incidents', ['model'], '1h'), legend: '{{model}}', exemplars: true }] }),
        series({ title: 'Promotions and rollbacks', description: 'Changes of what is live, an hour.', bars: true, queries: [{ expr: q.increase('promotions', ['model', 'kind'], '1h'), legend: '{{model}} {{kind}}', exemplars: true }] }),
      ],
    },
  ],
});
