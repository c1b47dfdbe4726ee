import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibratedScore, calibrationError, expectedScore, fitCalibration, type Calibration } from '../../src/statistics/calibration.ts';
import { calibrationDrift, FEWEST_TESTED } from '../../src/statistics/calibration-drift.ts';
import { estimateByConfidence } from '../../src/statistics/cbpe.ts';
import { binScores, confidenceBin, CONFIDENCE_EDGES, NO_CONFIDENCE } from '../../src/statistics/confidence-bins.ts';
import { fitIsotonic, isotonicAt } from '../../src/statistics/isotonic.ts';
import { DELAY_EDGES, lifeTable, maturityAt, maturityOf, survival, type Delays } from '../../src/statistics/maturity.ts';
import { estimatePowered, poweredMean, type PoweredSums } from '../../src/statistics/prediction-powered.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { labellingOf, stratify, type Cell } from '../../src/statistics/strata.ts';

const golden = JSON.parse(readFileSync(path.join(import.meta.dirname, 'golden/performance.json'), 'utf8')) as {
  isotonic: { x: number[]; y: number[]; weights: number[]; fitted: number[]; at: number[]; predicted: number[] }[];
  powered: { sums: PoweredSums; mean: number; variance: number }[];
  late: (Delays & { steps: number; survival: number[] })[];
};
const near = (right: readonly number[]) => right.map((each) => expect.closeTo(each, 12) as number);

describe('golden numbers', () => {
  test('isotonic regression is scikit-learn\'s, at its points and between them', () => {
    for (const { x, y, weights, fitted, at, predicted } of golden.isotonic) {
      const fit = fitIsotonic(x, y, weights);
      expect(fit.y).toEqual(near(fitted));
      expect(at.map((each) => isotonicAt(fit, each))).toEqual(near(predicted));
    }
  });

  test('prediction-powered means and variances are ppi_py\'s', () => {
    for (const { sums, mean, variance } of golden.powered) {
      const found = poweredMean(sums);
      expect([found.mean, found.variance]).toEqual([expect.closeTo(mean, 11), expect.closeTo(variance, 11)]);
    }
  });

  test('the share without a label is Kaplan and Meier\'s, by lifelines', () => {
    for (const { steps, survival: right, ...delays } of golden.late) expect(survival(lifeTable(delays, steps))).toEqual(near(right));
  });
});

describe('bins of confidence', () => {
  test('the bin is the number of edges at or below', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (confidence) => confidenceBin(confidence) === CONFIDENCE_EDGES.filter((edge) => edge <= confidence).length));
    for (const [i, edge] of CONFIDENCE_EDGES.entries()) expect(confidenceBin(edge)).toBe(i + 1);
    expect(confidenceBin(null)).toBe(NO_CONFIDENCE);
  });

  test('sums are of the rows of the bin; rows without a confidence have their own', () => {
    const rows = [{ confidence: 0.5, score: 1 }, { confidence: 0.51, score: 0.5 }, { confidence: null, score: 1 }];
    expect(binScores(rows)).toEqual([{ bin: -1, n: 1, confidence: 0, score: 1, squares: 1 }, { bin: confidenceBin(0.5), n: 2, confidence: 1.01, score: 1.5, squares: 1.25 }]);
  });
});

