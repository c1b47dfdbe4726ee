/** How often an adapter was right, with an interval. */
import { wilson } from '../statistics/intervals.ts';
import type { Utterance } from './generator/world.ts';

export interface Score {
  readonly right: number;
  readonly rows: number;
}

export const NO_SCORE: Score = { right: 0, rows: 0 };

/** `answers` are labels in the order of the rows. @throws Error when they are not as many as the rows */
export function score(rows: readonly Utterance[], answers: readonly string[]): Score {
  if (rows.length !== answers.length) throw new Error(`${answers.length} answers to ${rows.length} rows`);
  return { right: rows.filter((row, i) => row.label === answers[i]).length, rows: rows.length };
}

export const add = (a: Score, b: Score): Score => ({ right: a.right + b.right, rows: a.rows + b.rows });
export const rate = (s: Score): number => (s.rows === 0 ? 0 : s.right / s.rows);

/** For example `87.3 % [84.1, 89.9]`; the interval is Wilson's, 95 %. */
export function show(s: Score): string {
  const { low, high } = wilson(s.right, s.rows, 0.95);
  const percent = (share: number) => (100 * share).toFixed(1);
  return `${percent(rate(s))} % [${percent(low)}, ${percent(high)}]`;
}
