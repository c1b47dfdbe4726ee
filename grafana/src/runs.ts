/** Runs of all models: what goes on, what is stuck, what it costs. */
import { dashboard, q } from './frame.ts';
import { series, stat, WINDOW } from './panels.ts';

const model = { like: '$model' } as const;
const GOOD_AT_0 = [['green', null], ['red', 1]] as const;

export const runs = () => dashboard({
  uid: 'trimtab-runs',
  title: 'Trimtab / Runs',
  description: 'Runs: what goes on, what is stuck, how runs ended, what training costs.',
  model: 'many',
  rows: [
    {
      title: 'On course?',
      panels: [
        stat({ title: 'Longest in its state', description: 'Of runs that are neither watched nor wait for approval. Hours outside of train: it is stuck.', unit: 's', thresholds: [['green', null], ['orange', 3_600], ['red', 12 * 3_600]], queries: [{ expr: `max((time() - ${q.now('runEntered', ['model', 'state'], { model, state: { unlike: 'watch' } })}) unless on (model) ${q.now('runsAwaiting', ['model'], { model })}) or vector(0)` }] }),
        stat({ title: 'Failed, 24 h', description: 'Models whose last failed run ended within a day.', thresholds: GOOD_AT_0, queries: [{ expr: `count(time() - ${q.now('runFinished', ['model'], { model, outcome: 'failed' })} < 86400) or vector(0)` }] }),
        stat({ title: 'Wait for approval', description: 'Runs whose promotion a person has to let through.', thresholds: [['green', null], ['blue', 1]], queries: [{ expr: `sum(${q.now('runsAwaiting', ['model'], { model })}) or vector(0)` }] }),
        stat({ title: 'Oldest job in the queue', description: 'How long the oldest job that is due has waited: minutes mean that nobody moves runs.', unit: 's', thresholds: [['green', null], ['orange', 60], ['red', 300]], queries: [{ expr: q.now('queueAge', []) }] }),
        stat({ title: 'Jobs given up', description: 'Jobs of the queue that failed at every attempt.', thresholds: GOOD_AT_0, queries: [{ expr: q.now('queueJobs', [], { state: 'failed' }) }] }),
        stat({ title: 'Under way', description: 'Runs by state.', queries: [{ expr: `sum by (state) (${q.now('runs', ['model', 'state'], { model })})`, legend: '{{state}}' }] }),
      ],
    },
    {
      title: 'Stages',
      panels: [
        series({ title: 'Runs by state', description: 'Runs that are under way or watched.', min: 0, queries: [{ expr: `sum by (state) (${q.now('runs', ['model', 'state'], { model })})`, legend: '{{state}}' }] }),
        series({ title: 'Time in the state so far', description: 'Of the run that is longest in it.', unit: 's', min: 0, queries: [{ expr: `time() - ${q.now('runEntered', ['model', 'state'], { model })}`, legend: '{{model}} {{state}}' }] }),
        series({ title: 'Time spent in a state', description: 'Median and 90 % of the runs that left it within a day, all models.', unit: 's', min: 0, queries: [{ expr: q.quantile(0.5, 'runSeconds', ['state'], '1d'), legend: '{{state}} median', exemplars: true }, { expr: q.quantile(0.9, 'runSeconds', ['state'], '1d'), legend: '{{state}} 90 %' }] }),
        series({ title: 'Mean time in a state', description: 'Of the runs that left it within a day, all models.', unit: 's', min: 0, queries: [{ expr: q.mean('runSeconds', ['state'], '1d'), legend: '{{state}}' }] }),
        series({ title: 'States left', description: 'How often runs went on from a state, an hour, all models.', bars: true, queries: [{ expr: q.observed('runSeconds', ['state'], '1h'), legend: '{{state}}' }] }),
        series({ title: 'Outcomes', description: 'How runs ended, an hour; the diamonds are the runs.', bars: true, queries: [{ expr: q.increase('runOutcomes', ['outcome'], '1h', { model }), legend: '{{outcome}}', exemplars: true }] }),
        series({ title: 'Triggers', description: 'Reasons to retrain and what was decided, an hour.', bars: true, queries: [{ expr: q.increase('triggers', ['reason', 'decision'], '1h', { model }), legend: '{{reason}} {{decision}}' }] }),
        series({ title: 'Queue', description: 'Jobs of the queue that moves runs.', min: 0, queries: [{ expr: q.now('queueJobs', ['state']), legend: '{{state}}' }] }),
      ],
    },
    {
      title: 'Exams',
      panels: [
        series({ title: 'Challenger minus champion', description: 'Difference of the mean scores on the exam of the last run that was judged.', unit: 'percentunit', queries: [{ expr: `${q.now('exam', ['model'], { model, sitter: 'challenger', bound: 'estimate' })} - ${q.now('exam', ['model'], { model, sitter: 'champion', bound: 'estimate' })}`, legend: '{{model}}' }] }),
        series({ title: 'Rows of the exam', description: 'With few, nothing can be shown.', min: 0, queries: [{ expr: q.now('examRows', ['model'], { model }), legend: '{{model}}' }] }),
      ],
    },
    {
      title: 'Training',
      panels: [
        series({ title: 'Progress', description: 'Steps done of the training under way.', unit: 'percentunit', min: 0, max: 1, queries: [{ expr: q.now('trainingProgress', ['model'], { model }), legend: '{{model}}' }] }),
        series({ title: 'Loss', description: 'Of the training under way, in nats.', queries: [{ expr: q.now('trainingLoss', ['model'], { model }), legend: '{{model}}' }] }),
        series({ title: 'Speed', description: 'Tokens a second of the training under way.', min: 0, queries: [{ expr: q.now('trainingSpeed', ['model'], { model }), legend: '{{model}}' }] }),
        series({ title: 'Most memory', description: 'Of the last training job.', unit: 'bytes', min: 0, queries: [{ expr: q.now('trainingMemory', ['model'], { model }), legend: '{{model}}' }] }),
        series({ title: 'Time of jobs', description: 'Wall time of the jobs that ended, by device, an hour.', unit: 's', bars: true, queries: [{ expr: q.increase('trainingSeconds', ['kind', 'device'], '1h', { model }), legend: '{{kind}} on {{device}}', exemplars: true }] }),
        series({ title: 'Tokens', description: 'Tokens of the jobs that ended, a second.', min: 0, queries: [{ expr: q.rate('trainingTokens', ['kind'], WINDOW, { model }), legend: '{{kind}}' }] }),
      ],
    },
  ],
});
