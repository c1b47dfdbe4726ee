/**
 * Two sheets held against each other, row by row. Scores of 0 and 1 are compared by McNemar's exact test and Tango's interval,
 * others by the sign-flip test and the interval that turns it round; of 0/1 scores McNemar's is the sign-flip test in closed form.
 */
import { TrimtabError } from '../errors.ts';
import { mcnemar, rowsNeeded } from '../statistics/mcnemar.ts';
import { normalQuantile } from '../statistics/normal.ts';
import { pairedInterval } from '../statistics/paired-interval.ts';
import { signFlip } from '../statistics/sign-flip.ts';
import { subsetInterval } from '../statistics/subset-interval.ts';
import type { ExamMark } from './exam.ts';

/** Differences are the first sheet's score minus the second's. */
export interface Comparison {
  readonly n: number;
  /** Rows on which the first scored higher, and on which the second did. */
  readonly better: number;
  readonly worse: number;
  /** Sum of the differences. */
  readonly sum: number;
  /** Every difference is -1, 0 or 1. */
  readonly binary: boolean;
  /** p-value of "the first is at most as good". */
  superior(): number;
  /** p-value of "the first is at least as good". */
  inferior(): number;
  /** Mean difference; two-sided interval at `confidence`, each bound alone at (1 + confidence) / 2. */
  measure(confidence: number): { readonly estimate: number; readonly interval: readonly [number, number] };
  /** About how many such rows would show a lead, or a loss below the margin, with a power of 0.8; null when none would. */
  rowsNeeded(alpha: number, margin: number): number | null;
}

/** The draw of signs is always the same: a record must give the same numbers when it is judged again. */
const SEED = 1;
const POWER = 0.8;

export function compare(pairs: readonly (readonly [ExamMark, ExamMark])[]): Comparison {
  // in an order of their own, so that the draw does not depend on that of the sheets
  const sorted = [...pairs].sort(([a], [b]) => (a.id < b.id ? -1 : 1));
  const differences = sorted.map(([one, other]) => one.score - other.score);
  const better = differences.filter((d) => d > 0).length;
  const worse = differences.filter((d) => d < 0).length;
  const shared = { n: pairs.length, better, worse };
  return differences.every(Number.isInteger) ? binary(shared) : graded(shared, differences);
}

function binary(counts: { readonly n: number; readonly better: number; readonly worse: number }): Comparison {
  const { superior, inferior } = mcnemar(counts);
  return {
    ...counts,
    sum: counts.better - counts.worse,
    binary: true,
    superior: () => superior,
    inferior: () => inferior,
    measure: (confidence) => pairedInterval(counts, confidence),
    rowsNeeded: (alpha, margin) => rowsNeeded(counts, alpha, margin, POWER),
  };
}

function graded(counts: { readonly n: number; readonly better: number; readonly worse: number }, differences: readonly number[]): Comparison {
  const sum = differences.reduce((total, d) => total + d, 0);
  const estimate = sum / counts.n;
  const spread = Math.sqrt(differences.reduce((total, d) => total + (d - estimate) ** 2, 0) / Math.max(1, counts.n - 1));
  return {
    ...counts,
    sum,
    binary: false,
    superior: () => signFlip(differences, { seed: SEED }).p,
    inferior: () => signFlip(differences.map((d) => -d), { seed: SEED }).p,
    measure: (confidence) => ({ estimate, interval: subsetInterval(differences, confidence, { seed: SEED }) }),
    rowsNeeded: (alpha, margin) => {
      const distance = estimate + margin;
      return distance > 0 ? Math.ceil((((normalQuantile(1 - alpha) + normalQuantile(POWER)) * spread) / distance) ** 2) : null;
    },
  };
}

/** Rows of both sheets side by side. Sheets of different exams compared by position would decide on noise. @throws TrimtabError `bad-data` */
export function align(one: readonly ExamMark[], other: readonly ExamMark[]): [ExamMark, ExamMark][] {
  const byId = new Map(other.map((row) => [row.id, row]));
  const pairs = one.map((row): [ExamMark, ExamMark] => {
    const mate = byId.get(row.id);
    if (!mate || mate.label !== row.label || mate.window !== row.window) throw notTheSame(`row "${row.id}" differs`);
    return [row, mate];
  });
  if (byId.size !== pairs.length) throw notTheSame(`${pairs.length} rows against ${byId.size}`);
  return pairs;
}

function notTheSame(problem: string): TrimtabError {
  return new TrimtabError('bad-data', { what: 'exam sheets of champion and challenger', problem, right: 'both must sit the same exam' });
}
