/** Between texts and numbers, by head: a labelled example becomes a row, a row's outputs become an answer. */
import type { EncodedRow } from '../batches.ts';
import type { Chat, Message } from '../../vocabulary.ts';
import type { Span, Units } from '../tags.ts';

/** What a text is given as: a text, or where the base has a chat template a chat. */
export type Input = string | Chat;

/** A row of a job's file; which fields it has, its task decides. */
export interface Example {
  readonly text?: string;
  readonly messages?: readonly Message[];
  readonly tools?: readonly object[];
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly spans?: readonly Span[];
  readonly positive?: string;
  readonly negatives?: readonly string[];
  readonly completion?: string;
  readonly weight?: number;
}

export interface EncodedExample {
  readonly row: EncodedRow;
  /** It, or one of its documents, was longer than the context. */
  readonly truncated: boolean;
  /** Spans that do not begin and end where units do. */
  readonly inexact: number;
  /** False when it has a label that the head does not know: it has no loss. */
  readonly known: boolean;
  /** Of an extraction. */
  readonly units: Units | null;
}

/** One of label, labels, spans, output; a vector where documents are searched. */
export interface Answer {
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly spans?: readonly Span[];
  readonly output?: string;
  readonly vector?: readonly number[];
  /** Of each label. */
  readonly scores?: readonly number[];
  /** Probability of the answer: its label's, or the geometric mean over its parts. */
  readonly confidence: number;
}

export interface Codec {
  example(example: Example): EncodedExample;
  /** An input that nobody has labelled. */
  question(input: Input): EncodedExample;
  /** What the outputs of a row say; of a generation only its parts that were generated say anything (`null`). */
  answer(question: EncodedExample, outputs: Float32Array): Answer | null;
}

export const NOTHING = new Int32Array(0);

/** The answer as the service keeps it: one string (src/tasks defines the form). */
export function canonicalAnswer({ label, labels, spans, output }: Answer): string {
  return label ?? output ?? JSON.stringify(labels?.toSorted() ?? spans ?? []);
}
