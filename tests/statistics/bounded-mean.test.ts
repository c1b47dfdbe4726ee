import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bernsteinUpper, chernoffUpper, meanInterval, meanUpper, type Moments } from '../../src/statistics/bounded-mean.ts';
import { clopperPearsonUpper } from '../../src/statistics/intervals.ts';

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

it('is shorter where values vary little, and is Maurer and Pontil to the letter', () => {
  const steady = momentsOf(Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? 0.29 : 0.31)));
  expect(meanUpper(steady, 0.01)).toBeLessThan(chernoffUpper(0.3, 1_000, 0.01) - 0.01);
  const variance = (0.01 ** 2 * 1_000) / 999;
  const log = Math.log(2 / 0.01);
  expect(bernsteinUpper(steady, 0.01)).toBeCloseTo(0.3 + Math.sqrt((2 * variance * log) / 1_000) + (7 * log) / (3 * 999), 12);
});
