/** Batches, optimizer, schedule, randomness. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochBatches, pack, share } from '../../src/lora/batches.ts';
import { adamw, clip, rateAt, SCHEDULES } from '../../src/lora/optimizer.ts';
import { normal, random, shuffle } from '../../src/lora/random.ts';
import { autoRate } from '../../src/lora/rate.ts';
import { stepsOf } from '../../src/lora/train.ts';
import { tinyRows } from './tiny.ts';

test('an epoch holds every row once, in an order that the seed decides', () => {
  const order = (seed: number): number[] => epochBatches(new Array<number>(101).fill(1), 10, random(seed, 'epoch 0')).flatMap((batch) => [...batch]);
  expect(order(1).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 101 }, (_, i) => i));
  expect(order(1)).toEqual(order(1));
  expect(order(1)).not.toEqual(order(2));
  expect(epochBatches(new Array<number>(101).fill(1), 10, random(1, 'x')).map((batch) => batch.length)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]);
});

test('rows are shared out whole, and evenly in tokens', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1, maxLength: 64 }), fc.integer({ min: 1, max: 8 }), (lengths, workers) => {
      const rows = lengths.map((length, index) => ({ tokens: new Int32Array(length), index }));
      const shares = share(rows, workers);
      expect(shares.flat().map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(rows.map(({ index }) => index));
      const loads = shares.map((part) => part.reduce((sum, row) => sum + row.tokens.length, 0));
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(...lengths));
    }),
  );
});

test('packed batches hold every token once, at its place in its row, within the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 100 }), (lengths, limit) => {
      const rows = tinyRows(lengths, 3);
      const batches = pack(rows, limit, 10);
      expect(batches.flatMap(({ tokens }) => [...tokens])).toEqual(rows.flatMap(({ tokens }) => [...tokens]));
      expect(batches.flatMap(({ positions }) => [...positions])).toEqual(rows.flatMap(({ tokens }) => [...tokens.keys()]));
      expect(batches.flatMap((batch) => batch.rows)).toEqual(rows);
      expect(batches.every((batch) => batch.share === 0.1)).toBe(true);
      for (const { tokens, layout } of batches) {
        expect(layout.starts.at(-1)).toBe(tokens.length);
        expect(tokens.length <= limit || layout.starts.length === 2).toBe(true);
      }
    }),
  );
});

test('AdamW: the first step is the rate in the direction of the sign, and decay shrinks what has no gradient', () => {
  const { init, update } = adamw({ weightDecay: 0.1 });
  const parameters = Float32Array.from([1, 1, 1]);
  update(parameters, Float32Array.from([3, -0.001, 0]), init(3), 0.01);
  [0.999 - 0.01, 0.999 + 0.01, 0.999].forEach((value, i) => expect(parameters[i]).toBeCloseTo(value, 5));
});

test('clipping keeps the direction and limits the length', () => {
  const gradients = Float32Array.from([3, 4]);
  expect(clip(gradients, 1)).toBe(5);
  expect([...gradients]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect(clip(gradients, 1)).toBeCloseTo(1);
  expect([...gradients]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
});

test.each(SCHEDULES)('schedule %s: rises to 1, then falls to nothing, and never below', (schedule) => {
  const rates = Array.from({ length: 100 }, (_, step) => rateAt(schedule, step, 100, 0.1));
  expect(rates.slice(0, 10)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  for (let i = 11; i < 100; i += 1) expect(rates[i]).toBeLessThan(rates[i - 1]!);
  expect(rates[99]).toBeGreaterThan(0);
  expect(rates[99]).toBeLessThan(0.02);
  expect(rateAt(schedule, 0, 1, 0)).toBe(1);
});

test('randomness: uniform and normal in mean and spread, streams apart, shuffles unbiased', () => {
  const uniform = random(1, 'a');
  const [many, normals] = [Array.from({ length: 20_000 }, uniform), Array.from({ length: 20_000 }, () => normal(uniform))];
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Six standard errors: a right generator fails once in a billion seeds, and the seed is fixed.
  expect(Math.abs(mean(many) - 0.5)).toBeLessThan((6 * Math.sqrt(1 / 12)) / Math.sqrt(20_000));
  expect(Math.abs(mean(normals))).toBeLessThan(6 / Math.sqrt(20_000));
  expect(Math.abs(mean(normals.map((value) => value * value)) - 1)).toBeLessThan((6 * Math.SQRT2) / Math.sqrt(20_000));
  expect(random(1, 'a')()).not.toBe(random(1, 'b')());
  expect(random(1, 'a')()).not.toBe(random(1 + 2 ** 32, 'a')());

  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i += 1) {
    const order = shuffle(Int32Array.from([0, 1, 2]), uniform).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(1000 * (5 / 6)));
});

test('the automatic rate falls with the length of the run and the width of the base, within its limits, and is halved from a warm start', () => {
  expect([1, 64, 400, 1e6].map((steps) => autoRate(steps, false, 256))).toEqual([5e-3, 5e-3, 2e-3, 1e-3]);
  expect(autoRate(400, true, 256)).toBe(1e-3);
  expect(autoRate(400, false, 16)).toBe(2e-3);
  expect(autoRate(400, false, 2048)).toBeCloseTo(2e-3 * 8 ** -0.775, 12);
  expect(stepsOf(100, { epochs: 1.5, batchSize: 32 })).toBe(6);
  expect(stepsOf(1, { epochs: 0.1, batchSize: 32 })).toBe(1);
});

test('a window brings rows of like length together, and loses none', () => {
  const lengths = Array.from({ length: 64 }, (_, i) => i);
  const batches = epochBatches(lengths, 8, random(1, 'window'), 4);
  expect(batches.flatMap((batch) => [...batch]).toSorted((a, b) => a - b)).toEqual(lengths);
  const spread = (all: Int32Array[]): number => all.reduce((sum, batch) => sum + Math.max(...batch) - Math.min(...batch), 0);
  expect(spread(batches)).toBeLessThan(0.5 * spread(epochBatches(lengths, 8, random(1, 'window'))));
});
