/** The exam: the rows that champion and challenger both sit, and an adapter's marked sheet. */
import { TrimtabError } from '../errors.ts';
import type { TaskRules } from '../tasks/index.ts';

/** A row of the dataset's exam, as far as marking needs it. */
export interface ExamQuestion {
  readonly id: string;
  /** The canonical truth. */
  readonly label: string;
  /** Labelled inside `data.window`; the others test forgetting. */
  readonly window: boolean;
}

/** What a job predicted for one row. */
export interface ExamAnswer {
  readonly id: string;
  /** Canonical. */
  readonly label: string;
  readonly confidence: number;
}

export interface ExamMark extends ExamQuestion {
  readonly predicted: string;
  readonly confidence: number;
  /** In [0, 1]. */
  readonly score: number;
}

/** What one adapter answered to every row of an exam, in the exam's order. */
export interface ExamSheet {
  readonly rows: readonly ExamMark[];
}

/**
 * Marks an adapter's predictions.
 * @throws TrimtabError `bad-data` unless every exam row has exactly one prediction: a missing answer would flatter the adapter
 */
export function markExam(input: {
  exam: readonly ExamQuestion[];
  predictions: readonly ExamAnswer[];
  rules: Pick<TaskRules, 'score'>;
  /** `gates.metric` of the spec. */
  metric: string;
}): ExamSheet {
  const { exam, predictions, rules, metric } = input;
  const answers = new Map(predictions.map((p) => [p.id, p]));
  const missing = exam.find((row) => !answers.has(row.id));
  if (missing || answers.size !== exam.length || predictions.length !== exam.length) {
    throw new TrimtabError('bad-data', {
      what: 'predictions of the exam',
      problem: missing ? `row "${missing.id}" has no prediction` : `${predictions.length} predictions of ${answers.size} rows came for an exam of ${exam.length}`,
      right: 'exactly one prediction for each exam row is needed',
    });
  }
  const rows = exam.map(({ id, label, window }) => {
    const { label: predicted, confidence } = answers.get(id)!;
    return { id, label, window, predicted, confidence, score: rules.score(label, predicted, metric) };
  });
  return { rows };
}
