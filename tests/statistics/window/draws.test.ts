import { describe, expect, test } from 'vitest';
import { drawHypergeometric, drawNormal, drawPoisson } from '../../../src/statistics/draw.ts';
import { seededUniform } from '../../../src/statistics/random.ts';
import * as window from '../../../src/statistics/window/index.ts';
import { sequentialP } from '../../../src/statistics/window/permutations.ts';

const ROUNDS = 20_000;
const moments = (draw: () => number) => {
  const values = Array.from({ length: ROUNDS }, draw);
  const mean = values.reduce((a, b) => a + b, 0) / ROUNDS;
  return { values, mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (ROUNDS - 1) };
};
/** Within five standard errors of the mean, and 6 % of the variance (five of its own). */
const check = ({ mean, variance }: { mean: number; variance: number }, truth: number, spread: number) => {
  expect(Math.abs(mean - truth)).toBeLessThanOrEqual(5 * Math.sqrt(spread / ROUNDS));
  expect(Math.abs(variance / spread - 1)).toBeLessThanOrEqual(0.06);
};

describe('random counts', () => {
  test.each([[5, 7, 4], [7, 5, 9], [40, 1_000, 300], [1_000, 40, 300], [900_000, 1_100_000, 30_000], [3, 1_999_997, 1_000_000]])('of %d good and %d bad', (good, bad, sample) => {
    const uniform = seededUniform(1);
    const all = good + bad;
    const found = moments(() => drawHypergeometric(good, bad, sample, uniform));
    check(found, (sample * good) / all, (sample * (good / all) * (bad / all) * (all - sample)) / (all - 1));
    expect(found.values.every((x) => x >= Math.max(0, sample - bad) && x <= Math.min(good, sample))).toBe(true);
  });

  test('the chances themselves: of 5 good and 7 bad, 4 drawn', () => {
    const uniform = seededUniform(3);
    const { values } = moments(() => drawHypergeometric(5, 7, 4, uniform));
    // C(5, k) C(7, 4 - k) / 495
    [35, 175, 210, 70, 5].forEach((ways, k) => {
      const p = ways / 495;
      expect(Math.abs(values.filter((x) => x === k).length / ROUNDS - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / ROUNDS));
    });
  });

  test.each([0.3, 4, 9.99, 10, 55, 1e6])('Poisson of mean %d', (mean) => {
    const uniform = seededUniform(2);
    check(moments(() => drawPoisson(mean, uniform)), mean, mean);
  });
});

test('a sequential permutation p-value keeps its level, and stops early under the null', () => {
  const uniform = seededUniform(8);
  let [hits, calls] = [0, 0];
  for (let i = 0; i < 2_000; i++) {
    const p = sequentialP(uniform(), 999, () => {
      calls++;
      return uniform();
    });
    if (p <= 0.05) hits++;
  }
  expect(hits / 2_000).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 2_000));
  expect(hits / 2_000).toBeGreaterThan(0.035);
  expect(calls / 2_000).toBeLessThan(400);
});

describe('intervals cover the truth', () => {
  // two laws whose distances are known
  const [p, q] = [[0.4, 0.3, 0.2, 0.1], [0.3, 0.3, 0.2, 0.2]];
  const pooled = p.map((x, i) => (x + (q[i] as number)) / 2);
  const truth = {
    totalVariation: 0.1, lInfinity: 0.1, kolmogorovSmirnov: 0.1,
    hellinger: Math.sqrt(p.reduce((sum, x, i) => sum + (Math.sqrt(x) - Math.sqrt(q[i] as number)) ** 2, 0) / 2),
    jensenShannon: Math.sqrt(p.reduce((sum, x, i) => sum + x * Math.log2(x / (pooled[i] as number)) + (q[i] as number) * Math.log2((q[i] as number) / (pooled[i] as number)), 0) / 2),
    psi: p.reduce((sum, x, i) => sum + ((q[i] as number) - x) * Math.log((q[i] as number) / x), 0),
    chiSquare: Math.sqrt(p.reduce((sum, x, i) => sum + ((q[i] as number) - x) ** 2 / (pooled[i] as number), 0)),
  };
  test.each(Object.entries(truth))('%s, where there is drift and where there is none', (name, apart) => {
    const measure = window[name as keyof typeof truth];
    for (const [current, value] of [[q, apart], [p, 0]] as const) {
      const uniform = seededUniform(6);
      let covered = 0;
      for (let i = 0; i < 200; i++) {
        const { interval } = measure({ reference: p.map((x) => drawPoisson(600 * x, uniform)), current: current.map((x) => drawPoisson(600 * x, uniform)) }, { resamples: 200, seed: i });
        if (interval.low <= value && value <= interval.high) covered++;
      }
      // 95 % less three standard errors
      expect(covered / 200).toBeGreaterThanOrEqual(0.9);
    }
  });
});

