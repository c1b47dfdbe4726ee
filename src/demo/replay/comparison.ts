/** Follows each promotion on the window after it: was the promoted challenger worse than the champion that it replaced? */
import { compare } from '../../evaluation/comparison.ts';
import type { ExamMark } from '../../evaluation/exam.ts';
import type { ReplayRow } from './rows.ts';
import type { Succession } from './report.ts';

export interface Promoted {
  readonly stage: string;
  readonly run: string;
  readonly challenger: string;
  readonly champion: string;
}

/** Canonical answers of an adapter, in the order of the texts. */
export type AnswerOf = (adapter: string, texts: readonly string[]) => Promise<readonly string[]>;
/** What an answer to a row is worth, in [0, 1]. */
export type ScoreOf = (row: ReplayRow, answer: string) => number;

export interface Comparisons {
  open(promoted: Promoted): void;
  /** Scores the rows of a pane with both adapters of each comparison that still needs rows. */
  observe(rows: readonly ReplayRow[]): Promise<void>;
  /** Also those that ended early because the traffic did. */
  results(): Succession[];
}

const CONFIDENCE = 0.95;

/** `windowRows`: rows of the following window. */
export function createComparisons(windowRows: number, answerOf: AnswerOf, scoreOf: ScoreOf): Comparisons {
  const all: { promoted: Promoted; pairs: [ExamMark, ExamMark][] }[] = [];
  return {
    open: (promoted) => void all.push({ promoted, pairs: [] }),
    async observe(rows) {
      const texts = rows.map((row) => row.text);
      for (const { promoted, pairs } of all.filter((comparison) => comparison.pairs.length < windowRows)) {
        const challenger = await answerOf(promoted.challenger, texts);
        const champion = await answerOf(promoted.champion, texts);
        rows.forEach((row, i) => {
          const mark = (predicted = ''): ExamMark => ({ id: row.id, label: row.label, window: true, predicted, confidence: 1, score: scoreOf(row, predicted) });
          pairs.push([mark(challenger[i]), mark(champion[i])]);
        });
      }
    },
    results: () =>
      all.map(({ promoted, pairs }) => {
        const { estimate, interval } = compare(pairs).measure(CONFIDENCE);
        return { ...promoted, rows: pairs.length, difference: pairs.length === 0 ? 0 : estimate, interval };
      }),
  };
}
