/**
 * What a pane brings, as a table: the chance of each sum, and the evidence that the detector takes from it. With it a simulated pane
 * costs one uniform number and the detector's own step (`raiseBy`), so that 400 runs of 100,000 panes take seconds.
 */
import { BETS } from '../../src/statistics/bets.ts';
import { logEvidence } from '../../src/statistics/e-detector.ts';
import { logFactorial } from '../../src/statistics/gamma.ts';

export type Uniform = () => number;

/** Chances of the sums `sums[i]` of a pane of n rows. */
export interface Chances {
  readonly n: number;
  readonly sums: Float64Array;
  readonly chances: Float64Array;
}

export interface Law {
  /** Distribution function over outcomes; the last is 1. */
  readonly below: Float64Array;
  /** L of each bet, by outcome. */
  readonly evidence: readonly Float64Array[];
  /** The next pane's law, by outcome; left out: a matter of time alone. */
  readonly next?: Uint8Array;
}

export function lawOf({ n, sums, chances }: Chances, m: number, divisor = 1, next?: Uint8Array): Law {
  let sum = 0;
  const below = chances.map((chance) => (sum += chance));
  below[below.length - 1] = 1;
  const evidence = Array.from(sums, (s) => Float64Array.from(logEvidence(m, { n, s }), (log) => Math.exp(log / divisor)));
  if (evidence.some((each) => each.length !== BETS)) throw new Error('a bet is missing');
  return { below, evidence, ...(next === undefined ? {} : { next }) };
}

export function draw(below: Float64Array, uniform: Uniform): number {
  const u = uniform();
  let i = 0;
  while ((below[i] as number) <= u) i++;
  return i;
}

export function binomial(n: number, p: number): Chances {
  const log = (k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p);
  return { n, sums: Float64Array.from({ length: n + 1 }, (_, k) => k), chances: Float64Array.from({ length: n + 1 }, (_, k) => Math.exp(log(k))) };
}

/** Rows of users who come back: all of a user's 1 to 4 rows are alike with chance `alike`, else each for itself. One contribution a user: the mean of the rows. */
export function clustered(users: number, p: number, alike: number): Chances {
  const PARTS = 12;
  const one = new Float64Array(PARTS + 1);
  for (let rows = 1; rows <= 4; rows++) {
    const { chances } = binomial(rows, p);
    chances.forEach((chance, hits) => {
      const at = (hits * PARTS) / rows;
      one[at] = (one[at] as number) + ((1 - alike) * chance) / 4;
    });
    one[PARTS] = (one[PARTS] as number) + (alike * p) / 4;
    one[0] = (one[0] as number) + (alike * (1 - p)) / 4;
  }
  let all = Float64Array.of(1);
  for (let user = 0; user < users; user++) all = convolved(all, one);
  return { n: users, sums: Float64Array.from(all, (_, i) => i / PARTS), chances: all };
}

function convolved(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(a.length + b.length - 1);
  a.forEach((x, i) => b.forEach((y, j) => (sum[i + j] = (sum[i + j] as number) + x * y)));
  return sum;
}

/**
 * A first-order autoregression of 0/1 rows: each is its forerunner with chance phi, else fresh. Outcomes are the sum of the
 * block and its last row: index 2 s + last.
 */
export function sticky(n: number, p: number, phi: number, before: 0 | 1): { chances: Chances; next: Uint8Array } {
  let at = new Float64Array(2 * (n + 1));
  at[before] = 1;
  for (let row = 0; row < n; row++) {
    const moved = new Float64Array(2 * (n + 1));
    for (let i = 0; i < at.length; i++) {
      if (at[i] === 0) continue;
      const [s, last] = [i >> 1, i & 1];
      const hit = phi * last + (1 - phi) * p;
      const up = 2 * (s + 1) + 1;
      if (up < moved.length) moved[up] = (moved[up] as number) + hit * (at[i] as number);
      moved[2 * s] = (moved[2 * s] as number) + (1 - hit) * (at[i] as number);
    }
    at = moved;
  }
  return { chances: { n, sums: Float64Array.from(at, (_, i) => i >> 1), chances: at }, next: Uint8Array.from(at, (_, i) => i & 1) };
}