test('an isotonic fit never falls, keeps the weighted mean, and leaves what rises alone', () => {
  const points = fc.array(fc.record({ y: fc.double({ min: 0, max: 1, noNaN: true }), weight: fc.integer({ min: 1, max: 100 }) }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(points, (list) => {
    const [x, y, weights] = [list.map((_, i) => i), list.map((each) => each.y), list.map((each) => each.weight)];
    const fit = fitIsotonic(x, y, weights);
    const total = (values: readonly number[]) => values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
    expect(total(fit.y)).toBeCloseTo(total(y), 8);
    fit.y.forEach((value, i) => expect(value).toBeGreaterThanOrEqual((fit.y[i - 1] ?? 0) - 1e-12));
    const sorted = [...y].sort((a, b) => a - b);
    expect(fitIsotonic(x, sorted, weights).y).toEqual(near(sorted));
  }));
  expect(isotonicAt(fitIsotonic([], [], []), 0.5)).toBeNaN();
});

/** Rows whose confidence is 0.2 too high; a right answer is worth `worth`. */
function overconfident(n: number, seed: number, worth = 1): { confidence: number; score: number }[] {
  const uniform = seededUniform(seed);
  return Array.from({ length: n }, () => {
    const confidence = 0.3 + 0.69 * uniform();
    return { confidence, score: uniform() < confidence - 0.2 ? worth : 0 };
  });
}
const calibrationOf = (rows: Parameters<typeof binScores>[0]) => fitCalibration(binScores(rows)) as Calibration;

describe('calibration', () => {
  test('a confidence is worth what rows like it scored', () => {
    const calibration = calibrationOf(overconfident(50_000, 1));
    for (const confidence of [0.4, 0.6, 0.8, 0.95]) expect(calibratedScore(calibration, confidence)).toBeCloseTo(confidence - 0.2, 1);
    expect(calibration.spread).toBeCloseTo(1, 10);
    expect(calibrationError(binScores(overconfident(50_000, 1)))).toBeCloseTo(0.2, 2);
  });

  test('scores between 0 and 1 spread less than 0/1 scores', () => {
    expect(calibrationOf(overconfident(20_000, 2, 0.5)).spread).toBeLessThan(0.6);
  });

  test('nothing is known without rows, of a confidence far from all of theirs, or of none where theirs all have one', () => {
    expect(fitCalibration([])).toBeNull();
    const calibration = calibrationOf(overconfident(500, 3));
    const cell = (confidence: number | null) => ({ bin: confidenceBin(confidence), n: 1, confidence: confidence ?? 0 });
    expect(expectedScore(calibration, cell(0.01))).toBeNull();
    expect(expectedScore(calibration, cell(null))).toBeNull();
    expect(calibratedScore(calibration, null)).toBeNull();
    expect(expectedScore(calibration, cell(0.7))).not.toBeNull();
    const without = calibrationOf([...overconfident(500, 3), ...Array.from({ length: 10 }, (_, i) => ({ confidence: null, score: i % 2 }))]);
    expect(expectedScore(without, cell(null))?.score).toBe(0.5);
  });

  test('no expected score is without variance: ten right answers do not prove the next', () => {
    const calibration = calibrationOf(Array.from({ length: 10 }, () => ({ confidence: 0.9, score: 1 })));
    expect(expectedScore(calibration, { bin: confidenceBin(0.9), n: 1, confidence: 0.9 })?.variance).toBeGreaterThan(0.04);
  });
});

describe('an estimate from confidences', () => {
  const calibration = calibrationOf(overconfident(5_000, 4));
  const cell = (confidence: number, n: number) => ({ n, expected: expectedScore(calibration, { bin: confidenceBin(confidence), n, confidence: n * confidence }), calibration: 'a' });

  test('is the mean of the calibrated confidences', () => {
    const estimate = estimateByConfidence([cell(0.5, 100), cell(0.9, 300)], 0.95);
    expect(estimate?.mean).toBeCloseTo((100 * 0.3 + 300 * 0.7) / 400, 1);
    expect(estimate?.unknown).toBe(0);
  });

  test('takes any score for rows that it knows nothing of', () => {
    const [known, half] = [estimateByConfidence([cell(0.9, 100)], 0.95), estimateByConfidence([cell(0.9, 100), cell(0.001, 100)], 0.95)];
    expect(half?.unknown).toBe(0.5);
    expect([half?.low, half?.high]).toEqual([(known?.low ?? 0) / 2, (known?.high ?? 0) / 2 + 0.5]);
    expect(estimateByConfidence([cell(0.001, 100)], 0.95)).toBeNull();
    expect(estimateByConfidence([], 0.95)).toBeNull();
  });

  test('is the less sure the fewer rows the calibration has', () => {
    const poor = calibrationOf(overconfident(100, 4));
    const at = (from: Calibration) => estimateByConfidence([{ n: 1_000, expected: expectedScore(from, { bin: confidenceBin(0.9), n: 1_000, confidence: 900 }), calibration: 'a' }], 0.95)?.error ?? 0;
    expect(at(poor)).toBeGreaterThan(3 * at(calibration));
  });
});

const cellOf = (expected: number | null, n: number, labelled: number, right: number): Cell => ({ n, labelled, score: right, squares: right, expected });

describe('strata', () => {
  test('every cell is in one stratum, each with enough labels, those of unknown score apart', () => {
    const cells = fc.array(fc.record({ expected: fc.option(fc.double({ min: 0, max: 1, noNaN: true })), n: fc.integer({ min: 1, max: 50 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }), { maxLength: 40 });
    fc.assert(fc.property(cells, (list) => {
      const all = list.map(({ expected, n, share }) => cellOf(expected, n, Math.floor(n * share), 0));
      const strata = stratify(all);
      expect(strata.flatMap((each) => each.cells).length).toBe(all.length);
      const known = strata.filter((each) => each.cells[0]?.expected !== null);
      if (known.length > 1) for (const each of known) expect(each.labelled).toBeGreaterThanOrEqual(5);
    }));
  });

  test('rows that are labelled otherwise do not stand for each other, few as their labels may be', () => {
    const rates = (cells: readonly Cell[]) => stratify(cells).map(({ n, labelled }) => [n, labelled]);
    expect(rates([cellOf(0.2, 100, 50, 10), cellOf(0.3, 100, 50, 10), cellOf(0.9, 1_000, 6, 6)])).toEqual([[100, 50], [100, 50], [1_000, 6]]);
    expect(rates([cellOf(0.2, 1_000, 6, 1), cellOf(0.9, 100, 50, 40)])).toEqual([[1_000, 6], [100, 50]]);
    // four labels cannot stand alone; labelled alike they need not
    expect(rates([cellOf(0.2, 100, 50, 10), cellOf(0.9, 1_000, 4, 4)])).toEqual([[1_100, 54]]);
    expect(rates([cellOf(0.2, 1_000, 16, 4), cellOf(0.9, 500, 8, 8)])).toEqual([[1_500, 24]]);
  });

  test('labels by chance leave p alone and every row its weight; labels of some confidences do not', () => {
    const even = labellingOf(stratify([cellOf(0.2, 1_000, 100, 20), cellOf(0.9, 1_000, 100, 90)]));
    expect(even.p).toBeGreaterThan(0.99);
    expect(even.effective).toBeCloseTo(200, 8);
    const uneven = labellingOf(stratify([cellOf(0.2, 1_000, 190, 38), cellOf(0.9, 1_000, 20, 18)]));
    expect(uneven.p).toBeLessThan(1e-12);
    // (1000 + 1000)^2 / (1000^2 / 190 + 1000^2 / 20)
    expect(uneven.effective).toBeCloseTo(4e6 / (1e6 / 190 + 1e6 / 20), 8);
  });
});

describe('a prediction-powered estimate', () => {
  test('weights labels of chosen confidences back: the labelled mean is 0.21, the truth near 0.55', () => {
    const strata = stratify([cellOf(0.2, 1_000, 190, 38), cellOf(0.9, 1_000, 20, 18)]);
    expect(estimatePowered(strata, 0.95)?.mean).toBeCloseTo(0.55, 8);
  });

  test('is the mean itself where all are labelled, has no answer where a stratum has none, and is never sure of ten right ones', () => {
    expect(estimatePowered(stratify([cellOf(0.5, 100, 100, 60)]), 0.95)?.mean).toBeCloseTo(0.6, 12);
    expect(estimatePowered(stratify([cellOf(0.5, 100, 50, 30), cellOf(null, 10, 0, 0)]), 0.95)).toBeNull();
    expect(estimatePowered(stratify([cellOf(0.5, 100, 10, 10)]), 0.95)?.low).toBeLessThan(0.8);
    expect(estimatePowered([], 0.95)).toBeNull();
  });
});

describe('drift of the calibration', () => {
  const calibration = calibrationOf(overconfident(5_000, 5));
  const cells = (rows: Parameters<typeof binScores>[0]) => binScores(rows).flatMap((bin) => {
    const expected = expectedScore(calibration, bin);
    return expected === null ? [] : [{ n: bin.n, score: bin.score, expected, calibration: 'a' }];
  });

  test('is not seen where only the confidences have moved, and is seen where they are worth less', () => {
    const low = overconfident(4_000, 6).filter((row) => row.confidence < 0.6);
    expect(calibrationDrift(cells(low))?.p).toBeGreaterThan(0.01);
    const worse = low.map((row, i) => (i % 3 === 0 ? { ...row, score: 0 } : row));
    const drift = calibrationDrift(cells(worse));
    expect(drift?.p).toBeLessThan(1e-4);
    expect(drift?.interval.high).toBeLessThan(0);
  });

  test('shows also where right and wrong move to other confidences and the mean stays', () => {
    const swapped = overconfident(4_000, 7).map((row) => ({ ...row, confidence: 1.29 - row.confidence }));
    const drift = calibrationDrift(cells(swapped));
    expect(Math.abs(drift?.shift ?? 1)).toBeLessThan(0.05);
    expect(drift?.p).toBeLessThan(1e-12);
    expect(drift?.groups.length).toBe(4);
  });

  test('says nothing of a few labels', () => {
    expect(calibrationDrift(cells(overconfident(FEWEST_TESTED - 5, 8)))).toBeNull();
  });
});

describe('maturity', () => {
  /** Rows made evenly over `days`; half get a label, after one of two delays. */
  function delays(days: number, short: number, long: number): Delays {
    const uniform = seededUniform(9);
    const bin = (seconds: number) => DELAY_EDGES.filter((edge) => edge <= seconds).length;
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ age: (days * 86_400 * (i + 0.5)) / 20_000, delay: uniform() < 0.5 ? (uniform() < 0.5 ? short : long) : Infinity }));
    return { ages: rows.map(({ age }) => ({ age: bin(age), n: 1 })), labelled: rows.filter((row) => row.delay <= row.age).map(({ age, delay }) => ({ age: bin(age), delay: bin(delay), n: 1 })) };
  }

  test('counts the young with those that waited: half of the labels within the hour, all within the day', () => {
    const maturity = maturityOf(delays(20, 1_800, 50_000));
    expect(maturity?.levelled).toBe(true);
    expect(maturity?.labelledShare).toBeCloseTo(0.5, 1);
    const at = (seconds: number) => (maturity === null ? null : maturityAt(maturity, seconds));
    expect(at(0)).toBe(0);
    expect(at(3_600)).toBeCloseTo(0.5, 1);
    expect(at(90_000)).toBeCloseTo(1, 6);
    expect(at(1e9)).toBe(1);
  });

  test('says nothing while labels still come in numbers, and null without any', () => {
    const young = maturityOf(delays(0.7, 1_800, 50_000));
    expect(young?.levelled).toBe(false);
    expect(young === null ? 0 : maturityAt(young, 60_000)).toBeNull();
    expect(maturityOf({ ages: [{ age: 70, n: 1_000 }], labelled: [] })).toBeNull();
  });

  test('the curve never falls', () => {
    const shares = maturityOf(delays(20, 1_800, 50_000))?.curve.map((each) => each.share) ?? [];
    shares.forEach((share, i) => expect(share).toBeGreaterThanOrEqual(shares[i - 1] ?? 0));
    expect(shares.at(-1)).toBe(1);
  });
});
