/** How one adapter did on an exam. */
import { meanInterval } from '../statistics/bounded-mean.ts';
import { clopperPearson } from '../statistics/intervals.ts';
import type { ExamMark, ExamSheet } from './exam.ts';

/** On the rows of the window; `older` on the others. The interval holds at 95 %: exact for scores of 0 and 1, else a bound that asks for nothing. */
export interface Standing {
  /** Mean score. */
  readonly score: number;
  readonly interval: readonly [number, number];
  readonly n: number;
  readonly older: { readonly score: number; readonly n: number } | null;
}

const LEVEL = 0.95;

export function standing({ rows }: ExamSheet): Standing {
  const current = rows.filter((row) => row.window);
  const older = rows.filter((row) => !row.window);
  return {
    score: current.length === 0 ? 0 : sum(current) / current.length,
    interval: current.length === 0 ? [0, 1] : intervalOf(current),
    n: current.length,
    older: older.length === 0 ? null : { score: sum(older) / older.length, n: older.length },
  };
}

function intervalOf(rows: readonly ExamMark[]): [number, number] {
  const total = sum(rows);
  const binary = rows.every(({ score }) => score === 0 || score === 1);
  const squares = rows.reduce((all, { score }) => all + score ** 2, 0);
  const { low, high } = binary ? clopperPearson(total, rows.length, LEVEL) : meanInterval({ n: rows.length, sum: total, squares }, LEVEL);
  return [low, high];
}

function sum(rows: readonly ExamMark[]): number {
  return rows.reduce((total, row) => total + row.score, 0);
}
