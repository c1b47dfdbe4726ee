/** Gaps between what confidences promise and what came: what is known of the calibration's own rows, and of others. */
import { expect, it } from 'vitest';
import { calibrationGaps } from '../../src/statistics/calibration-gaps.ts';
import { binScores, confidenceBin, CONFIDENCE_EDGES } from '../../src/statistics/confidence-bins.ts';
import { seededUniform } from '../../src/statistics/random.ts';

/** Confidences from 0.5 on, each right as often as it says. */
function rows(n: number, seed = 1) {
  const uniform = seededUniform(seed);
  return Array.from({ length: n }, () => {
    const confidence = 0.5 + 0.499 * uniform();
    return { confidence, score: Number(uniform() < confidence) };
  });
}

it('two bins, by hand: the calibrated score is the bin\'s own, and the gaps of its rows sum to 0', () => {
  const made = [...Array.from({ length: 10 }, (_, i) => ({ confidence: 0.6, score: Number(i < 6) })), ...Array.from({ length: 20 }, (_, i) => ({ confidence: 0.95, score: Number(i < 19) }))];
  const gaps = calibrationGaps(binScores(made));
  expect(gaps?.bins[confidenceBin(0.6)]).toEqual({ expected: 0.6, group: 0 });
  expect(gaps?.bins[confidenceBin(0.95)]).toEqual({ expected: 0.95, group: 1 });
  // (1 + 0.6 - 1) / 2 six times and (1 + 0.6) / 2 four times
  expect(gaps?.own[0]).toMatchObject({ n: 10, expected: 6 });
  expect(gaps?.own[0]?.sum).toBeCloseTo(6 * 0.3 + 4 * 0.8, 12);
  expect(gaps?.own[0]?.squares).toBeCloseTo(6 * 0.3 ** 2 + 4 * 0.8 ** 2, 12);
  expect(gaps?.own[1]?.sum).toBeCloseTo(10, 12);
});

it('groups are of about equally many rows, in the order of the calibrated scores, and hold every known row', () => {
  const all = rows(4_000);
  const gaps = calibrationGaps(binScores(all));
  const counts = gaps?.own.map(({ n }) => n) ?? [];
  expect(counts).toHaveLength(4);
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(4_000);
  expect(Math.min(...counts)).toBeGreaterThan(500);
  const known = gaps?.bins.flatMap((bin) => bin ?? []) ?? [];
  expect(known.map(({ group }) => group)).toEqual(known.map(({ group }) => group).toSorted((a, b) => a - b));
  // no gap on average
  for (const { n, sum } of gaps?.own ?? []) expect(Math.abs((2 * sum) / n - 1)).toBeLessThan(0.02);
});

it('says nothing of confidences that its rows do not have, and is none without confidences', () => {
  const gaps = calibrationGaps(binScores(rows(2_000)));
  expect(gaps?.bins).toHaveLength(CONFIDENCE_EDGES.length + 1);
  expect(gaps?.bins[confidenceBin(0.05)]).toBeNull();
  expect(calibrationGaps(binScores([{ confidence: null, score: 1 }]))).toBeNull();
  expect(calibrationGaps([])).toBeNull();
});

it('rows that are all expected to have one score are one group', () => {
  const gaps = calibrationGaps(binScores(Array.from({ length: 100 }, (_, i) => ({ confidence: 0.9, score: Number(i % 10 > 0) }))));
  expect(gaps?.own.map(({ n }) => n)).toEqual([100]);
});
