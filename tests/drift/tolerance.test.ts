import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AUTO, tolerancesFor, toleratedRise } from '../../src/drift/tolerance.ts';
import { parseSpec } from '../../src/spec.ts';
import { referenceFor, rowsOnCourse } from './support.ts';

const given = (tolerance: object = {}) => parseSpec({ name: 'm', task: 'classification', serving: {}, monitor: { tolerance } }).monitor.tolerance;

it('a tenth of the reference\'s errors is on course where the policy says nothing; what it says holds', () => {
  const reference = referenceFor('a', rowsOnCourse(500));
  expect(tolerancesFor(reference, given())).toEqual({ ...given(), error: expect.closeTo(0.01, 12) });
  expect(tolerancesFor(reference, given({ error: 0.02 })).error).toBe(0.02);
  expect(tolerancesFor(reference, given({ error: 0 })).error).toBe(0);
});

it('without a single error, or without outcomes, it is the least', () => {
  const flawless = referenceFor('a', rowsOnCourse(50).map((row) => ({ ...row, trueLabel: row.label })));
  expect(tolerancesFor(flawless, given()).error).toBe(AUTO.least);
  const { profile } = flawless;
  expect(tolerancesFor({ profile: { ...profile, outcome: { ...profile.outcome, labelled: 0, loss: 0 } } }, given()).error).toBe(AUTO.least);
});

it('grows with the mean, within its bounds, and never allows errors to double above half a point', () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (a, b) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)].map((mean) => toleratedRise(AUTO, mean)) as [number, number];
    expect(low <= high && low >= AUTO.least && high <= AUTO.most).toBe(true);
    if (a >= 0.005) expect(toleratedRise(AUTO, a)).toBeLessThanOrEqual(a / 2);
  }));
});

it('a policy says a number or auto', () => {
  expect(given()).toMatchObject({ error: 'auto' });
  expect(() => given({ error: 'wide' })).toThrow('/monitor/tolerance/error');
  expect(() => given({ error: 1.5 })).toThrow('/monitor/tolerance/error');
});
