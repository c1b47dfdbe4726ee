import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { betaDistribution, betaQuantile } from '../../src/statistics/beta.ts';
import { clopperPearson, clopperPearsonUpper, differenceInterval, wilson, type Interval } from '../../src/statistics/intervals.ts';
import { normalQuantile } from '../../src/statistics/normal.ts';

/** Made by golden/intervals.py with scipy. */
const golden = JSON.parse(readFileSync(path.join(import.meta.dirname, 'golden/intervals.json'), 'utf8')) as Record<string, number[][]>;

function expectNear(value: number, truth: number, relative: number, absolute = 1e-300): void {
  expect(Math.abs(value - truth), `${value} should be ${truth}`).toBeLessThanOrEqual(relative * Math.abs(truth) + absolute);
}

describe('against scipy', () => {
  it.each(golden['betaDistribution'] ?? [])('I_%d(%d, %d)', (x, a, b, truth) => {
    // below 1e-290 the prefactor is denormal
    if ((truth as number) > 1e-290) expectNear(betaDistribution(x as number, a as number, b as number), truth as number, 1e-11);
  });
  it.each(golden['betaQuantile'] ?? [])('the %d quantile of Beta(%d, %d)', (p, a, b, truth) => expectNear(betaQuantile(p as number, a as number, b as number), truth as number, 1e-10));
  it.each(golden['normalQuantile'] ?? [])('the normal quantile of %d', (p, truth) => expectNear(normalQuantile(p as number), truth as number, 1e-13, 1e-15));
  const check = (interval: Interval, low: number, high: number) => {
    expectNear(interval.low, low, 1e-10);
    expectNear(interval.high, high, 1e-10);
  };
  it.each(golden['clopperPearson'] ?? [])('Clopper-Pearson of %d in %d at %d', (k, n, level, low, high) => check(clopperPearson(k as number, n as number, level as number), low as number, high as number));
  it.each(golden['wilson'] ?? [])('Wilson of %d in %d at %d', (k, n, level, low, high) => check(wilson(k as number, n as number, level as number), low as number, high as number));
});

it('knows nothing of no rows', () => {
  expect(clopperPearson(0, 0, 0.95)).toEqual({ low: 0, high: 1 });
  expect(wilson(0, 0, 0.95)).toEqual({ low: 0, high: 1 });
});

it('misses a true rate of 0.1 in at most 1 % of references, exactly summed over the binomial', () => {
  const [n, rate] = [200, 0.1];
  let [chance, missed] = [(1 - rate) ** n, 0];
  for (let k = 0; k <= n; k++) {
    if (clopperPearsonUpper(k, n, 0.01) < rate) missed += chance;
    chance *= ((n - k) / (k + 1)) * (rate / (1 - rate));
  }
  expect(missed).toBeLessThanOrEqual(0.01);
  expect(missed).toBeGreaterThan(0.002);
});

it("is Newcombe's interval for rates: 56/70 - 48/80, from his table II", () => {
  const of = (hits: number, n: number) => ({ mean: hits / n, ...wilson(hits, n, 0.95) });
  const { low, high } = differenceInterval(of(56, 70), of(48, 80));
  expect(low).toBeCloseTo(0.0524, 4);
  expect(high).toBeCloseTo(0.3339, 4);
});
