/**
 * ADWIN: a window that drops its oldest rows as long as some cut of it shows two different means. Rows are held in
 * buckets of 1, 2, 4 ... rows, a few of each size. (Bifet and Gavalda, SDM 2007; the variance after Babcock et al. 2003)
 */
import { NO_PROMISE, restarting, type Detector, type Signal } from './detector.ts';

export interface AdwinOptions {
  readonly delta: number;
  /** Rows between two checks. */
  readonly clock: number;
  /** Buckets of each size. */
  readonly buckets: number;
  /** Rows on each side of a cut, at least. */
  readonly leastSide: number;
  readonly grace: number;
}

export const adwin: Detector<AdwinOptions> = {
  name: 'ADWIN',
  ...NO_PROMISE,
  reads: 'values',
  defaults: { delta: 0.002, clock: 32, buckets: 5, leastSide: 5, grace: 10 },
  start: (options = {}) => restarting(() => run({ ...adwin.defaults, ...options })),
};

/** Some rows: how many, their sum, and the sum of their squared distances from their mean. */
interface Rows {
  n: number;
  sum: number;
  squares: number;
}

/** What the squares grow by when two groups of rows are joined. */
function between(a: Rows, b: Rows): number {
  return (a.n * b.n * (a.sum / a.n - b.sum / b.n) ** 2) / (a.n + b.n);
}

function join(a: Rows, b: Rows): Rows {
  return { n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares + between(a, b) };
}

function run(options: AdwinOptions): (value: number) => Signal {
  // levels[i] holds buckets of 2^i rows, the oldest first
  const levels: Rows[][] = [[]];
  let window: Rows = { n: 0, sum: 0, squares: 0 };
  let ticks = 0;
  return (value) => {
    const row = { n: 1, sum: value, squares: 0 };
    window = window.n === 0 ? { ...row } : join(window, row);
    levels[0]?.push(row);
    compress(levels, options.buckets);
    ticks++;
    if (ticks % options.clock !== 0 || window.n <= options.grace) return 'none';
    let signal: Signal = 'none';
    while (differs(levels, window, options)) {
      signal = 'drift';
      window = withoutOldest(levels, window);
    }
    return signal;
  };
}

function compress(levels: Rows[][], most: number): void {
  for (let i = 0; (levels[i]?.length ?? 0) > most; i++) {
    const [a, b] = (levels[i] as Rows[]).splice(0, 2);
    if (levels.length === i + 1) levels.push([]);
    levels[i + 1]?.push(join(a as Rows, b as Rows));
  }
}

function withoutOldest(levels: Rows[][], window: Rows): Rows {
  const oldest = levels.at(-1)?.shift() as Rows;
  if (levels.at(-1)?.length === 0) levels.pop();
  const left = { n: window.n - oldest.n, sum: window.sum - oldest.sum, squares: 0 };
  left.squares = window.squares - oldest.squares - between(oldest, left);
  return left;
}

/** Whether a cut between two buckets shows two means. */
function differs(levels: readonly Rows[][], window: Rows, { delta, leastSide }: AdwinOptions): boolean {
  const log = Math.log((2 * Math.log(window.n)) / delta);
  const old = { n: 0, sum: 0 };
  for (let i = levels.length - 1; i >= 0; i--) {
    for (const bucket of (levels[i] as Rows[])) {
      old.n += bucket.n;
      old.sum += bucket.sum;
      const [n, sum] = [window.n - old.n, window.sum - old.sum];
      if (n < leastSide || old.n < leastSide) continue;
      const inverse = 1 / (old.n - leastSide + 1) + 1 / (n - leastSide + 1);
      const reach = Math.sqrt(2 * inverse * (window.squares / window.n) * log) + (2 / 3) * log * inverse;
      if (Math.abs(old.sum / old.n - sum / n) > reach) return true;
    }
  }
  return false;
}
