import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawNormal, drawPoisson } from '../../../src/statistics/draw.ts';
import { seededUniform } from '../../../src/statistics/random.ts';
import * as window from '../../../src/statistics/window/index.ts';
import type { OrderedTable, WindowResult } from '../../../src/statistics/window/index.ts';

// The faults of other tools, each of which must make a test here fail if it were ours.

const QUICK = { resamples: 40, draws: 199 };
const TESTS = { ks: window.kolmogorovSmirnov, cvm: window.cramerVonMises, chiSquare: window.chiSquare, g: window.gTest };
const DISTANCES = {
  psi: window.psi, jensenShannon: window.jensenShannon, hellinger: window.hellinger, totalVariation: window.totalVariation, lInfinity: window.lInfinity,
  wasserstein: window.wasserstein, energy: window.energyDistance,
};
const ALL = Object.entries({ ...TESTS, ...DISTANCES });
const tableArbitrary = (most: number) => fc.array(fc.tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most })), { minLength: 1, maxLength: 12 }).map((cells): OrderedTable => ({
  points: cells.map((_, i) => i * 0.5), reference: cells.map(([a]) => a), current: cells.map(([, b]) => b),
}));
const poisson = (shares: readonly number[], rows: number, uniform: () => number) => shares.map((share) => drawPoisson(share * rows, uniform));
const normals = (rows: number, mean: number, uniform: () => number) => Array.from({ length: rows }, () => mean + drawNormal(uniform));
/** What 400 repeats reach with 99.9 % confidence at a level of 0.05. */
const MOST = 0.05 + 3.1 * Math.sqrt((0.05 * 0.95) / 400);
const share = (repeats: number, hit: (uniform: () => number) => boolean) => {
  const uniform = seededUniform(23);
  return Array.from({ length: repeats }, () => hit(uniform)).filter(Boolean).length / repeats;
};

describe('a reference is a sample, not the truth', () => {
  test.each(['chiSquare', 'g'] as const)('%s: identical laws of 4 and 20 categories are called different in 5 %%, not in 27 and 75', (name) => {
    for (const k of [4, 20]) {
      const shares = Array.from({ length: k }, () => 1 / k);
      const level = share(400, (uniform) => (TESTS[name]({ reference: poisson(shares, 1_000, uniform), current: poisson(shares, 1_000, uniform) }, QUICK).p ?? 0) <= 0.05);
      expect(level).toBeLessThanOrEqual(MOST);
      expect(level).toBeGreaterThan(0.02);
    }
  });

  test('one row of an unseen category in a thousand is no certain alarm', () => {
    const table = { points: [0, 1, 2], reference: [600, 400, 0], current: [590, 409, 1] };
    for (const test of Object.values(TESTS)) expect(test(table).p).toBeGreaterThan(0.2);
  });

  test('Cramer-von Mises with ties and unequal sizes keeps its level, where midranks alarm always', () => {
    const shares = Array.from({ length: 10 }, () => 0.1);
    const level = share(400, (uniform) => (window.cramerVonMises({ reference: poisson(shares, 1_000, uniform), current: poisson(shares, 100, uniform) }, { resamples: 2 }).p ?? 0) <= 0.05);
    expect(level).toBeLessThanOrEqual(MOST);
    expect(level).toBeGreaterThan(0.02);
  });
});

test('Kolmogorov-Smirnov on few cells of many rows keeps its level and spends it', () => {
  const shares = Array.from({ length: 8 }, () => 1 / 8);
  const level = share(400, (uniform) => (window.kolmogorovSmirnov({ reference: poisson(shares, 50_000, uniform), current: poisson(shares, 50_000, uniform) }).p ?? 0) <= 0.05);
  expect(level).toBeLessThanOrEqual(MOST);
  // Kolmogorov's law alone would give about 0.01
  expect(level).toBeGreaterThan(0.025);
});

