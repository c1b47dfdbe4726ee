import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contrast, largest, softLoss } from '../../src/lora/contrast.ts';

const WIDTH = 3;
const vectors = (count: number) => fc.array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: WIDTH, maxLength: WIDTH }), { minLength: count, maxLength: count }).filter((all) => all.every((vector) => Math.hypot(...vector) > 0.2));

test('gradients agree with finite differences', () => {
  fc.assert(
    fc.property(vectors(5), fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), (all, targets) => {
      const batch = { queries: 2, targets: Int32Array.from(targets), shares: Float64Array.of(0.25, 0.75) };
      const lossOf = (at: number[][]): number => contrast(batch, at, 0.5).perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0);
      const { gradients } = contrast(batch, all, 0.5);
      all.forEach((vector, i) => vector.forEach((value, k) => {
        const moved = (by: number): number[][] => all.map((other, j) => (j === i ? other.with(k, value + by) : other));
        expect(gradients[i]![k]).toBeCloseTo((lossOf(moved(1e-6)) - lossOf(moved(-1e-6))) / 2e-6, 4);
      }));
    }),
    { numRuns: 50 },
  );
});

test('a vector of zeros has no direction: it gets a finite loss and gradient', () => {
  const { perQuery, gradients } = contrast({ queries: 1, targets: Int32Array.of(0), shares: Float64Array.of(1) }, [[0, 0], [1, 0], [0, 1]]);
  expect(perQuery[0]).toBeCloseTo(Math.log(2));
  expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
});

test('the largest are those of a full sort, equal ones in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (cosines, most) => {
      const sorted = [...cosines.keys()].sort((a, b) => cosines[b]! - cosines[a]! || a - b).slice(0, most);
      expect(largest(cosines, most)).toEqual(sorted);
    }),
  );
});

test('the loss of a search is that of the softmax, also at cosines far apart', () => {
  expect(softLoss([1, 1, 1, 1], 2).loss).toBeCloseTo(Math.log(4), 12);
  expect(softLoss([1, -1], 1).loss).toBeCloseTo(40, 6);
  expect(softLoss([0.3, 0.1], 0).shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
});
