import fc from 'fast-check';
import { expect, it } from 'vitest';
import { binsOf, emptyNumeric, observeNumber, quantileEdges } from '../../src/profile/numeric.ts';

const unit = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1024 }).map((i) => i / 1024), fc.double({ min: 0.998, max: 1, noNaN: true }));

it('puts each value into the bin that its edges say', () => {
  fc.assert(fc.property(fc.array(unit, { maxLength: 400 }), unit, fc.boolean(), (values, other, onEdge) => {
    const edges = quantileEdges(values);
    const value = (onEdge ? edges[edges.length >> 1] : undefined) ?? other;
    const counts = emptyNumeric(edges.length);
    observeNumber(counts, binsOf(edges), value);
    expect(counts.bins.indexOf(1)).toBe(edges.filter((edge) => edge <= value).length);
  }));
});

it('gives 256 bins of about equal weight', () => {
  const values = Array.from({ length: 25_600 }, (_, i) => (i / 25_600) ** 3);
  const edges = quantileEdges(values);
  const counts = emptyNumeric(edges.length);
  for (const value of values) observeNumber(counts, binsOf(edges), value);
  expect(counts.bins.length).toBe(256);
  expect(Math.min(...counts.bins)).toBeGreaterThanOrEqual(99);
  expect(Math.max(...counts.bins)).toBeLessThanOrEqual(101);
});
