/** What is said of a bucket, in worlds of which the truth is known. bench/performance.ts has many more of them. */
import { describe, expect, test } from 'vitest';
import { cellsOf, type Calibrations, type CountedCell } from '../../../src/drift/performance/cells.ts';
import { changesOf } from '../../../src/drift/performance/change.ts';
import { estimateOf, scoreOf } from '../../../src/drift/performance/estimate.ts';
import { fitCalibration } from '../../../src/statistics/calibration.ts';
import { binScores } from '../../../src/statistics/confidence-bins.ts';
import { seededUniform } from '../../../src/statistics/random.ts';

interface Row {
  readonly confidence: number | null;
  readonly score: number;
  readonly labelled: boolean;
}

/** Right with chance confidence - 0.1 - worse; `low`: twice as many of the lower confidences as the exam had. */
function rows(n: number, uniform: () => number, { worse = 0, low = false, share = 1, doubtful = false } = {}): Row[] {
  return Array.from({ length: n }, () => {
    const confidence = 0.4 + 0.6 * (low ? Math.min(uniform(), uniform()) : uniform());
    return { confidence, score: Number(uniform() < confidence - 0.1 - worse), labelled: uniform() < (doubtful ? share * (confidence < 0.6 ? 3 : 0.2) : share) };
  });
}
/** E[score] of rows(..., { low: true }): 0.4 + 0.6 / 3 - 0.1. */
const LOW_TRUTH = 0.5;

const counted = (list: readonly Row[], adapter: string | null = 'a'): CountedCell[] => {
  const of = (some: readonly Row[]) => binScores(some).map((bin) => ({ ...bin, adapter }));
  return cellsOf(of(list), of(list.filter((row) => row.labelled)));
};
function calibrated(uniform: () => number): Calibrations {
  const calibration = fitCalibration(binScores(rows(3_000, uniform)));
  return calibration === null ? new Map() : new Map([['a', calibration]]);
}

const WORLDS = 60;
/** Means over some worlds. */
function over(look: (uniform: () => number, calibrations: Calibrations) => { readonly mean: number; readonly low: number; readonly high: number }) {
  const uniform = seededUniform(3);
  let [mean, held] = [0, 0];
  for (let world = 0; world < WORLDS; world++) {
    const found = look(uniform, calibrated(uniform));
    mean += found.mean / WORLDS;
    if (found.low <= LOW_TRUTH && LOW_TRUTH <= found.high) held++;
  }
  return { mean, held: held / WORLDS };
}

describe('under covariate shift', () => {
  test.each([['confidence', 0], ['prediction-powered', 0.05]] as const)('%s answers, with intervals that hold the truth', (method, share) => {
    const { mean, held } = over((uniform, calibrations) => {
      const estimate = estimateOf(counted(rows(2_000, uniform, { low: true, share })), calibrations, false);
      if (estimate.method !== method) throw new Error(`${estimate.method} answered`);
      return estimate;
    });
    expect(mean).toBeCloseTo(LOW_TRUTH, 1.7);
    expect(held).toBeGreaterThan(0.9);
  });

  test('labels of doubtful rows are weighted back: the score is that of all rows', () => {
    let plain = 0;
    const { mean, held } = over((uniform, calibrations) => {
      const list = rows(2_000, uniform, { low: true, share: 0.1, doubtful: true });
      const own = list.filter((row) => row.labelled);
      plain += own.reduce((sum, row) => sum + row.score, 0) / own.length / WORLDS;
      const score = scoreOf(counted(list), calibrations);
      if (score?.weighted !== true) throw new Error('the choice of labels was not seen');
      expect(score.effectiveRows).toBeLessThan(own.length);
      return score;
    });
    expect(plain).toBeLessThan(LOW_TRUTH - 0.05);
    expect(Math.abs(mean - LOW_TRUTH)).toBeLessThan(0.01);
    expect(held).toBeGreaterThan(0.9);
  });
});

test('the change since the exam is told in two parts', () => {
  const uniform = seededUniform(4);
  const calibrations = calibrated(uniform);
  const shifted = changesOf(counted(rows(4_000, uniform, { low: true, share: 0.2 })), calibrations)[0];
  expect(shifted).toMatchObject({ adapter: 'a', conceptDrift: 'not-found', examRows: 3_000 });
  expect(shifted?.covariate?.mean).toBeCloseTo(LOW_TRUTH - 0.6, 1);
  expect(shifted?.calibration?.low).toBeLessThan(0);
  expect(shifted?.calibration?.high).toBeGreaterThan(0);
  const worse = changesOf(counted(rows(4_000, uniform, { worse: 0.2, share: 0.2 })), calibrations)[0];
  expect(worse).toMatchObject({ conceptDrift: 'found' });
  expect(worse?.covariate?.mean).toBeCloseTo(0, 1);
  expect(worse?.calibration?.mean).toBeCloseTo(-0.2, 1);
  const unlabelled = changesOf(counted(rows(1_000, uniform, { share: 0 })), calibrations)[0];
  expect(unlabelled).toMatchObject({ conceptDrift: 'unknown', calibration: null, p: null, calibrationError: null });
  expect(changesOf(counted(rows(100, uniform), 'b'), calibrations)).toEqual([]);
});

describe('what is not known is said', () => {
  const calibrations = calibrated(seededUniform(5));
  const list = rows(500, seededUniform(6), { share: 0 });

  test('where confidences are known to be worth something else, and labels are too few to put them right', () => {
    expect(estimateOf(counted(list), calibrations, true)).toMatchObject({ method: null, because: expect.stringMatching(/^concept drift/) as string });
    expect(estimateOf(counted(rows(500, seededUniform(7), { share: 0.2 })), calibrations, true).method).toBe('prediction-powered');
  });

  test('where rows have no confidence, or no adapter with exam rows: a few widen the interval, many silence it', () => {
    const without = (n: number) => [...list, ...Array.from({ length: n }, () => ({ confidence: null, score: 1, labelled: false }))];
    const [all, most] = [estimateOf(counted(list), calibrations, false), estimateOf(counted(without(25)), calibrations, false)];
    if (all.method === null || most.method === null) throw new Error('no answer');
    expect(most.high - most.low).toBeGreaterThan(all.high - all.low + 0.04);
    expect(estimateOf(counted(without(100)), calibrations, false)).toMatchObject({ method: null, because: expect.stringMatching(/^of 17 %/) as string });
    for (const adapter of ['b', null]) expect(estimateOf(counted(list, adapter), calibrations, false).method).toBeNull();
    expect(estimateOf([], calibrations, false)).toEqual({ method: null, because: 'there are no predictions' });
    expect(scoreOf(counted(list), calibrations)).toBeNull();
  });
});

test('the interval of 0/1 scores is Clopper and Pearson\'s, that of others holds at any number of rows too', () => {
  const of = (scores: readonly number[]) => scoreOf(counted(scores.map((score) => ({ confidence: 0.9, score, labelled: true }))), new Map());
  expect(of([1, 1, 1, 1])).toMatchObject({ mean: 1, guarantee: 'exact', weighted: false, high: 1, low: expect.closeTo(0.025 ** (1 / 4), 12) as number });
  expect(of([0.5, 0.5, 0.5, 0.5])).toMatchObject({ mean: 0.5, guarantee: 'exact' });
});

test('a label whose prediction the first query did not see does not make more labels than predictions', () => {
  const [bin] = binScores([{ confidence: 0.5, score: 1 }]);
  if (bin === undefined) throw new Error('no bin');
  expect(cellsOf([], [{ ...bin, adapter: null }])).toEqual([{ adapter: null, all: bin, labelled: bin }]);
});
