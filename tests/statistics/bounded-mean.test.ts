import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chernoffUpper, meanInterval, meanLower, meanUpper, type Moments } from '../../src/statistics/bounded-mean.ts';
import { clopperPearsonUpper } from '../../src/statistics/intervals.ts';
import { seededUniform } from '../../src/statistics/random.ts';

const momentsOf = (values: number[]): Moments => ({ n: values.length, sum: values.reduce((a, x) => a + x, 0), squares: values.reduce((a, x) => a + x * x, 0) });

it('bounds lie on their sides of the mean, inside [0, 1]', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }), (values) => {
      const moments = momentsOf(values);
      const { low, high } = meanInterval(moments, 0.95);
      const mean = moments.sum / moments.n;
      expect(low).toBeGreaterThanOrEqual(0 - 1e-12);
      expect(low).toBeLessThanOrEqual(mean + 1e-9);
      expect(high).toBeGreaterThanOrEqual(mean - 1e-9);
      expect(high).toBeLessThanOrEqual(1);
    }),
  );
});

it('without values everything is possible', () => expect(meanUpper({ n: 0, sum: 0, squares: 0 }, 0.01)).toBe(1));

it('inverts the divergence: no hits in n gives 1 - miss^(1/n), and is no shorter than Clopper-Pearson', () => {
  expect(chernoffUpper(0, 100, 0.01)).toBeCloseTo(1 - 0.01 ** 0.01, 12);
  for (const [k, n] of [[3, 50], [25, 50], [500, 5_000]] as const) expect(chernoffUpper(k / n, n, 0.01)).toBeGreaterThan(clopperPearsonUpper(k, n, 0.01));
});

/** Maurer and Pontil, "Empirical Bernstein bounds" (2009), theorem 4: what knows the variance in most tools. */
function bernsteinUpper({ n, sum, squares }: Moments, miss: number): number {
  const variance = Math.max(0, squares - sum ** 2 / n) / (n - 1);
  const log = Math.log(2 / miss);
  return Math.min(1, sum / n + Math.sqrt((2 * variance * log) / n) + (7 * log) / (3 * (n - 1)));
}

it('is shorter where values vary little, and never longer than the smaller of Chernoff and Maurer and Pontil', () => {
  const steady = momentsOf(Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? 0.29 : 0.31)));
  expect(meanUpper(steady, 0.01)).toBeLessThan(0.3 + 0.005);
  expect(bernsteinUpper(steady, 0.01)).toBeGreaterThan(0.3 + 0.012);
  const inside = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(fc.integer({ min: 2, max: 100_000 }), inside, inside, fc.constantFrom(0.05, 0.01, 1e-3, 1e-5), (n, mean, share, miss) => {
    const moments = { n, sum: n * mean, squares: n * (mean ** 2 + share * mean * (1 - mean)) };
    expect(meanUpper(moments, miss)).toBeLessThanOrEqual(Math.min(chernoffUpper(mean, n, miss / 2), bernsteinUpper(moments, miss / 2)) + 1e-9);
  }), { numRuns: 300 });
});

it('is found from above: no mean between it and Chernoff\'s bound is left that nothing speaks against', () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.001, max: 1, noNaN: true }), (n, mean, share, at) => {
    const moments = { n, sum: n * mean, squares: n * (mean ** 2 + share * mean * (1 - mean)) };
    const [low, high] = [meanUpper(moments, 0.02), chernoffUpper(mean, n, 0.01)];
    if (low < high) expect(gradedAgainst(moments, low + at * (high - low))).toBeGreaterThanOrEqual(100 * (1 - 1e-6));
  }), { numRuns: 300 });
});

/** The evidence that the file states, at a miss of 0.01, written anew. */
function gradedAgainst({ n, sum, squares }: Moments, u: number): number {
  const m = 1 - u;
  if (m <= 0) return Infinity;
  const bets = [4, 16, 64, 256, Infinity].map((part) => Math.min(0.95 / m, 1_000, Math.sqrt(2 * Math.log(100) * part / n)));
  const logs = bets.map((lambda) => lambda * (n * (1 - m) - sum) - ((-Math.log(1 - lambda * m) - lambda * m) / m ** 2) * (squares - 2 * (1 - m) * sum + n * (1 - m) ** 2));
  return logs.reduce((total, log) => total + Math.exp(log) / logs.length, 0);
}

it('covers, also where a rare value is far from all others', () => {
  const uniform = seededUniform(3);
  const laws: readonly (readonly [mean: number, draw: () => number])[] = [
    [0.5, uniform], [1 / 3, () => uniform() ** 2], [0.02, () => (uniform() < 0.02 ? 1 : 0)], [0.3 + 0.05 * 0.7, () => (uniform() < 0.05 ? 1 : 0.3)], [0.9, () => (uniform() < 0.1 ? 0 : 1)], [0.205, () => 0.2 + 0.01 * uniform()],
  ];
  for (const [mean, draw] of laws) {
    for (const n of [30, 300]) {
      const missed = Array.from({ length: 400 }, () => momentsOf(Array.from({ length: n }, draw))).filter((moments) => mean > meanUpper(moments, 0.05) || mean < meanLower(moments, 0.05)).length;
      // two ends of 5 % each, and three deviations
      expect(missed / 400).toBeLessThan(0.1 + 3 * Math.sqrt((0.1 * 0.9) / 400));
    }
  }
});
