/** What a replay knows of its task: how rows are sent, asked for and scored. */
import { chatIn, type TaskRules } from '../../tasks/index.ts';
import type { Answered } from '../../promotion/targets/builtin.ts';
import type { ReplayRow } from './rows.ts';

export interface Scoring {
  readonly rules: TaskRules;
  readonly metric: string;
  /** Embedding: what is searched, the same from the first row to the last. */
  readonly documents?: readonly string[];
  /** In [0, 1]. */
  score(row: ReplayRow, answer: string): number;
  /** Fields of a row's text and truth, and of an answer, as ingest takes them. */
  text(row: ReplayRow, name: 'text' | 'input'): object;
  truth(row: ReplayRow): object;
  answer(answered: Answered): object;
}

/** `rows`: all of the replay. */
export function createScoring(rules: TaskRules, metric: string, rows: readonly ReplayRow[]): Scoring {
  const documents = [...new Set(rows.map((row) => row.label))].sort();
  return {
    rules,
    metric,
    ...(rules.task === 'embedding' ? { documents } : {}),
    score: (row, answer) => rules.score(row.label, answer, metric),
    text: ({ text }, name) => (rules.task === 'generation' ? chatIn(text) : null) ?? { [name]: text },
    truth: ({ label }) => ({ [rules.truthField]: rules.truthValue(label) }),
    answer: ({ label, ranking }) => ({ [rules.answerField]: ranking === undefined ? rules.answerValue(label) : ranking.map(({ document }) => documents[document]) }),
  };
}
