/** Follows each promotion on the window after it: was the promoted challenger worse than the champion that it replaced? */
import { pairedInterval } from '../../statistics/paired-interval.ts';
import type { ReplayRow } from './rows.ts';
import type { Succession } from './report.ts';

export interface Promoted {
  readonly stage: string;
  readonly run: string;
  readonly challenger: string;
  readonly champion: string;
}

/** Labels that an adapter answers, in the order of the texts. */
export type AnswerOf = (adapter: string, texts: readonly string[]) => Promise<readonly string[]>;

export interface Comparisons {
  open(promoted: Promoted): void;
  /** Scores the rows of a pane with both adapters of each comparison that still needs rows. */
  observe(rows: readonly ReplayRow[]): Promise<void>;
  /** Also those that ended early because the traffic did. */
  results(): Succession[];
}

const CONFIDENCE = 0.95;

/** `windowRows`: rows of the following window. */
export function createComparisons(windowRows: number, answerOf: AnswerOf): Comparisons {
  const all: { promoted: Promoted; n: number; better: number; worse: number }[] = [];
  return {
    open: (promoted) => void all.push({ promoted, n: 0, better: 0, worse: 0 }),
    async observe(rows) {
      const texts = rows.map((row) => row.text);
      for (const comparison of all.filter(({ n }) => n < windowRows)) {
        const challenger = await answerOf(comparison.promoted.challenger, texts);
        const champion = await answerOf(comparison.promoted.champion, texts);
        rows.forEach((row, i) => {
          const [now, then] = [challenger[i] === row.label, champion[i] === row.label];
          comparison.n += 1;
          if (now && !then) comparison.better += 1;
          if (then && !now) comparison.worse += 1;
        });
      }
    },
    results: () =>
      all.map(({ promoted, ...counts }) => {
        const { estimate, interval } = pairedInterval(counts, CONFIDENCE);
        return { ...promoted, rows: counts.n, difference: counts.n === 0 ? 0 : estimate, interval };
      }),
  };
}
