/** What stands around the e-detector: the bound it alarms by, its power floor, autocorrelation, spread of groups, many answers at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evidenceDivisor, lagOne } from '../../src/statistics/autocorrelation.ts';
import { betsFor, BETS } from '../../src/statistics/bets.ts';
import { raise, startDetector, stepDetector, type Count } from '../../src/statistics/e-detector.ts';
import { benjaminiHochberg } from '../../src/statistics/multiple.ts';
import { provenRise } from '../../src/statistics/proven-rise.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { rowsToAlarm } from '../../src/statistics/rows-to-alarm.ts';
import { spreadOf } from '../../src/statistics/spread.ts';

const moments = (n: number, sum: number) => ({ n, sum, squares: sum });

describe('the proven rise', () => {
  const uniform = seededUniform(3);
  const pane = (rate: number, n: number): Count => {
    let s = 0;
    for (let i = 0; i < n; i++) if (uniform() < rate) s++;
    return { n, s };
  };

  it('has passed the tolerance exactly when the detector alarms', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.3, noNaN: true }), fc.constantFrom(0, 0.02, 0.05), fc.double({ min: -0.03, max: 0.15, noNaN: true }), (base, tolerance, rise) => {
        const panes = Array.from({ length: 12 }, () => pane(Math.max(0, base + rise), 60));
        let detector = startDetector([base + tolerance]);
        let value = 0;
        for (const each of panes) ({ detector, value } = stepDetector(detector, [each], Infinity));
        const bound = provenRise({ base: [base], panes, threshold: 1_000 });
        if (Math.abs(Math.log(Math.max(value, 1e-300) / 1_000)) < 0.01) return;
        expect((bound ?? -1) >= tolerance).toBe(value >= 1_000);
      }),
    );
  });

  it('counts each stratum from its own base, and knows when there is nothing to prove', () => {
    const panes = Array.from({ length: 10 }, () => [{ n: 100, s: 20, stratum: 0 }, { n: 100, s: 60, stratum: 1 }]);
    const bound = provenRise({ base: [0.1, 0.5], panes, threshold: 1_000 }) ?? Number.NaN;
    expect(bound).toBeGreaterThan(0.06);
    expect(bound).toBeLessThan(0.1);
    expect(provenRise({ base: [0.1], panes: [{ n: 3, s: 0 }], threshold: 1_000 })).toBeNull();
  });
});

it('the power floor: about eight of ten detectors have alarmed by then', () => {
  const uniform = seededUniform(11);
  for (const { m, mean, threshold, rows } of [{ m: 0.1, mean: 0.15, threshold: 1e5, rows: 10 }, { m: 0.02, mean: 0.04, threshold: 1e4, rows: 1 }, { m: 0.3, mean: 0.36, threshold: 17_280, rows: 20 }]) {
    const most = rowsToAlarm({ m, mean, threshold, rows });
    let found = 0;
    for (let trial = 0; trial < 200; trial++) {
      const levels = new Float64Array(BETS);
      for (let seen = 0; seen < most; seen += rows) {
        let s = 0;
        for (let i = 0; i < rows; i++) if (uniform() < mean) s++;
        if (raise(levels, betsFor(m), rows, s) < threshold) continue;
        found++;
        break;
      }
    }
    expect(found).toBeGreaterThan(0.68 * 200);
    expect(found).toBeLessThan(0.92 * 200);
  }
  expect(rowsToAlarm({ m: 0.1, mean: 0.1, threshold: 1e4, rows: 10 })).toBe(Infinity);
});

it('autocorrelation: of a sticky series, of none, and what it costs', () => {
  const uniform = seededUniform(2);
  let last = 0;
  const sticky = Float64Array.from({ length: 20_000 }, () => (last = uniform() < 0.6 ? last : Number(uniform() < 0.3)));
  expect(lagOne(sticky)).toBeCloseTo(0.6, 1);
  expect(Math.abs(lagOne(Float64Array.from({ length: 20_000 }, uniform)))).toBeLessThan(0.03);
  expect([lagOne([1, 1, 1, 1]), lagOne([1, 2])]).toEqual([0, 0]);
  expect([evidenceDivisor(0.6), evidenceDivisor(-0.5)]).toEqual([4, 1]);
});

describe('spread of groups', () => {
  it('is of level alpha when there is none, and sees a daily rhythm', () => {
    const uniform = seededUniform(4);
    const groups = (rate: (hour: number) => number) => Array.from({ length: 24 }, (_, hour) => moments(200, Array.from({ length: 200 }, uniform).filter((u) => u < rate(hour)).length));
    let rejected = 0;
    for (let trial = 0; trial < 400; trial++) if (spreadOf(groups(() => 0.1)).p <= 0.05) rejected++;
    expect(rejected).toBeLessThan(0.05 * 400 + 4 * Math.sqrt(0.05 * 0.95 * 400));
    const { p, deviation } = spreadOf(groups((hour) => 0.1 + 0.06 * Math.sin((hour * Math.PI) / 12)));
    expect(p).toBeLessThan(1e-6);
    expect(deviation).toBeCloseTo(0.06 / Math.SQRT2, 1);
  });
  it('needs two groups with rows', () => expect(spreadOf([moments(100, 10), moments(3, 3)])).toEqual({ p: 1, deviation: 0, groups: 1 }));
});

it('many answers at once', () => {
  expect(benjaminiHochberg([0.001, 0.04, 0.025, 0.9], 0.05)).toEqual([true, false, true, false]);
  expect(benjaminiHochberg([0.2, 0.9], 0.05)).toEqual([false, false]);
});
