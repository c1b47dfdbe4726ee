/** The JSON forms of what people look at. */
import Type from 'typebox';
import type { AuditEntry } from '../../audit.ts';
import type { DatasetManifest } from '../../datasets/index.ts';
import type { LabelQueue } from '../../datasets/queue.ts';
import { QUEUE_WAYS } from '../../datasets/queue.ts';
import type { FleetRow, RunCourse, RunExam, ShownPrediction, Timeline } from '../../overview/index.ts';
import { ROLES, TASKS } from '../../vocabulary.ts';
import { integer, json, oneOf, orNull, text, time, view } from './common.ts';

const number = (description: string) => Type.Number({ description });
const numbers = (description: string) => Type.Array(Type.Number(), { description });
const perPoint = (description: string) => Type.Array(Type.Unsafe<number | null>({ type: ['null', 'number'] }), { description });

export const FleetView = view<FleetRow>('FleetRow', {
  model: text(), task: oneOf(TASKS), metric: text('what a score is'), live: json('adapter, version, and since when; null while nothing is live'),
  quality: json('mean score of the last seven days under the live adapter, its 95 % interval, labelled rows; of the exam while there are none; null before that'),
  incidents: json('those that are not resolved, newest first'), nextSchedule: orNull(time('when the schedule is due next')),
  run: json('the run under way, with the step of its job; null when there is none'),
});

export const TimelineView = view<Timeline>('Timeline', {
  model: text(), metric: text('what a score is'), from: time(), to: time(), whole: json('as far back as there is anything, and the last closed pane; null before one has closed'), panes: integer('closed panes in the span'),
  at: numbers('seconds since 1970, a value for each point; so are the other columns'), rows: numbers('predictions'), labelled: numbers('of which the outcome became known in the point'),
  score: perPoint('mean score'), low: perPoint('lower end of its 95 % interval'), high: perPoint('upper end'), confidence: perPoint('mean'), unseen: perPoint('mean share of unseen n-grams'),
  monitors: json('each with `share`: e-value over threshold, the highest of the point; it alarms at 1'),
  promotions: json('promotions and rollbacks, newest first'), incidents: json('newest first'), runs: json('newest first'),
});

export const RunCourseView = view<RunCourse>('RunCourse', {
  run: text(), trigger: json('why it began'), steps: json('states in order, each with its time and what the step said'),
  progress: json('of its jobs: step, loss, tokens per second'), result: json('what the training job came to; null while it runs'),
  cost: json('trained parameters against those of the base\'s linear layers, bytes of the adapter against those of the base; null while it trains'),
});

export const RunExamView = view<RunExam>('RunExam', {
  run: text(), metric: text('what a score is'), opponent: oneOf(['champion', 'base', 'trivial'], 'whom the challenger met'), rows: integer('of the exam'),
  better: integer('rows on which the challenger scored higher'), worse: integer('lower'), wrong: integer('rows on which the challenger was not entirely right'),
  examples: json('rows of the kind that was asked for, with both answers'), byLabel: json('mean score of both on the rows of each label'),
});

export const PredictionView = view<ShownPrediction>('Prediction', {
  id: text(), adapter: orNull(text('that answered')), input: text(), label: text('the canonical answer'), segment: orNull(text()),
  confidence: orNull(number('probability of the answer')), receivedAt: time(), truth: orNull(text('what became known first: the canonical truth')), score: orNull(number('or what the answer was worth')),
});

/** The manifest's own parts are written where it is made. */
export const DatasetView = Type.Unsafe<DatasetManifest>(
  Type.Object(
    {
      id: text('sha256 of the rest'), model: text(), runId: text('the run that it was made for'), createdAt: text(), recipe: json('how it was made'), counts: json('what is in it'),
      train: text('digest of its train rows'), exam: text('digest of its exam rows'), parents: Type.Array(text(), { description: 'the dataset before it' }),
      incidents: Type.Optional(json('that stand behind its run, each with the ids that it names as texts that moved and how many of them had labels and are trained on; missing without any')),
    },
    { $id: 'Dataset', title: 'Dataset', additionalProperties: true },
  ),
);

export const LabelQueueView = view<LabelQueue>('LabelQueue', {
  model: text(), by: oneOf(QUEUE_WAYS), adapter: orNull(text('the live adapter; null while nothing is live')), labels: Type.Array(text(), { description: 'to choose from; empty where labels are of no closed set' }),
  lookedAt: integer('predictions without a label that were looked at'), rows: json('each with why it stands here, and the incident that names it as a text that moved'),
});

export const AuditView = view<AuditEntry>('AuditEntry', {
  id: integer(), at: time(), who: text('name of the key'), role: oneOf(ROLES), action: text(), model: orNull(text()), subject: text('what it was done to'), reason: orNull(text()),
  outcome: orNull(text('done, or the code of the error that refused it; null: begun and never ended')), detail: orNull(text('what came of it, where the action does not say')),
});

export const OVERVIEW_VIEWS = [FleetView, TimelineView, RunCourseView, RunExamView, PredictionView, DatasetView, LabelQueueView, AuditView];
