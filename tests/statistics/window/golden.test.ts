import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bridgeUpper } from '../../../src/statistics/bridge.ts';
import { chiSquareUpper, noncentralityInterval } from '../../../src/statistics/gamma.ts';
import { kolmogorovUpper } from '../../../src/statistics/kolmogorov.ts';
import { smirnovOmegaUpper } from '../../../src/statistics/smirnov.ts';
import { studentTwoSided } from '../../../src/statistics/student.ts';
import { areaUnderCurve } from '../../../src/statistics/window/domain-classifier.ts';
import { symmetricEigen } from '../../../src/statistics/window/eigen.ts';
import * as window from '../../../src/statistics/window/index.ts';
import type { OrderedTable, Table, WindowResult } from '../../../src/statistics/window/index.ts';

type Pair = [statistic: number, p: number];
interface Ordered extends Table {
  readonly ks: Pair;
  readonly cvm: Pair;
}
interface Golden {
  readonly kolmogorov: Pair[];
  readonly omega: Pair[];
  readonly bridge: [times: number[], reach: number, p: number][];
  readonly chiSquare: [x: number, df: number, p: number][];
  readonly noncentral: [x: number, df: number, low: number, high: number][];
  readonly student: [t: number, df: number, p: number][];
  readonly raw: (Ordered & OrderedTable)[];
  readonly tied: Ordered[];
  readonly large: (Ordered & { readonly exact: boolean; readonly few: boolean })[];
  readonly tables: (OrderedTable & { readonly name: string; readonly tests: { readonly chiSquare: Pair; readonly g: Pair }; readonly distances: Record<string, number> | null })[];
  readonly means: {
    readonly x: number[][]; readonly y: number[][]; readonly statistic: number; readonly effect: number; readonly components: number; readonly eigenvalues: number[]; readonly errors: number[];
    readonly welch: { readonly difference: number; readonly p: number; readonly low: number; readonly high: number };
    readonly auc: { readonly x: number[]; readonly y: number[]; readonly area: number };
  };
}
/** Made by golden/window.py with scipy and mpmath. */
const golden = JSON.parse(readFileSync(new URL('../golden/window.json', import.meta.url), 'utf8')) as Golden;

const near = (value: number | null, truth: number, relative: number, absolute = 0) =>
  expect(Math.abs((value ?? Number.NaN) - truth), `${value} should be ${truth}`).toBeLessThanOrEqual(relative * Math.abs(truth) + absolute);

/** No resampling: these tests are about statistics and p-values. */
const QUICK = { resamples: 2, draws: 99 };

describe('laws, down to 1e-300', () => {
  test.each(golden.kolmogorov)('Kolmogorov above %d', (t, p) => near(kolmogorovUpper(t), p, 1e-12));
  test.each(golden.bridge)('Brownian bridge at %j beyond %d', (times, reach, p) => {
    const found = bridgeUpper(times, reach);
    // far out single looks are added up: no less than the truth, and less than twice it
    if (reach > 3 && times.length > 1) expect([found >= p * (1 - 1e-12), found < 2 * p]).toEqual([true, true]);
    else near(found, p, 1e-10, 1e-307);
  });
  test.each(golden.omega)('Cramer-von Mises above %d', (x, p) => near(smirnovOmegaUpper(x), p, 1e-12));
  test.each(golden.chiSquare)('chi-square above %d with %d degrees of freedom', (x, df, p) => near(chiSquareUpper(x, df), p, 1e-11));
  test.each(golden.noncentral)('the noncentrality of %d with %d degrees of freedom, about', (x, df, low, high) => {
    const found = noncentralityInterval(x, df, 0.95);
    near(found.low, low, 5e-3);
    near(found.high, high, 5e-3);
  });
  test.each(golden.student)('Student beyond %d with %d degrees of freedom', (t, df, p) => near(studentTwoSided(t, df), p, 1e-10));
});

describe('Kolmogorov-Smirnov and Cramer-von Mises', () => {
  const check = (found: WindowResult, [statistic, p]: Pair) => {
    near(found.statistic, statistic, 1e-12);
    near(found.p, p, 1e-10, 1e-323);
  };
  test.each(golden.raw)('without ties, as scipy ($ks)', (each) => {
    check(window.kolmogorovSmirnov(each), each.ks);
    check(window.cramerVonMises(each, QUICK), each.cvm);
  });
  test.each(golden.tied)('with ties, as all orders counted ($reference)', (each) => {
    check(window.kolmogorovSmirnov(each), each.ks);
    check(window.cramerVonMises(each, QUICK), each.cvm);
  });
  test.each(golden.large)('of large samples ($ks)', (each) => {
    const ks = window.kolmogorovSmirnov(each);
    expect(ks.guarantee).toBe(each.exact ? 'exact' : 'asymptotic');
    if (each.exact || each.few) near(ks.statistic, each.ks[0], 1e-12);
    else check(ks, each.ks);
    check(window.cramerVonMises(each, QUICK), each.cvm);
  });
});

