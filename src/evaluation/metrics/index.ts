/** What the answer to one exam row is worth, by metric: a score in [0, 1]. A new task adds its file and its line here. */
import type { ModelSpec } from '../../spec.ts';
import { accuracy } from './accuracy.ts';

/** The part of an exam row and of its answer that a metric sees. */
export interface Answer {
  readonly label: string;
  readonly predicted: string;
}

export interface Metric {
  readonly name: string;
  readonly tasks: readonly ModelSpec['task'][];
  readonly score: (answer: Answer) => number;
}

export const METRICS: Readonly<Record<ModelSpec['gates']['metric'], Metric>> = { accuracy };
