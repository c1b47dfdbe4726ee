/**
 * The monitors: what each watches in a profile, what the reference allows it, and its share of the alarm budget.
 * Each watches rises only, of something that does harm: errors, doubt (1 - confidence), one predicted label's share,
 * n-grams that no train row has.
 */
import { UNIT, type Profile, type ReferenceBody } from '../profile/index.ts';
import { milliseconds, type ModelSpec } from '../spec.ts';
import { meanUpper, type Moments } from '../statistics/bounded-mean.ts';
import { clopperPearsonUpper } from '../statistics/intervals.ts';
import type { MonitorKind } from '../vocabulary.ts';

export interface Monitor {
  readonly kind: MonitorKind;
  /** Share of the budget; all shares together are 1. */
  readonly weight: number;
  /** Rows are 0 or 1: their exact bounds and intervals apply. */
  readonly binary: boolean;
  /** Per stream, sums of the watched values; one stream, except for labels. */
  moments(profile: Profile): Moments[];
  /** Name of a stream, to be shown; null where there is one only. */
  nameOf(reference: ReferenceBody, stream: number): string | null;
}

/** The last stream of `labels`: labels that the reference does not have. */
export const NEW_LABEL = '(a label that the reference does not have)';
const OTHER_LABEL = '(one of the rarer labels)';

const ones = (n: number, hits: number): Moments => ({ n, sum: hits, squares: hits });

export const MONITORS: readonly Monitor[] = [
  {
    kind: 'error',
    weight: 0.5,
    binary: true,
    moments: ({ outcome }) => [ones(outcome.labelled, outcome.errors)],
    nameOf: () => null,
  },
  {
    kind: 'confidence',
    weight: 0.15,
    binary: false,
    // of 1 - x
    moments: ({ confidence: { count, sum, squares } }) => [{ n: count, sum: count - sum / UNIT, squares: count - (2 * sum - squares) / UNIT }],
    nameOf: () => null,
  },
  {
    kind: 'labels',
    weight: 0.15,
    binary: true,
    moments: ({ rows, labels }) => [...labels.counts, labels.other, labels.unseen].map((hits) => ones(rows, hits)),
    nameOf: (reference, stream) => nameOfLabel(reference, stream),
  },
  {
    kind: 'unseen',
    weight: 0.2,
    binary: false,
    moments: ({ unseen: { rows, sum, squares } }) => [{ n: rows, sum: sum / UNIT, squares: squares / UNIT }],
    nameOf: () => null,
  },
];

function nameOfLabel(reference: ReferenceBody, stream: number): string {
  const counted = reference.profile.labels.counts.length;
  if (stream < counted) return reference.labels[stream] ?? NEW_LABEL;
  return stream === counted ? OTHER_LABEL : NEW_LABEL;
}

/** How sure the bound of the reference is: it lies below the true mean with this chance at most, all streams of a monitor together. */
export const REFERENCE_MISS = 0.01;
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
  const miss = REFERENCE_MISS / streams.length;
  return streams.map((each) => {
    const upper = monitor.binary ? clopperPearsonUpper(each.sum, each.n, miss) : Math.min(1, meanUpper(each, miss) + ROUNDING);
    return { reference: each, upper, m: Math.min(1, upper + tolerance + (monitor.binary ? 0 : ROUNDING)) };
  });
}

/** The e-value at which a monitor alarms: with weights that sum to 1, all monitors together keep the model's budget. */
export function thresholdOf(monitor: Monitor, spec: ModelSpec['monitor']): number {
  const panes = milliseconds(spec.alarmBudget.per) / milliseconds(spec.pane);
  return panes / spec.alarmBudget.maxFalseAlarms / monitor.weight;
}