describe('of tables', () => {
  test.each(golden.tables)('$name: chi-square and G', ({ tests, ...table }) => {
    for (const [found, [statistic, p]] of [[window.chiSquare(table, QUICK), tests.chiSquare], [window.gTest(table, QUICK), tests.g]] as const) {
      near(found.statistic, statistic, 1e-12);
      // where expected counts are small the p-value is a permutation's, and does not agree with the limit
      if (found.guarantee === 'asymptotic') near(found.p, p, 1e-10, 1e-320);
      else expect(found.p).toBeGreaterThanOrEqual(0.01);
    }
  });

  const of: Record<string, (table: OrderedTable, options: object) => WindowResult> = {
    psi: window.psi, jensenShannon: window.jensenShannon, hellinger: window.hellinger, totalVariation: window.totalVariation, lInfinity: window.lInfinity,
    wasserstein: window.wasserstein, energy: window.energyDistance,
  };
  test.each(golden.tables.filter((each) => each.distances !== null))('$name: distances', ({ distances, ...table }) => {
    for (const [name, truth] of Object.entries(distances ?? {})) {
      // shares are rounded before they are compared: nearly equal ones keep 1e-16 of the share, not of the difference
      near(of[name]?.(table, QUICK).statistic ?? null, truth, 1e-12, name === 'hellinger' ? 1e-15 : 1e-17);
    }
  });
});

describe('of means', () => {
  const { x, y, statistic, effect, components, eigenvalues, errors, welch, auc } = golden.means;
  const units = (rows: number[][]) => rows.map((row) => window.unitOf(window.denseFeatures(row)));

  test('mean discrepancy, its unbiased square, and the same from sums', () => {
    const found = window.meanDiscrepancy(units(x), units(y), 6, { draws: 99 });
    near(found.statistic, statistic, 1e-12);
    near(found.effect, effect, 1e-12);
    const sum = (rows: number[][]) => ({
      rows: rows.length, sum: window.denseFeatures(rows[0]?.map((_, i) => rows.reduce((total, row) => total + (row[i] as number), 0)) ?? []),
      squares: rows.flat().reduce((total, value) => total + value * value, 0),
    });
    const summed = window.meanDiscrepancy([sum(x)], [sum(y)], 6);
    near(summed.statistic, statistic, 1e-12);
    near(summed.effect, effect, 1e-12);
    expect(summed).toMatchObject({ p: null, guarantee: 'none' });
  });

  test('PCA reconstruction, as numpy and scipy have it', () => {
    const sums = { n: x.length, sum: new Float64Array(6), products: new Float64Array(36) };
    for (const row of x) for (let i = 0; i < 6; i++) {
      sums.sum[i] = (sums.sum[i] as number) + (row[i] as number);
      for (let j = 0; j < 6; j++) sums.products[i * 6 + j] = (sums.products[i * 6 + j] as number) + (row[i] as number) * (row[j] as number);
    }
    const plane = window.fitPlane(sums);
    expect(plane.components).toHaveLength(components);
    y.forEach((row, i) => near(window.reconstructionError(plane, row), errors[i] as number, 1e-12));
    const held = x.map((row) => window.reconstructionError(plane, row));
    const found = window.reconstructionShift(window.errorSums(held), window.errorSums(y.map((row) => window.reconstructionError(plane, row))));
    const deviation = Math.sqrt(held.reduce((sum, value) => sum + (value - held.reduce((a, b) => a + b, 0) / 40) ** 2, 0) / 39);
    near(found.statistic, welch.difference, 1e-11);
    near(found.p, welch.p, 1e-10);
    near(found.interval.low * deviation, welch.low, 1e-9);
    near(found.interval.high * deviation, welch.high, 1e-9);
  });

  test('eigenvalues', () => {
    const cov = (i: number, j: number) => x.reduce((sum, row) => sum + (((row[i] as number) - mean(i)) * ((row[j] as number) - mean(j))) / 40, 0);
    const mean = (i: number) => x.reduce((sum, row) => sum + (row[i] as number) / 40, 0);
    const matrix = Array.from({ length: 36 }, (_, at) => cov(Math.floor(at / 6), at % 6) / Math.sqrt(cov(Math.floor(at / 6), Math.floor(at / 6)) * cov(at % 6, at % 6)));
    symmetricEigen(matrix, 6).values.forEach((value, i) => near(value, eigenvalues[i] as number, 1e-12));
  });

  test('the area under the curve, ties half', () => near(areaUnderCurve(auc.x, auc.y).auc, auc.area, 1e-12));
});
