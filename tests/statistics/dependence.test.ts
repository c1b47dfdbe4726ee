/** How much rows depend on each other, from panes alone: known answers, and how often the bounds hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evidenceDivisor, MOST_PHI } from '../../src/statistics/autocorrelation.ts';
import type { Moments } from '../../src/statistics/bounded-mean.ts';
import { BLOCK_ROWS, dependenceOf, expectedRatio, FEWEST_BLOCKS } from '../../src/statistics/dependence.ts';
import { seededUniform } from '../../src/statistics/random.ts';

/** Panes of 0/1 rows, each with chance phi as the one before it; the rate may go with the pane. */
function stickyPanes({ phi, panes, rows = 50, rate = () => 0.1, seed = 1 }: { phi: number; panes: number; rows?: number; rate?: (pane: number) => number; seed?: number }): Moments[] {
  const uniform = seededUniform(seed);
  let last = 0;
  return Array.from({ length: panes }, (_, pane) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += last = uniform() < phi ? last : Number(uniform() < rate(pane));
    return { n: rows, sum, squares: sum };
  });
}

const of = (options: Parameters<typeof stickyPanes>[0]) => dependenceOf(stickyPanes(options));
const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

describe('the ratio that blocks show', () => {
  it('is 1 of independent rows, and (1 + phi) / (1 - phi) of long blocks', () => {
    expect(expectedRatio(0, 50)).toBe(1);
    expect(expectedRatio(0.6, 1e9)).toBeCloseTo(4, 6);
  });
  it('of blocks of one and of two rows it is what algebra says', () => {
    // (x1 - x2)^2 / 2v of a first-order autoregression: 1 - phi; of blocks of two: (1 + phi - (phi + 2 phi^2 + phi^3) / 2) / 1
    expect(expectedRatio(0.4, 1)).toBeCloseTo(1 - 0.4, 12);
    expect(expectedRatio(0.4, 2)).toBeCloseTo(1 + 0.4 - (0.4 + 2 * 0.4 ** 2 + 0.4 ** 3) / 2, 12);
  });
  it('rises with phi, so that it can be read backwards', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: MOST_PHI - 0.01, noNaN: true }), fc.integer({ min: BLOCK_ROWS, max: 5_000 }), (phi, n) => {
      expect(expectedRatio(phi + 0.01, n)).toBeGreaterThan(expectedRatio(phi, n));
    }));
  });
});

describe('the estimate', () => {
  it.each([[0.3, 50], [0.6, 50], [0.6, 400]])('finds phi %f in panes of %i rows, and its bound lies above it nearly always', (phi, rows) => {
    const found = seeds.map((seed) => of({ phi, panes: 256, rows, seed }));
    expect(found.reduce((sum, each) => sum + (each?.estimate ?? 0), 0) / found.length).toBeCloseTo(phi, 1);
    expect(found.filter((each) => (each?.phi ?? 0) < phi).length).toBeLessThanOrEqual(6);
    expect(found.every((each) => (each?.phi ?? 1) < phi + 0.2)).toBe(true);
  });
  it('independent rows are hardly slowed: seldom is anything but 0 used', () => {
    const divisors = seeds.map((seed) => evidenceDivisor(of({ phi: 0, panes: 256, seed })?.phi ?? 1));
    expect(divisors.filter((each) => each > 1).length).toBeLessThanOrEqual(5);
    expect(divisors.reduce((sum, each) => sum + each, 0) / divisors.length).toBeLessThan(1.1);
  });
  it('small panes are put together into blocks', () => {
    const small = of({ phi: 0.6, panes: 2_560, rows: 5 });
    expect(small?.blocks).toBe(256);
    expect(small?.estimate).toBeCloseTo(0.6, 1);
  });
  it('a season, a trend and a change are no dependence', () => {
    const day = (pane: number) => 0.1 + 0.08 * Math.sin((2 * Math.PI * pane) / 288);
    for (const rate of [day, (pane: number) => 0.05 + pane / 6_000, (pane: number) => (pane < 150 ? 0.1 : 0.4)]) {
      expect(of({ phi: 0, panes: 300, rate })?.phi).toBe(0);
    }
  });
  it('of levels that jump from pane to pane it takes the most that a divisor takes', () => {
    expect(of({ phi: 0, panes: 300, rows: 2_000, rate: (pane) => (pane % 2 === 0 ? 0.05 : 0.4) })?.phi).toBe(MOST_PHI);
  });
  it('says nothing of too few blocks, of values that are all alike, and of next to no hits', () => {
    expect(of({ phi: 0, panes: FEWEST_BLOCKS - 1 })).toBeNull();
    expect(of({ phi: 0, panes: 300, rate: () => 0 })).toBeNull();
    expect(of({ phi: 0, panes: 300, rate: () => 1e-3 })).toBeNull();
    expect(dependenceOf([])).toBeNull();
  });
  it('of graded values goes by their own variance', () => {
    const uniform = seededUniform(5);
    const panes = Array.from({ length: 300 }, () => {
      const values = Array.from({ length: 60 }, () => 0.4 + 0.2 * uniform());
      return { n: 60, sum: values.reduce((a, x) => a + x, 0), squares: values.reduce((a, x) => a + x * x, 0) };
    });
    expect(dependenceOf(panes)).toMatchObject({ phi: 0, blocks: 300 });
  });
});
