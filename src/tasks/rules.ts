/**
 * What a task is to the service: how its truths and answers are checked and written as one canonical string, what an answer is
 * worth, and the form in which a job has them. Outside training everything is that string; `src/tasks` alone looks inside.
 */
import type { Chat, Task } from '../vocabulary.ts';

/** How many labels hold for one text: `single` has exactly one of them, `multi` any number, also none. */
export const LABELLINGS = ['single', 'multi'] as const;
export type Labelling = (typeof LABELLINGS)[number];

/** A part of a text; offsets in UTF-16 units as JavaScript counts, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/** A labelled row as the store has it: `label` is the canonical truth. */
export interface LabelledText {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly weight?: number;
  /** Of an embedding. */
  readonly negatives?: readonly string[];
}

interface RowOf {
  readonly id: string;
  readonly weight?: number;
}

/** A row of train.jsonl or exam.jsonl, by task. */
export type JobRow =
  | (RowOf & { readonly text: string; readonly label: string })
  | (RowOf & { readonly text: string; readonly labels: readonly string[] })
  | (RowOf & { readonly text: string; readonly spans: readonly Span[] })
  | (RowOf & { readonly text: string; readonly positive: string; readonly negatives?: readonly string[] })
  | (RowOf & { readonly text: string; readonly completion: string })
  | (RowOf & Chat & { readonly completion: string });

/** The answer in a line of predictions.jsonl, by task: exactly one of the fields. */
export interface JobAnswer {
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly spans?: readonly Span[];
  /** Digests of documents, best first. */
  readonly ranking?: readonly string[];
  readonly output?: string;
}

/** The fields that carry truths and answers from outside. */
export type Field = 'label' | 'labels' | 'spans' | 'document' | 'ranking' | 'completion' | 'output';

export interface TaskRules {
  readonly task: Task;
  readonly labelling: Labelling;
  /** Field of a feedback or import that holds the truth, and of a prediction that holds the answer. */
  readonly truthField: Field;
  readonly answerField: Field;
  /** Names of `score`'s metrics, the default first. */
  readonly metrics: readonly string[];
  /** Those of them whose scores are 0 or 1 and nothing between. */
  readonly binary: readonly string[];
  /** The canonical truth; with the text it belongs to, also checked against it. @throws TrimtabError `bad-data` */
  parseTruth(value: unknown, text?: string): string;
  /** The canonical answer, likewise. @throws TrimtabError `bad-data` */
  parseAnswer(value: unknown, text?: string): string;
  /** Why a canonical truth cannot belong to a text, or null: feedback comes without the text that it speaks of. */
  misfit(truth: string, text: string): string | null;
  /** What the answer is worth, in [0, 1]. Both canonical. @throws TrimtabError `bad-spec` for an unknown metric */
  score(truth: string, answer: string, metric: string): number;
  /** The structured form of a canonical row, for a job's files. */
  toJobRow(row: LabelledText): JobRow;
  /** The canonical answer of a job's prediction. @throws TrimtabError `bad-data` when it is not of this task */
  fromPrediction(prediction: JobAnswer): string;
  /** Structured again, for an answer over HTTP: the reverse of `parseAnswer` (a ranking stays digests). */
  answerValue(answer: string): unknown;
  /** Rows whose truths are of one group say the same: near-duplicates among them are superfluous, and groups are kept in balance. */
  groupOf(truth: string): string;
  /** Whether an answer does not even have the form that its metric asks for; null where answers always have it. */
  isMalformed(answer: string, metric: string): boolean | null;
  /** The truth as it came in: the reverse of `parseTruth`. */
  truthValue(truth: string): unknown;
  /** Labels of a small closed set that a truth or an answer has; null where the task has no such set. */
  labelsIn(canonical: string): readonly string[] | null;
  /** The best answer that needs no model, from the truths of the train rows; null: there is none, a random ranking is the floor. */
  trivial(truths: readonly string[]): string | null;
}
