import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mcnemar, rowsNeeded, type PairedCounts } from '../../src/statistics/mcnemar.ts';
import { normalCdf, normalQuantile } from '../../src/statistics/normal.ts';
import { pairedInterval } from '../../src/statistics/paired-interval.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { signFlip } from '../../src/statistics/sign-flip.ts';

interface Golden {
  mcnemar: { better: number; worse: number; superior: number; inferior: number; twoSided: number }[];
  interval: (PairedCounts & { confidence: number; interval: [number, number] })[];
  signFlip: { differences: number[]; p: number }[];
  normal: { z: number; p: number }[];
}
const golden = JSON.parse(readFileSync(new URL('golden/paired.json', import.meta.url), 'utf8')) as Golden;

const near = (actual: number, expected: number, relative: number) => expect(Math.abs(actual - expected), `${actual} against ${expected}`).toBeLessThanOrEqual(relative * Math.abs(expected));

/** Draws n rows of which a share `better` and a share `worse` differ. */
function draw(uniform: () => number, n: number, better: number, worse: number): PairedCounts {
  const counts = { n, better: 0, worse: 0 };
  for (let i = 0; i < n; i += 1) {
    const u = uniform();
    if (u < better) counts.better += 1;
    else if (u < better + worse) counts.worse += 1;
  }
  return counts;
}

test.each(golden.normal)('normal distribution at $z is scipy\'s', ({ z, p }) => {
  near(normalCdf(z), p, 1e-13);
  if (Math.abs(z) < 4) expect(normalQuantile(p)).toBeCloseTo(z, 9);
});

describe('McNemar', () => {
  test.each(golden.mcnemar)('$better against $worse is scipy\'s binomial test', (row) => {
    const p = mcnemar(row);
    near(p.superior, row.superior, 1e-11);
    near(p.inferior, row.inferior, 1e-11);
    near(p.twoSided, row.twoSided, 1e-11);
  });

  test('is symmetric, and more wins never raise the p-value', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (better, worse) => {
        const [p, swapped] = [mcnemar({ better, worse }), mcnemar({ better: worse, worse: better })];
        expect(p.superior).toBe(swapped.inferior);
        expect(mcnemar({ better: better + 1, worse }).superior).toBeLessThanOrEqual(p.superior);
        expect(p.superior).toBeGreaterThan(0);
        expect(p.superior + p.inferior).toBeGreaterThan(1 - 1e-9);
      }),
    );
  });

  test('the rows it asks for give about the power it promises', () => {
    const needed = rowsNeeded({ n: 1000, better: 70, worse: 40 }, 0.05)!;
    const uniform = seededUniform(5);
    let shown = 0;
    for (let i = 0; i < 1000; i += 1) if (mcnemar(draw(uniform, needed, 0.07, 0.04)).superior <= 0.05) shown += 1;
    // The exact test is a little short of the asymptotic promise of 80 %.
    expect(shown / 1000).toBeGreaterThan(0.73);
    expect(shown / 1000).toBeLessThan(0.86);
    expect(rowsNeeded({ n: 1000, better: 40, worse: 40 }, 0.05)).toBeNull();
  });
});

describe('paired interval', () => {
  test.each(golden.interval)('$better and $worse of $n at $confidence is Tango\'s, solved numerically by scipy', (row) => {
    const { interval } = pairedInterval(row, row.confidence);
    expect(interval[0]).toBeCloseTo(row.interval[0], 7);
    expect(interval[1]).toBeCloseTo(row.interval[1], 7);
  });

  test('is sound where no row differs, and mirrors when the two change places', () => {
    const z2 = normalQuantile(0.95) ** 2;
    const { estimate, interval } = pairedInterval({ n: 200, better: 0, worse: 0 }, 0.9);
    expect(estimate).toBe(0);
    expect(interval[1]).toBeCloseTo(z2 / (200 + z2), 9);
    expect(interval[0]).toBeCloseTo(-z2 / (200 + z2), 9);
    expect(pairedInterval({ n: 0, better: 0, worse: 0 }, 0.9).interval).toEqual([-1, 1]);
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), fc.nat(900), (better, worse, same) => {
        const n = better + worse + same;
        fc.pre(n > 0);
        const { interval: [low, high], estimate: e } = pairedInterval({ n, better, worse }, 0.9);
        const { interval: [otherLow, otherHigh] } = pairedInterval({ n, better: worse, worse: better }, 0.9);
        expect(low).toBeCloseTo(-otherHigh, 7);
        expect(high).toBeCloseTo(-otherLow, 7);
        expect(low <= e && e <= high && low >= -1 && high <= 1).toBe(true);
      }),
    );
  });

  test.each([[50, 0.06, 0.06], [200, 0.02, 0.05], [500, 0.07, 0.04], [1000, 0.01, 0.04]])('covers at %d rows with %f better and %f worse: each bound within 1.5 points of its nominal miss', (n, better, worse) => {
    const uniform = seededUniform(n);
    let [above, below] = [0, 0];
    const draws = 3000;
    for (let i = 0; i < draws; i += 1) {
      const { interval } = pairedInterval(draw(uniform, n, better, worse), 0.9);
      if (interval[0] > better - worse) above += 1;
      if (interval[1] < better - worse) below += 1;
    }
    for (const miss of [above / draws, below / draws]) {
      expect(miss).toBeLessThan(0.065);
      expect(miss).toBeGreaterThan(0.02);
    }
  });
});

describe('sign flip', () => {
  test.each(golden.signFlip)('of $differences is scipy\'s permutation test', ({ differences, p }) => {
    expect(signFlip(differences, { seed: 1 })).toMatchObject({ exact: true, p });
  });

  test('of 0/1 scores is McNemar\'s test, exactly for few rows and by chance for many', () => {
    const differences = (better: number, worse: number) => [...Array<number>(better).fill(1), ...Array<number>(worse).fill(-1), 0, 0, 0];
    expect(signFlip(differences(10, 4), { seed: 1 }).p).toBeCloseTo(mcnemar({ better: 10, worse: 4 }).superior, 12);
    const many = signFlip(differences(60, 40), { seed: 1 });
    expect(many.exact).toBe(false);
    expect(many.p).toBeCloseTo(mcnemar({ better: 60, worse: 40 }).superior, 2);
    expect(signFlip(differences(60, 40), { seed: 1 })).toEqual(many);
    expect(signFlip([], { seed: 1 }).p).toBe(1);
  });

  test('keeps its level when it draws', () => {
    const uniform = seededUniform(11);
    let rejected = 0;
    for (let i = 0; i < 400; i += 1) {
      const differences = Array.from({ length: 30 }, () => uniform() - uniform());
      if (signFlip(differences, { seed: i, rounds: 199 }).p <= 0.05) rejected += 1;
    }
    // 400 draws at 5 %: 20 expected, 36 is the 99.97 % point; none at all would be a broken test.
    expect(rejected).toBeLessThanOrEqual(36);
    expect(rejected).toBeGreaterThanOrEqual(6);
  });
});
