import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSampler, downsample, firstAtLeast } from '../../src/ui/lib/downsample.ts';

const line = (n: number, y: (i: number) => number | null) => [Array.from({ length: n }, (_, i) => i), Array.from({ length: n }, (_, i) => y(i))] as const;

test('firstAtLeast finds what a scan finds', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.integer({ min: -60, max: 60 }), (values, at) => {
    const column = [...values].sort((a, b) => a - b);
    const found = column.findIndex((value) => value >= at);
    expect(firstAtLeast(column, at)).toBe(found < 0 ? column.length : found);
  }));
});

test('few points stay as they are, with one beyond each end', () => {
  expect(downsample(line(10, (i) => i * i), { from: 2.5, to: 5.5 }, 100, [1])).toEqual([[2, 3, 4, 5, 6], [4, 9, 16, 25, 36]]);
});

test('of many points every extreme is kept, in order, and no more than four a pixel and two', () => {
  fc.assert(fc.property(fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })), { minLength: 500, maxLength: 3000 }), fc.integer({ min: 5, max: 60 }), (values, pixels) => {
    const columns = line(values.length, (i) => values[i] ?? null);
    const [x = [], y = []] = downsample(columns, { from: 0, to: values.length - 1 }, pixels, [1]);
    const present = (list: readonly (number | null)[]) => list.filter((value) => value !== null);
    if (present(values).length > 0) {
      expect(Math.max(...present(y))).toBe(Math.max(...present(values)));
      expect(Math.min(...present(y))).toBe(Math.min(...present(values)));
    }
    expect(x.every((at, i) => i === 0 || (at as number) > (x[i - 1] as number))).toBe(true);
    expect(x.length).toBeLessThanOrEqual(4 * (pixels + 1) + 2);
    x.forEach((at, i) => expect(y[i]).toBe(values[at as number] ?? null));
    expect([x[0], x.at(-1)]).toEqual([0, values.length - 1]);
  }));
});

test('a spike of one point among 100,000 is still there', () => {
  const [, y = []] = downsample(line(100_000, (i) => (i === 54_321 ? 9 : 0)), { from: 0, to: 99_999 }, 800, [1]);
  expect(y).toContain(9);
  expect(y.length).toBeLessThan(3_300);
});

test('a sampler loses no extreme of what is seen, from near or from far', () => {
  const n = 100_000;
  const columns = line(n, (i) => Math.sin(i / 40) + (i % 9_973 === 0 ? 5 : 0));
  const sample = createSampler(columns, [1]);
  for (const [from, to] of [[0, n - 1], [10_000, 90_000], [30_000, 56_000], [40_000, 41_000], [500, 520]] as const) {
    const seen = (columns[1] as readonly number[]).slice(from, to + 1);
    const [, y = []] = sample({ from, to }, 500);
    expect(y.length).toBeLessThanOrEqual(4 * 501 + 2);
    expect(Math.max(...(y as number[]))).toBeGreaterThanOrEqual(Math.max(...seen));
    expect(Math.min(...(y as number[]))).toBeLessThanOrEqual(Math.min(...seen));
  }
});

test('panning keeps the points that stay in sight', () => {
  const columns = line(50_000, (i) => Math.sin(i / 7));
  const [before = []] = downsample(columns, { from: 10_000, to: 30_000 }, 400, [1]);
  const [after = []] = downsample(columns, { from: 12_000, to: 32_000 }, 400, [1]);
  const inside = (x: readonly (number | null)[]) => x.filter((at) => (at as number) > 12_100 && (at as number) < 29_900);
  expect(inside(after)).toEqual(inside(before));
});
