import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import * as detectors from '../../../src/statistics/detectors/index.ts';
import type { Detector } from '../../../src/statistics/detectors/index.ts';
import { seededUniform } from '../../../src/statistics/random.ts';

interface Case {
  readonly detector: string;
  readonly kind: 'errors' | 'values';
  readonly seed: number;
  readonly parts: readonly [rows: number, parameter: number][];
  readonly drifts: readonly number[];
  readonly warnings: number;
}
/** Made by golden/detectors.py with river. */
const golden = JSON.parse(readFileSync(new URL('../golden/detectors.json', import.meta.url), 'utf8')) as { cases: Case[] };
const all = Object.values(detectors) as unknown as Detector<object>[];
const named = (name: string) => all.find((each) => each.name === name) as Detector<object>;

function* stream({ kind, seed, parts }: Pick<Case, 'kind' | 'seed' | 'parts'>): Generator<number> {
  const uniform = seededUniform(seed);
  for (const [rows, parameter] of parts) {
    for (let i = 0; i < rows; i++) {
      if (kind === 'errors') yield uniform() < parameter ? 1 : 0;
      else {
        let sum = 0;
        for (let j = 0; j < 12; j++) sum += uniform();
        yield parameter + sum - 6;
      }
    }
  }
}

describe('alarms where river does', () => {
  test.each(golden.cases)('$detector on stream $seed', ({ detector, drifts, warnings, ...rest }) => {
    const step = named(detector).start();
    const found = { drifts: [] as number[], warnings: 0 };
    let row = 0;
    for (const value of stream(rest)) {
      const signal = step(value);
      if (signal === 'drift') found.drifts.push(row);
      if (signal === 'warning') found.warnings++;
      row++;
    }
    expect(found).toEqual({ drifts, warnings });
  });

  it('has every detector of the set, each with an alarm to find', () => {
    expect(all.map((each) => each.name).sort()).toEqual(['ADWIN', 'CUSUM', 'DDM', 'EDDM', 'HDDM-A', 'HDDM-W', 'KSWIN', 'Page-Hinkley']);
    for (const { name } of all) expect(golden.cases.some((each) => each.detector === name && each.drifts.length > 0), name).toBe(true);
  });
});

test.each(all)('$name promises nothing, and says so', ({ guarantee, promise }) => {
  expect(guarantee).toBe('none');
  expect(promise).toBe('no promise');
});

test('streams of one detector do not touch each other', () => {
  for (const detector of all) {
    const run = (steps: ((value: number) => string)[]) => {
      const uniform = seededUniform(7);
      return Array.from({ length: 2_000 }, (_, i) => steps.map((step) => step(uniform() < (i < 1_000 ? 0.1 : 0.6) ? 1 : 0))).map((signals) => signals[0]);
    };
    const noisy = detector.start();
    for (let i = 0; i < 500; i++) noisy(i % 2);
    expect(run([detector.start()])).toEqual(run([detector.start()]));
  }
});
