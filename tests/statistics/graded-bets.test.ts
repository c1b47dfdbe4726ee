/** Bets on values between 0 and 1: the inequality that they rest on, the promise that it gives, and what they are for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BETS, makeGradedBets } from '../../src/statistics/bets.ts';
import { logEvidence, startDetector, stepDetector, type Count } from '../../src/statistics/e-detector.ts';
import { provenRise } from '../../src/statistics/proven-rise.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { rowsToAlarm } from '../../src/statistics/rows-to-alarm.ts';

const mean = fc.double({ min: 1e-4, max: 0.999, noNaN: true });
const value = fc.double({ min: 0, max: 1, noNaN: true });

/** A value in [0, 1] of this mean: the average of `parts` uniform ones, moved; the more parts, the less it varies. */
function draw(uniform: () => number, at: number, parts: number): number {
  const reach = 2 * Math.min(at, 1 - at);
  let sum = 0;
  for (let i = 0; i < parts; i++) sum += uniform();
  return at + reach * (sum / parts - 0.5);
}

function pane(values: readonly number[]): Count {
  return { n: values.length, s: values.reduce((a, x) => a + x, 0), q: values.reduce((a, x) => a + x * x, 0) };
}

/** The first row at which it alarms, in panes of ten; Infinity when it does not within 20,000. */
function alarmAfter(next: () => number, m: number, threshold: number, graded: boolean): number {
  let detector = startDetector([m], { graded: [graded] });
  for (let rows = 10; rows <= 20_000; rows += 10) {
    const step = stepDetector(detector, [pane(Array.from({ length: 10 }, next))], threshold);
    detector = step.detector;
    if (step.alarm) return rows;
  }
  return Infinity;
}

describe('the evidence of a value', () => {
  it('is at most 1 + lambda (x - m), whatever the value', () => {
    fc.assert(fc.property(mean, value, (m, x) => {
      const logs = logEvidence(m, { n: 1, s: x, q: x * x }, true).slice(BETS);
      makeGradedBets(m).lambda.forEach((lambda, j) => expect(Math.exp(logs[j] as number)).toBeLessThanOrEqual(1 + lambda * (x - m) + 1e-9));
    }));
  });

  it('adds up over a pane: sums are enough', () => {
    fc.assert(fc.property(mean, fc.array(value, { minLength: 1, maxLength: 20 }), (m, values) => {
      const whole = logEvidence(m, pane(values), true);
      const apart = values.map((x) => logEvidence(m, { n: 1, s: x, q: x * x }, true));
      whole.forEach((log, j) => {
        const sum = apart.reduce((total, logs) => total + (logs[j] as number), 0);
        expect(Math.abs(log - sum)).toBeLessThanOrEqual(1e-9 * apart.reduce((size, logs) => size + Math.abs(logs[j] as number), 1));
      });
    }));
  });
});

it('keeps the promise on values at exactly m, also when the last pane decides how much they vary', () => {
  const [promise, m] = [200, 0.3];
  const alarms = (at: number) => {
    const uniform = seededUniform(5);
    let [detector, found, calm] = [startDetector([m], { graded: [true] }), 0, true];
    for (let t = 0; t < 40_000; t++) {
      const values = Array.from({ length: calm ? 8 : 2 }, () => draw(uniform, at, calm ? 6 : 1));
      calm = (values[0] as number) > at;
      const step = stepDetector(detector, [pane(values)], promise);
      detector = step.detector;
      if (step.alarm) found++;
    }
    return found;
  };
  // 40,000 panes: 200 alarms expected at most; four standard deviations above
  expect(alarms(m)).toBeLessThan(200 + 4 * Math.sqrt(200));
  // and a detector that never alarms would keep any promise
  expect(alarms(m + 0.03)).toBeGreaterThan(200 + 4 * Math.sqrt(200));
});

it('finds a small rise of values that vary little several times sooner, and one of values that are all but 0 or 1 hardly later', () => {
  const median = (graded: boolean, next: (uniform: () => number) => number, m: number) => {
    const found = Array.from({ length: 31 }, (_, seed) => {
      const uniform = seededUniform(seed + 1);
      return alarmAfter(() => next(uniform), m, 1e4, graded);
    }).sort((a, b) => a - b);
    return found[15] as number;
  };
  const little = (uniform: () => number) => draw(uniform, 0.4, 6);
  expect(median(false, little, 0.35)).toBeGreaterThan(4 * median(true, little, 0.35));
  const allOrNothing = (uniform: () => number) => (uniform() < 0.15 ? 1 : 0);
  expect(median(true, allOrNothing, 0.1)).toBeLessThan(1.25 * median(false, allOrNothing, 0.1));
});

it('the bound passes the tolerance when the detector alarms, and the power floor holds', () => {
  const [base, tolerance, threshold] = [0.33, 0.02, 1e4];
  const uniform = seededUniform(9);
  const panes: Count[] = [];
  let detector = startDetector([base + tolerance], { graded: [true] });
  for (let alarm = false; !alarm;) {
    const next = pane(Array.from({ length: 10 }, () => draw(uniform, 0.4, 6)));
    panes.push(next);
    ({ detector, alarm } = stepDetector(detector, [next], threshold));
    expect((provenRise({ base: [base], panes, threshold, graded: true }) ?? -1) >= tolerance).toBe(alarm);
  }
  const variance = (0.8 ** 2) / 12 / 6;
  const rows = rowsToAlarm({ m: 0.35, mean: 0.4, variance, threshold, rows: 10, graded: true });
  const inTime = Array.from({ length: 200 }, (_, seed) => {
    const own = seededUniform(seed + 100);
    return alarmAfter(() => draw(own, 0.4, 6), 0.35, threshold, true) <= rows;
  }).filter(Boolean).length;
  expect(inTime).toBeGreaterThan(140);
});
