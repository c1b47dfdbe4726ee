/** One model: is it on course, what drifted, what was done about it. */
import { dashboard, q } from './frame.ts';
import { series, stat, WINDOW } from './panels.ts';

const model = { like: '$model' } as const;
const CLOSENESS = [['green', null], ['orange', 0.5], ['red', 1]] as const;

export const one = () => dashboard({
  uid: 'trimtab-model',
  title: 'Trimtab / Model',
  description: 'One model: is it on course, what drifted, and what was done about it.',
  model: 'one',
  rows: [
    {
      title: 'On course?',
      panels: [
        stat({ title: 'Open incidents', description: 'Alarms that are not resolved.', thresholds: [['green', null], ['red', 1]], queries: [{ expr: `count(${q.now('incidentOpened', ['monitor'], { model })}) or vector(0)` }] }),
        stat({ title: 'Quality', description: 'Mean score on the labelled rows of the last 48 panes, and the bounds of its 95 % interval.', unit: 'percentunit', decimals: 1, width: 6, queries: [{ expr: q.now('quality', ['bound'], { model }), legend: '{{bound}}' }] }),
        stat({ title: 'Against the reference', description: 'Quality minus what the adapter scored on its reference. Below 0 by more than the tolerance of the error monitor: it will alarm.', unit: 'percentunit', decimals: 1, thresholds: [['red', null], ['orange', -0.05], ['green', -0.02]], queries: [{ expr: `${q.now('quality', ['model'], { model, bound: 'estimate' })} - ${q.now('qualityReference', ['model'], { model })}` }] }),
        stat({ title: 'Nearest alarm', description: 'How near the nearest monitor is to its alarm: 100 % is an alarm.', unit: 'percentunit', decimals: 0, thresholds: CLOSENESS, queries: [{ expr: `max(${q.closeness(['model'], { model })})` }] }),
        stat({ title: 'Live adapter', description: 'What answers now.', names: true, width: 6, queries: [{ expr: q.now('liveInfo', ['adapter'], { model }), legend: '{{adapter}}' }] }),
        stat({ title: 'Live for', description: 'Time since the last promotion or rollback.', unit: 's', width: 6, queries: [{ expr: `time() - ${q.now('liveSince', ['model'], { model })}` }] }),
        stat({ title: 'Runs', description: 'Runs under way or watched, by state.', width: 6, queries: [{ expr: q.now('runs', ['state'], { model }), legend: '{{state}}' }] }),
        stat({ title: 'A trigger waits for', description: 'How long a reason to retrain has waited, for labels, cooldown or the window; none: nothing waits.', unit: 's', width: 6, queries: [{ expr: `time() - ${q.now('triggerWaiting', ['reason'], { model })}`, legend: '{{reason}}' }] }),
        stat({ title: 'The target answered', description: 'Time since the serving target last answered with the live adapter, as the replica saw it that heard last.', unit: 's', width: 6, queries: [{ expr: `time() - ${q.now('targetConfirmed', ['model'], { model })}` }] }),
      ],
    },
    {
      title: 'Quality',
      panels: [
        series({
          title: 'Quality', description: 'Mean score on the labelled rows of the last 48 panes with its 95 % interval, and the score on the reference.', unit: 'percentunit', max: 1, band: ['upper', 'lower'],
          queries: [{ expr: q.now('quality', ['bound'], { model }), legend: '{{bound}}' }, { expr: q.now('qualityReference', ['model'], { model }), legend: 'reference' }],
        }),
        series({ title: 'Last exam', description: 'Challenger and champion on the exam of the last run that was judged, with 95 % intervals.', unit: 'percentunit', max: 1, queries: [{ expr: q.now('exam', ['sitter', 'bound'], { model }), legend: '{{sitter}} {{bound}}' }] }),
        series({ title: 'Share of wrong answers', description: 'Of the labelled rows of the panes that closed.', unit: 'percentunit', min: 0, queries: [{ expr: `${q.rate('paneErrors', ['model'], '15m', { model })} / (${q.rate('paneLabelled', ['model'], '15m', { model })} > 0)`, legend: 'wrong' }] }),
        series({ title: 'Labelled rows', description: 'Rows that the quality is the mean of: with few, its interval is wide.', min: 0, queries: [{ expr: q.now('qualityRows', ['model'], { model }), legend: 'labelled' }] }),
      ],
    },
    {
      title: 'Drift',
      panels: [
        series({ title: 'Evidence', description: 'Logarithm of each monitor\'s e-value over that of its threshold: at 100 % it alarms, and begins anew.', unit: 'percentunit', min: 0, marked: true, thresholds: [['transparent', null], ['red', 1]], queries: [{ expr: q.closeness(['monitor'], { model }), legend: '{{monitor}}' }] }),
        series({ title: 'Rise over the reference', description: 'Rise of what each monitor watches, since the likeliest change.', unit: 'percentunit', queries: [{ expr: q.now('monitorEffect', ['monitor'], { model, bound: 'estimate' }), legend: '{{monitor}}' }] }),
        series({ title: 'Surely risen by', description: 'Lower bound of the rise minus what is tolerated: above 0 it is shown to be off course.', unit: 'percentunit', marked: true, thresholds: [['transparent', null], ['red', 0]], queries: [{ expr: `${q.now('monitorEffect', ['monitor'], { model, bound: 'lower' })} - ${q.now('monitorTolerance', ['monitor'], { model })}`, legend: '{{monitor}}' }] }),
        series({ title: 'What incidents were opened for', description: 'The rise with its 95 % interval, of incidents that are not resolved.', unit: 'percentunit', queries: [{ expr: q.now('incidentEffect', ['monitor', 'bound'], { model }), legend: '{{monitor}} {{bound}}' }] }),
        series({ title: 'Reference', description: 'Mean of what each monitor watches, in the reference.', unit: 'percentunit', width: 24, queries: [{ expr: q.now('monitorReference', ['monitor'], { model }), legend: '{{monitor}}' }] }),
      ],
    },
    {
      title: 'What was done',
      panels: [
        series({ title: 'Triggers', description: 'Reasons to retrain and what was decided, an hour.', bars: true, queries: [{ expr: q.increase('triggers', ['reason', 'decision'], '1h', { model }), legend: '{{reason}} {{decision}}' }] }),
        series({ title: 'Runs by outcome', description: 'How runs ended, an hour.', bars: true, queries: [{ expr: q.increase('runOutcomes', ['outcome'], '1h', { model }), legend: '{{outcome}}', exemplars: true }] }),
        series({ title: 'Promotions and rollbacks', description: 'Changes of what is live, an hour.', bars: true, queries: [{ expr: q.increase('promotions', ['kind'], '1h', { model }), legend: '{{kind}}', exemplars: true }] }),
        series({ title: 'Incidents opened', description: 'By monitor, an hour.', bars: true, queries: [{ expr: q.increase('incidents', ['monitor'], '1h', { model }), legend: '{{monitor}}', exemplars: true }] }),
      ],
    },
    {
      title: 'Traffic',
      panels: [
        series({ title: 'Rows', description: 'Rows a second by kind and what became of them; refused ones are named in the answer.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('ingestRows', ['kind', 'result'], WINDOW, { model }), legend: '{{kind}} {{result}}' }] }),
        series({ title: 'Rows of closed panes', description: 'A pane that closes with few rows can show little.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('paneRows', ['model'], '15m', { model }), legend: 'rows' }] }),
        series({ title: 'Time of a predict call', description: 'Of the builtin target, all texts of a call.', unit: 's', min: 0, queries: [{ expr: q.quantile(0.5, 'predictSeconds', [], WINDOW, { model }), legend: 'median' }, { expr: q.quantile(0.99, 'predictSeconds', [], WINDOW, { model }), legend: '99 %' }] }),
        series({ title: 'Texts predicted', description: 'By the builtin target, a second.', unit: 'reqps', min: 0, queries: [{ expr: q.rate('predictRows', ['model'], WINDOW, { model }), legend: 'texts' }] }),
      ],
    },
  ],
});