test('no p-value from a sketch: coarser counts lose distance and never gain significance from the loss', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 60_000 })), { minLength: 80, maxLength: 120 }), (cells) => {
      const of = (each: readonly (readonly [number, number])[]) => window.kolmogorovSmirnov({ reference: each.map(([a]) => a), current: each.map(([, b]) => b) });
      const pairs = Array.from({ length: Math.ceil(cells.length / 2) }, (_, i) => [(cells[2 * i]?.[0] ?? 0) + (cells[2 * i + 1]?.[0] ?? 0), (cells[2 * i]?.[1] ?? 0) + (cells[2 * i + 1]?.[1] ?? 0)] as const);
      const [fine, coarse] = [of(cells), of(pairs)];
      expect(coarse.statistic).toBeLessThanOrEqual(fine.statistic);
      expect(coarse.p).toBeGreaterThanOrEqual(fine.p ?? 1);
    }),
    { numRuns: 30 },
  );
});

describe('both directions', () => {
  test.each(ALL)('%s: swapping the samples changes nothing but a scale', (name, measure) => {
    fc.assert(
      fc.property(tableArbitrary(9), ({ points, reference, current }) => {
        const [a, b] = [measure({ points, reference, current }, QUICK), measure({ points, reference: current, current: reference }, QUICK)];
        expect(a.statistic).toBeCloseTo(b.statistic, 12);
        // permutations are others for the other side; the rest is the same number
        if (name === 'ks' || name === 'cvm') expect(a.p ?? 0).toBeCloseTo(b.p ?? 0, 12);
      }),
      { numRuns: 40 },
    );
  });

  test.each(['ks', 'cvm'] as const)('%s finds a rise and a fall', (name) => {
    const uniform = seededUniform(4);
    const reference = normals(200, 0, uniform);
    for (const shift of [1, -1]) expect(TESTS[name](window.tableOf(reference, normals(200, shift, uniform)), QUICK).p).toBeLessThan(1e-6);
  });

  test('reconstruction errors that fall are found as well', () => {
    const held = window.errorSums(Array.from({ length: 100 }, (_, i) => 2 + (i % 10) / 10));
    for (const by of [0.5, -0.5]) {
      const { p, effect } = window.reconstructionShift(held, window.errorSums(Array.from({ length: 100 }, (_, i) => 2 + by + (i % 10) / 10)));
      expect(p).toBeLessThan(1e-6);
      expect(Math.sign(effect)).toBe(Math.sign(by));
    }
  });
});

