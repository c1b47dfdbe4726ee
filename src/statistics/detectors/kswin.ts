/** KSWIN: the newest rows against a sample of those before, by a Kolmogorov-Smirnov test at every row. (Raab, Heusinger and Schleif 2020) */
import { smirnovUpper } from '../kolmogorov.ts';
import { seededUniform } from '../random.ts';
import { NO_PROMISE, restarting, type Detector, type Signal } from './detector.ts';

export interface KswinOptions {
  readonly alpha: number;
  readonly window: number;
  /** Newest rows, and as many of the others. */
  readonly newest: number;
  readonly seed: number;
}

export const kswin: Detector<KswinOptions> = {
  name: 'KSWIN',
  ...NO_PROMISE,
  reads: 'values',
  defaults: { alpha: 0.005, window: 100, newest: 30, seed: 1 },
  start: (options = {}) => restarting(() => run({ ...kswin.defaults, ...options })),
};

/** D must exceed it too. */
const LEAST_GAP = 0.1;

function run({ alpha, window, newest, seed }: KswinOptions): (value: number) => Signal {
  // as river: every run draws the same places again
  const uniform = seededUniform(seed);
  const rows: number[] = [];
  return (value) => {
    rows.push(value);
    if (rows.length > window) rows.shift();
    if (rows.length < window) return 'none';
    const reach = largestGap(chosen(window - newest, newest, uniform).map((i) => rows[i] as number), rows.slice(window - newest));
    return reach / newest > LEAST_GAP && smirnovUpper(newest, newest, reach * newest) <= alpha ? 'drift' : 'none';
  };
}

/** `count` of the numbers below `from`, without repeats. */
function chosen(from: number, count: number, uniform: () => number): number[] {
  const all = Array.from({ length: from }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(uniform() * (from - i));
    [all[i], all[j]] = [all[j] as number, all[i] as number];
  }
  return all.slice(0, count);
}

/** Largest difference of the counts at or below any value, of two samples of one size. */
function largestGap(x: number[], y: number[]): number {
  x.sort((a, b) => a - b);
  y.sort((a, b) => a - b);
  let largest = 0;
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    const at = Math.min(x[i] as number, y[j] as number);
    while (i < x.length && x[i] === at) i++;
    while (j < y.length && y[j] === at) j++;
    largest = Math.max(largest, Math.abs(i - j));
  }
  return largest;
}
