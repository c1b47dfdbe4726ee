import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsOf } from '../../../src/statistics/window/table.ts';
import { kolmogorovGap, kolmogorovSmirnov } from '../../../src/statistics/window/index.ts';

const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1e6 }));
const cells = fc.array(fc.tuple(count, count), { maxLength: 64 });
const tableOf = (all: readonly (readonly [number, number])[]) => ({ reference: Float64Array.from(all, ([a]) => a), current: Float64Array.from(all, ([, b]) => b) });

/** As the whole test did it: over cells of their own, in shares of both sides. */
function eager(table: ReturnType<typeof tableOf>, level: number) {
  const { a, b, n, m } = cellsOf(table);
  if (n === 0 || m === 0) return { statistic: 0, low: 0, high: 1 };
  let [gap, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((gap += m * (a[i] as number) - n * (b[i] as number))));
  const statistic = largest / (n * m);
  const half = Math.sqrt(Math.log(4 / (1 - level)) / (2 * n)) + Math.sqrt(Math.log(4 / (1 - level)) / (2 * m));
  return { statistic, low: Math.min(1, Math.max(0, statistic - half)), high: Math.min(1, Math.max(0, statistic + half)) };
}

test('the distance alone is the whole test\'s, bit for bit, empty cells and empty samples included; so is every verdict by a tolerance', () => {
  fc.assert(fc.property(cells, fc.constantFrom(0.5, 0.95, 0.999), fc.double({ min: 0, max: 1, noNaN: true }), (all, level, tolerance) => {
    const table = tableOf(all);
    const { statistic, interval: { low, high } } = kolmogorovGap(table, { level });
    expect({ statistic, low, high }).toEqual(eager(table, level));
    const { n, m } = cellsOf(table);
    // small ones by counting paths, large ones by the limit
    if (n * m > 1e5 && n * m <= 4e6) return;
    const whole = kolmogorovSmirnov(table, { level });
    expect([whole.statistic, whole.interval, whole.effect]).toEqual([statistic, { low, high }, statistic]);
    expect(whole.interval.low > tolerance).toBe(low > tolerance);
  }), { numRuns: 300 });
});

test('what cannot be compared is refused, as by the whole test', () => {
  for (const test of [kolmogorovGap, kolmogorovSmirnov]) {
    expect(() => test({ reference: [1, 2], current: [1] })).toThrow('over the same cells, not over 2 and 1');
    expect(() => test({ reference: [1, -2], current: [1, 1] })).toThrow('a count is 0 or more, not -2 and 1');
  }
});