describe('mean discrepancy', () => {
  const [DIMS, ROWS] = [64, 60];
  const texts = (other: number, uniform: () => number) => Array.from({ length: ROWS }, () => window.unitOf(window.hashedFeatures(Array.from({ length: 6 }, () => Math.imul(Math.floor(40 ** uniform()) + (uniform() < other ? 500 : 0), 0x9e3779b1) >>> 0), DIMS)));

  test('keeps its level and finds another vocabulary; its interval does the same', () => {
    const uniform = seededUniform(12);
    let [alarms, sure] = [0, 0];
    for (let i = 0; i < 200; i++) {
      const { p, interval } = window.meanDiscrepancy(texts(0, uniform), texts(0, uniform), DIMS, { draws: 99, seed: i, resamples: 60 });
      if ((p ?? 0) <= 0.05) alarms++;
      if (interval.low > 0) sure++;
    }
    expect(alarms).toBeLessThanOrEqual(20);
    expect(sure).toBeLessThanOrEqual(12);
    const moved = window.meanDiscrepancy(texts(0, uniform), texts(0.5, uniform), DIMS, { draws: 999 });
    expect(moved.p).toBeLessThanOrEqual(0.002);
    expect(moved.interval.low).toBeGreaterThan(0);
  });

  test('features of vectors see a change of spread that means do not', () => {
    const uniform = seededUniform(13);
    const rows = (deviation: number) => Array.from({ length: 150 }, () => Array.from({ length: 4 }, () => deviation * drawNormal(uniform)));
    const [reference, current] = [rows(1), rows(1.8)];
    const map = window.fourierFeatures({ dims: 4, features: 64, bandwidth: window.medianDistance(reference) });
    const units = (each: number[][]) => each.map((row) => window.unitOf(window.denseFeatures(map(row))));
    expect(window.meanDiscrepancy(units(reference), units(current), 64, { reach: Math.SQRT2 }).p).toBeLessThanOrEqual(0.005);
    const plain = (each: number[][]) => each.map((row) => window.unitOf(window.denseFeatures(row)));
    expect(window.meanDiscrepancy(plain(reference), plain(current), 4).p).toBeGreaterThan(0.02);
    expect(() => map([1])).toThrow(RangeError);
  });

  test('balanced features keep the level, and a rare word weighs more than a frequent one', () => {
    const uniform = seededUniform(15);
    const rows = (count: number) => Array.from({ length: count }, () => window.hashedFeatures(Array.from({ length: 6 }, () => Math.floor(60 ** uniform())), DIMS));
    let alarms = 0;
    for (let i = 0; i < 200; i++) {
      const units = window.balancedUnits(rows(40), rows(40), DIMS);
      if ((window.meanDiscrepancy(units.reference, units.current, DIMS, { draws: 99, seed: i, resamples: 2 }).p ?? 0) <= 0.05) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(20);
    // feature 0 is in all four rows, feature 1 in one: mean squares 7/8 and 1/8
    const half = Math.SQRT1_2;
    const [plain, both] = [{ at: [0], value: [1] }, { at: [0, 1], value: [half, half] }];
    const { reference, current } = window.balancedUnits([plain, plain], [plain, both], 2);
    expect(reference[0]?.sum.value[0]).toBeCloseTo(((3 + 0.5) / 4) ** -0.25, 12);
    expect(current[1]?.sum.value[1]).toBeCloseTo(half * 0.125 ** -0.25, 12);
  });

  test('rows, clusters and no rows', () => {
    const uniform = seededUniform(14);
    expect(window.meanDiscrepancy([], texts(0, uniform), DIMS)).toMatchObject({ statistic: 0, p: null, guarantee: 'none', interval: { low: 0, high: 2 } });
    expect(window.hashedFeatures([], DIMS)).toEqual(window.hashedFeatures(new Set<number>(), DIMS));
  });
});
