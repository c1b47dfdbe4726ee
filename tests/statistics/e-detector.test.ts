import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BETS, betsFor, WEIGHTS } from '../../src/statistics/bets.ts';
import { detectorValue, logEvidence, raise, startDetector, stepDetector, type Count, type Detector } from '../../src/statistics/e-detector.ts';

const mean = fc.double({ min: 0.001, max: 0.99, noNaN: true });

/** Independent of the code: plain doubles, the formulas of the doc comment. */
function plain(m: number, counts: Count[]): number {
  const bets = logEvidence(m, { n: 0, s: 1 });
  const sums = bets.map(() => 0);
  let value = 0;
  for (const { n, s } of counts) {
    if (n === 0) continue;
    bets.forEach((bet, j) => (sums[j] = ((sums[j] as number) + 1) * (Math.exp(bet * s) / (1 - m + m * Math.exp(bet)) ** n)));
    value = sums.reduce((a, b, j) => a + b * (WEIGHTS[j] as number), 0);
  }
  return value;
}

/** mulberry32 */
function source(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('evidence of a pane', () => {
  it('has expectation 1 for rows of 0 and 1 with mean m', () => {
    fc.assert(
      fc.property(mean, (m) => {
        const [hit, miss] = [logEvidence(m, { n: 1, s: 1 }), logEvidence(m, { n: 1, s: 0 })];
        hit.forEach((log, j) => expect(m * Math.exp(log) + (1 - m) * Math.exp(miss[j] as number)).toBeCloseTo(1, 10));
      }),
    );
  });

  it('has expectation at most 1 for any rows in [0, 1] with mean at most m', () => {
    fc.assert(
      fc.property(mean, fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 5 }), (m, points) => {
        const total = points.reduce((sum, [, weight]) => sum + weight, 0);
        const average = points.reduce((sum, [x, weight]) => sum + (x * weight) / total, 0);
        // scaled down until the mean is on course
        const scale = Math.min(1, m / average);
        const expectation = logEvidence(m, { n: 1, s: 0 }).map((_, j) =>
          points.reduce((sum, [x, weight]) => sum + (weight / total) * Math.exp(logEvidence(m, { n: 1, s: x * scale })[j] as number), 0));
        for (const each of expectation) expect(each).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });
});

describe('the detector', () => {
  const pane = fc.integer({ min: 0, max: 30 }).chain((n) => fc.record({ n: fc.constant(n), s: fc.double({ min: 0, max: n, noNaN: true }) }));

  it('agrees with the plain formulas', () => {
    fc.assert(
      fc.property(mean, fc.array(pane, { minLength: 1, maxLength: 20 }), (m, counts) => {
        let detector = startDetector([m]);
        for (const count of counts) detector = stepDetector(detector, [count], Infinity).detector;
        const truth = plain(m, counts);
        if (truth < 1e200) expect(Math.abs(detectorValue(detector).value - truth)).toBeLessThanOrEqual(1e-9 * truth);
      }),
    );
  });

  it('survives JSON bit for bit, and any pane however large', () => {
    let detector = startDetector([0.1, 0.999999, 1e-12, 1]);
    for (const [n, s] of [[3, 2], [1e9, 1e9], [1e9, 0], [0, 0], [50, 4]] as const) {
      const step = stepDetector(detector, [{ n, s }, { n, s }, { n, s }, { n, s }], 1e300);
      expect(step.value).not.toBeNaN();
      const read = JSON.parse(JSON.stringify(step.detector)) as Detector;
      expect(read).toEqual(step.detector);
      expect(read.levels.flat().every((level) => Number.isFinite(level) && level >= 0)).toBe(true);
      detector = read;
    }
  });

  it('alarms at the threshold, not below, and then rests', () => {
    const pane = [{ n: 10, s: 9 }];
    const { value } = stepDetector(startDetector([0.1]), pane, Infinity);
    expect(stepDetector(startDetector([0.1]), pane, value * (1 + 1e-9)).alarm).toBe(false);
    const step = stepDetector(startDetector([0.1]), pane, value * (1 - 1e-9));
    expect(step.alarm).toBe(true);
    expect(detectorValue(step.detector).value).toBe(0);
  });

  it('never alarms of panes without rows, nor where no rise is possible', () => {
    let [empty, full] = [startDetector([0.3]), startDetector([1])];
    for (let i = 0; i < 100; i++) {
      empty = stepDetector(empty, [{ n: 0, s: 0 }], 1e-9).detector;
      const step = stepDetector(full, [{ n: 5, s: 5 }], 2);
      expect(step.alarm).toBe(false);
      full = step.detector;
    }
    expect(detectorValue(empty).value).toBe(0);
  });

  it('multiplies the strata of a pane, each by its own mean', () => {
    const [m, pane] = [[0.1, 0.4], [{ n: 30, s: 5, stratum: 0 }, { n: 20, s: 9, stratum: 1 }]] as const;
    const { detector } = stepDetector(startDetector([m]), [pane], Infinity);
    const logs = pane.map((count) => logEvidence(m[count.stratum], count));
    detector.levels[0]?.forEach((level, j) => expect(level).toBeCloseTo(Math.exp((logs[0]?.[j] ?? 0) + (logs[1]?.[j] ?? 0)), 9));
  });

  it('divides log bets: what half of the rows would say', () => {
    const halved = stepDetector(startDetector([0.2], { divisor: 2 }), [{ n: 40, s: 14 }], Infinity);
    expect(halved.value).toBeCloseTo(stepDetector(startDetector([0.2]), [{ n: 20, s: 7 }], Infinity).value, 9);
  });

  it('steps a row in place as it steps a pane, bit for bit', () => {
    const levels = new Float64Array(BETS);
    let detector = startDetector([0.15]);
    for (let i = 0; i < 200; i++) {
      const s = i % 6 === 0 ? 1 : 0;
      raise(levels, betsFor(0.15), 1, s);
      detector = stepDetector(detector, [{ n: 1, s }], Infinity).detector;
    }
    expect([...levels]).toEqual(detector.levels[0]);
  });

  it('averages its streams and says which speaks loudest', () => {
    const { detector, value } = stepDetector(startDetector([0.2, 0.2, 0.2]), [{ n: 20, s: 3 }, { n: 20, s: 15 }, { n: 20, s: 2 }], Infinity);
    const { streams } = detectorValue(detector);
    expect(value).toBeCloseTo(streams.reduce((a, b) => a + b, 0) / 3, 6);
    expect(streams.indexOf(Math.max(...streams))).toBe(1);
  });
});

it('keeps its promise: mean run length above 200 on rows at exactly m, also when they come in runs', () => {
  const promise = 200;
  const alarms = (next: (random: () => number, last: number) => number) => {
    const random = source(11);
    let [detector, found, last] = [startDetector([0.2]), 0, 0];
    for (let t = 0; t < 60_000; t++) {
      // the last row decides how large a pane is: dependence that the promise allows
      const n = 1 + 4 * last;
      let s = 0;
      for (let i = 0; i < n; i++) s += next(random, last);
      last = s > 0 ? 1 : 0;
      const step = stepDetector(detector, [{ n, s }], promise);
      detector = step.detector;
      if (step.alarm) found++;
    }
    return found;
  };
  // 60,000 panes: 300 alarms expected at most; four standard deviations above
  expect(alarms((random) => (random() < 0.2 ? 1 : 0))).toBeLessThan(300 + 4 * Math.sqrt(300));
  // and a detector that never alarms would keep any promise
  expect(alarms((random) => (random() < 0.24 ? 1 : 0))).toBeGreaterThan(300 + 4 * Math.sqrt(300));
});
