/** What a metric is: a score in [0, 1] for the answer to one exam row. */

/** The part of an exam row and of its answer that a metric sees. */
export interface Answer {
  readonly label: string;
  readonly predicted: string;
}

export interface Metric {
  readonly name: string;
  readonly score: (answer: Answer) => number;
}
