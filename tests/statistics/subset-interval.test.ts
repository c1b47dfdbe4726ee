import { expect, test } from 'vitest';
import { seededUniform } from '../../src/statistics/random.ts';
import { signFlip } from '../../src/statistics/sign-flip.ts';
import { subsetInterval } from '../../src/statistics/subset-interval.ts';

const seed = { seed: 1 };

test('no rows, and rows too few for the confidence, say nothing', () => {
  expect(subsetInterval([], 0.9, seed)).toEqual([-1, 1]);
  expect(subsetInterval([0.1], 0.9, seed)).toEqual([-1, 1]);
});

test('rows that do not differ bound the mean by about three in n', () => {
  const [low, high] = subsetInterval(new Array<number>(300).fill(0), 0.9, seed);
  expect(low).toBeLessThan(-1 / 400);
  expect(low).toBeGreaterThan(-0.03);
  expect(high).toBeCloseTo(-low, 3);
});

test('is the sign-flip test turned round: the bound is where the test ceases to reject', () => {
  const uniform = seededUniform(3);
  const rows = Array.from({ length: 120 }, () => uniform() * 0.6 - 0.25);
  const [low] = subsetInterval(rows, 0.9, { seed: 5, rounds: 20_000 });
  const p = (mean: number) => signFlip([...rows, -1, 1].map((d) => d - mean), { seed: 9, rounds: 20_000 }).p;
  expect(p(low - 0.01)).toBeLessThan(0.05);
  expect(p(low + 0.01)).toBeGreaterThan(0.05);
});

test.each([['symmetric', 0], ['skewed', 1]] as const)('each bound holds about 95 times in 100: %s differences of scores', (_, skew) => {
  const uniform = seededUniform(7 + skew);
  // most rows do not differ; the others by quarters, mean 0
  const draw = () => {
    const u = uniform();
    if (u < 0.7) return 0;
    if (skew === 0) return (uniform() < 0.5 ? -1 : 1) * (uniform() < 0.5 ? 0.25 : 0.5);
    return uniform() < 0.25 ? 0.75 : -0.25;
  };
  let [missedLow, missedHigh] = [0, 0];
  const TIMES = 300;
  for (let time = 0; time < TIMES; time += 1) {
    const [low, high] = subsetInterval(Array.from({ length: 150 }, draw), 0.9, { seed: time + 1, rounds: 399 });
    missedLow += Number(low > 0);
    missedHigh += Number(high < 0);
  }
  // 15 expected of 300; 30 would be 4 standard deviations above
  expect(Math.max(missedLow, missedHigh)).toBeLessThan(30);
});
