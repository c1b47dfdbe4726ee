/**
 * The monitors: what each watches in a profile, what the reference allows it, and its share of the alarm budget.
 * Each watches rises only, of something that does harm: loss (1 - score), doubt (1 - confidence), one predicted label's share,
 * n-grams that no train row has, outputs without their form. What there is to watch depends on the task.
 */
import { UNIT, type Profile, type ReferenceBody } from '../profile/index.ts';
import { milliseconds, type ModelSpec } from '../spec.ts';
import { meanUpper, type Moments } from '../statistics/bounded-mean.ts';
import { clopperPearsonUpper } from '../statistics/intervals.ts';
import { taskRules, type Labelling, type TaskRules } from '../tasks/index.ts';
import type { MonitorKind, Task } from '../vocabulary.ts';

export interface Monitor {
  readonly kind: MonitorKind;
  /** Share of the budget; all shares of a task's monitors together are 1. */
  readonly weight: number;
  /** Rows are 0 or 1: their exact bounds and intervals apply. */
  binary(reference: ReferenceBody): boolean;
  /** Per stream, sums of the watched values; one stream, except for labels. */
  moments(profile: Profile): Moments[];
  /** Name of a stream, to be shown; null where there is one only. */
  nameOf(reference: ReferenceBody, stream: number): string | null;
}

/** The last stream of `labels`: labels that the reference does not have. */
export const NEW_LABEL = '(a label that the reference does not have)';
const OTHER_LABEL = '(one of the rarer labels)';

const ones = (n: number, hits: number): Moments => ({ n, sum: hits, squares: hits });

type Watched = Omit<Monitor, 'weight'>;

const WATCHED: { readonly [K in MonitorKind]: Watched } = {
  error: {
    kind: 'error',
    binary: ({ scoring }) => rulesOfReference({ scoring }).binary.includes(scoring.metric),
    // of 1 - score
    moments: ({ outcome: { labelled, loss, squares } }) => [{ n: labelled, sum: loss / UNIT, squares: squares / UNIT }],
    nameOf: () => null,
  },
  confidence: {
    kind: 'confidence',
    binary: () => false,
    // of 1 - x
    moments: ({ confidence: { count, sum, squares } }) => [{ n: count, sum: count - sum / UNIT, squares: count - (2 * sum - squares) / UNIT }],
    nameOf: () => null,
  },
  labels: {
    kind: 'labels',
    binary: () => true,
    moments: ({ rows, labels }) => [...labels.counts, labels.other, labels.unseen].map((hits) => ones(rows, hits)),
    nameOf: (reference, stream) => nameOfLabel(reference, stream),
  },
  unseen: {
    kind: 'unseen',
    binary: () => false,
    moments: ({ unseen: { rows, sum, squares } }) => [{ n: rows, sum: sum / UNIT, squares: squares / UNIT }],
    nameOf: () => null,
  },
  format: {
    kind: 'format',
    binary: () => true,
    moments: ({ format: { rows, bad } }) => [ones(rows, bad)],
    nameOf: () => null,
  },
};

const weighted = (weights: { readonly [K in MonitorKind]?: number }): readonly Monitor[] =>
  Object.values(WATCHED).flatMap((watched) => (weights[watched.kind] === undefined ? [] : [{ ...watched, weight: weights[watched.kind] as number }]));

const WITH_LABELS = weighted({ error: 0.5, confidence: 0.15, labels: 0.15, unseen: 0.2 });

/** Shares of predicted labels only where labels are a small closed set, form only where an output has one. */
export const MONITORS: Readonly<Record<Task, readonly Monitor[]>> = {
  classification: WITH_LABELS,
  extraction: WITH_LABELS,
  embedding: weighted({ error: 0.55, confidence: 0.2, unseen: 0.25 }),
  generation: weighted({ error: 0.5, confidence: 0.15, unseen: 0.2, format: 0.15 }),
};

/** The monitors of what a reference belongs to. */
export const monitorsFor = ({ scoring }: Pick<ReferenceBody, 'scoring'>): readonly Monitor[] => MONITORS[scoring.task];

/** The rules that a reference's rows were scored by. */
export function rulesOfReference({ scoring }: Pick<ReferenceBody, 'scoring'>): TaskRules {
  return taskRules(scoring.task, scoring.labelling as Labelling);
}

function nameOfLabel(reference: ReferenceBody, stream: number): string {
  const counted = reference.profile.labels.counts.length;
  if (stream < counted) return reference.labels[stream] ?? NEW_LABEL;
  return stream === counted ? OTHER_LABEL : NEW_LABEL;
}

/** How sure the bounds of the reference are: any of them lies below its true mean with this chance at most, all streams of a model together; a monitor's share is its weight. */
export const REFERENCE_MISS = 0.02;
/** Sums are rounded to units of 2^-20 a value: so much may a mean be off. */
const ROUNDING = 1 / UNIT;

/** Per stream what the reference measured and what is still on course. */
export interface Course {
  readonly reference: Moments;
  /** Upper 99 % bound of the reference's mean. */
  readonly upper: number;
  /** min(1, upper + tolerance): the detector's m. */
  readonly m: number;
}

/** The course of each stream of a monitor; null when the reference has no rows for it, since then nothing can be said. */
export function courseOf(monitor: Monitor, reference: ReferenceBody, tolerance: number): Course[] | null {
  const streams = monitor.moments(reference.profile);
  if (streams.some((each) => each.n === 0)) return null;
  const miss = (REFERENCE_MISS * monitor.weight) / streams.length;
  const binary = monitor.binary(reference);
  return streams.map((each) => {
    const upper = binary ? clopperPearsonUpper(each.sum, each.n, miss) : Math.min(1, meanUpper(each, miss) + ROUNDING);
    return { reference: each, upper, m: Math.min(1, upper + tolerance + (binary ? 0 : ROUNDING)) };
  });
}

/** The e-value at which a monitor alarms: with weights that sum to 1, all monitors together keep the model's budget. */
export function thresholdOf(monitor: Monitor, spec: ModelSpec['monitor']): number {
  const panes = milliseconds(spec.alarmBudget.per) / milliseconds(spec.pane);
  return panes / spec.alarmBudget.maxFalseAlarms / monitor.weight;
}