describe('empty cells and empty samples', () => {
  test.each(ALL)('%s is finite for every table', (_name, measure) => {
    fc.assert(
      fc.property(tableArbitrary(30), (table) => {
        const { statistic, p, effect, interval } = measure(table, QUICK);
        for (const value of [statistic, effect, interval.low, interval.high]) expect(Number.isFinite(value)).toBe(true);
        expect(statistic).toBeGreaterThanOrEqual(0);
        expect(interval.low).toBeLessThanOrEqual(interval.high);
        if (p !== null) expect(p > 0 && p <= 1, `p ${p}`).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test.each(ALL)('%s: a cell that is empty on both sides changes nothing', (_name, measure) => {
    const [with0, without] = [{ points: [0, 1, 2, 3], reference: [40, 0, 50, 10], current: [30, 0, 40, 30] }, { points: [0, 2, 3], reference: [40, 50, 10], current: [30, 40, 30] }];
    expect(measure(with0, QUICK)).toEqual(measure(without, QUICK));
  });

  test('PSI of one new category among a thousand rows is small', () => {
    expect(window.psi({ reference: [1_000, 0], current: [999, 1] }).statistic).toBeLessThan(0.005);
  });

  test.each(ALL)('%s knows nothing of no rows', (_name, measure) => {
    const found = measure({ points: [0, 1], reference: [5, 5], current: [0, 0] }, QUICK);
    expect(found).toMatchObject({ statistic: 0, effect: 0, interval: { low: 0 } });
    expect(found.p === null || found.p === 1).toBe(true);
    expect(found.interval.high).toBeGreaterThanOrEqual(1);
  });

  test('a constant column has not drifted', () => {
    for (const [, measure] of ALL) expect(measure({ points: [7], reference: [50], current: [80] }, QUICK)).toMatchObject({ statistic: 0, effect: 0 });
  });
});

describe('cells are those of the reference, all of them', () => {
  test('samples over different cells are refused, NaN too', () => {
    for (const [, measure] of ALL) expect(() => measure({ points: [0, 1], reference: [1, 2], current: [1, 2, 3] })).toThrow(RangeError);
    expect(() => window.chiSquare({ reference: [1, -1], current: [1, 1] })).toThrow(RangeError);
    expect(() => window.tableOf([1, Number.NaN], [2])).toThrow(RangeError);
  });

  test.each(ALL)('%s reads every cell', (_name, measure) => {
    const fine = { points: [0, 1, 2, 3], reference: [40, 10, 10, 40], current: [10, 40, 40, 10] };
    const merged = { points: [0.5, 2.5], reference: [50, 50], current: [50, 50] };
    expect(measure(fine, QUICK).statistic).toBeGreaterThan(measure(merged, QUICK).statistic + 1e-3);
  });
});

describe('thresholds are not in-sample', () => {
  const plane = (rows: readonly number[][]) => {
    const d = rows[0]?.length ?? 0;
    const sums = { n: rows.length, sum: new Float64Array(d), products: new Float64Array(d * d) };
    for (const row of rows) row.forEach((x, i) => {
      sums.sum[i] = (sums.sum[i] as number) + x;
      row.forEach((y, j) => (sums.products[i * d + j] = (sums.products[i * d + j] as number) + x * y));
    });
    return window.fitPlane(sums);
  };

  test('reconstruction: rows that fitted the plane are closer to it than healthy rows, held rows are not', () => {
    const alarms = { held: 0, inSample: 0 };
    const uniform = seededUniform(9);
    const rows = (count: number) => Array.from({ length: count }, () => normals(12, 0, uniform));
    for (let i = 0; i < 100; i++) {
      const [fit, held, current] = [rows(40), rows(200), rows(200)];
      const fitted = plane(fit);
      const errors = (each: number[][]) => window.errorSums(each.map((row) => window.reconstructionError(fitted, row)));
      if ((window.reconstructionShift(errors(held), errors(current)).p ?? 0) <= 0.05) alarms.held++;
      if ((window.reconstructionShift(errors(fit), errors(current)).p ?? 0) <= 0.05) alarms.inSample++;
    }
    expect(alarms.held).toBeLessThanOrEqual(13);
    expect(alarms.inSample).toBeGreaterThan(50);
  });

  test('the domain classifier is scored on rows that it was not trained on, and promises nothing', () => {
    const uniform = seededUniform(2);
    // more features than rows: it could learn its own rows by heart
    const rows = (count: number, mean: number) => Array.from({ length: count }, () => window.denseFeatures([...normals(60, 0, uniform), mean + drawNormal(uniform)]));
    const same = window.domainClassifier(rows(40, 0), rows(40, 0), 61);
    expect(same).toMatchObject({ p: null, guarantee: 'none' });
    expect(same.statistic).toBeLessThan(0.75);
    const moved = window.domainClassifier(rows(150, 0), rows(150, 4), 61);
    expect(moved.statistic).toBeGreaterThan(0.9);
    expect(moved.weights[0]).toMatchObject({ feature: 60 });
    expect(moved.weights[0]?.weight).toBeGreaterThan(0);
  });
});

test('the same seed gives the same bits, and a distance has no p-value unless it is asked for', () => {
  const table = { points: [0, 1, 2], reference: [40, 50, 10], current: [3, 4, 3] };
  for (const [, measure] of ALL) expect(measure(table, { seed: 5 })).toEqual(measure(table, { seed: 5 }));
  for (const measure of Object.values(DISTANCES)) {
    expect(measure(table)).toMatchObject({ p: null, guarantee: 'none' });
    const asked: WindowResult = measure(table, { draws: 99 });
    expect(asked.guarantee).toBe('exact');
    expect(asked.p).toBeGreaterThanOrEqual(0.01);
  }
});
