import fc from 'fast-check';
import { expect, test } from 'vitest';
import { observePaired, pairedEValue, pairedRejects, startPairedEProcess, type PairedEProcess } from '../../src/statistics/paired-e-process.ts';
import { seededUniform } from '../../src/statistics/random.ts';

/** How many of `runs` streams of `length` rows ever reach 1 / alpha, and after how many rows, sorted. */
function watch(runs: number, length: number, worse: number, better: number, alpha: number): { share: number; rows: number[] } {
  const uniform = seededUniform(17);
  const rows: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    let state = startPairedEProcess();
    for (let i = 0; i < length && !pairedRejects(state, alpha); i += 1) {
      const u = uniform();
      state = observePaired(state, u < worse ? 1 : u < worse + better ? -1 : 0);
    }
    if (pairedRejects(state, alpha)) rows.push(state.n);
  }
  return { share: rows.length / runs, rows: rows.sort((a, b) => a - b) };
}

test('two adapters that are equally good: looked at after every row, a false rollback at most alpha', () => {
  const { share } = watch(500, 1500, 0.06, 0.06, 0.05);
  // 5 % of 500 is 25; 41 would be above it with 99.9 % confidence.
  expect(share).toBeLessThanOrEqual(41 / 500);
  expect(share).toBeGreaterThan(0);
});

test('an adapter that is four points worse is found, mostly within a thousand rows', () => {
  const { share, rows } = watch(150, 4000, 0.08, 0.04, 0.05);
  expect(share).toBeGreaterThan(0.98);
  expect(rows[Math.floor(rows.length / 2)]).toBeLessThan(1200);
});

test('the expected capital after a row of mean 0 is what it was before', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 30 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (past, d) => {
      const state = past.reduce(observePaired, startPairedEProcess());
      const up = pairedEValue(observePaired(state, d));
      const down = pairedEValue(observePaired(state, -d));
      expect(((up + down) / 2 - pairedEValue(state)) / pairedEValue(state)).toBeCloseTo(0, 9);
      expect(state.peak).toBeGreaterThanOrEqual(pairedEValue(state) * (1 - 1e-12));
    }),
  );
});

test('a state survives JSON and endless evidence; a difference outside [-1, 1] is refused', () => {
  let state = startPairedEProcess();
  for (let i = 0; i < 5000; i += 1) state = observePaired(state, 1);
  const restored = JSON.parse(JSON.stringify(state)) as PairedEProcess;
  expect(restored).toEqual(state);
  expect(pairedEValue(restored)).toBe(Number.MAX_VALUE);
  expect(pairedRejects(restored, 0.05)).toBe(true);
  expect(() => observePaired(state, 1.01)).toThrow(RangeError);
  expect(() => observePaired(state, Number.NaN)).toThrow(RangeError);
});
