/** One suite for every backend: each op against the float64 reference, and that one against finite differences. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReferenceTensor } from '../../src/lora/backends/reference.ts';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { erf } from '../../src/lora/backends/reference/rows.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { AttentionShape, Backend, Cache, Layout, Tensor } from '../../src/lora/ops.ts';
import { longest, qkvColumns } from '../../src/lora/ops.ts';
import type { Case } from './op-cases.ts';
import { CASES, D, LAYOUT, LOSSES, TOKENS, attentionCase, fusedLinear, headNormCase, numbers, rmsNormCase, rotaryCase, runCase, runLoss, siluMulCase, vocabularyCase, worst } from './op-cases.ts';

/** Compares a gradient with central differences of `objective` at some places. */
function checkGradient(x: Float64Array, gradient: Float64Array, objective: (at: Float64Array) => number): void {
  for (let k = 0; k < 8; k += 1) {
    const i = Math.floor(((k + 0.5) * x.length) / 8);
    const [up, down] = [x.slice(), x.slice()];
    up[i]! += 1e-5;
    down[i]! -= 1e-5;
    expect(gradient[i]).toBeCloseTo((objective(up) - objective(down)) / 2e-5, 6);
  }
}

describe.each(Object.entries(CASES))('%s', (_, one) => {
  const x = numbers(one.x[0] * one.x[1], 1);

  test('the reference backend agrees with finite differences', () => {
    const dy = numbers(one.dy[0] * one.dy[1], 9);
    checkGradient(x, runCase(referenceBackend(), one, x).dx, (at) => runCase(referenceBackend(), one, at).y.reduce((sum, value, i) => sum + value * dy[i]!, 0));
  });

  test('wasm agrees with the reference backend', () => {
    const [right, found] = [runCase(referenceBackend(), one, x), runCase(wasmBackend(), one, x)];
    expect(worst(found.y, right.y)).toBeLessThan(2e-6);
    expect(worst(found.dx, right.dx)).toBeLessThan(2e-6);
  });
});

describe.each(Object.entries(LOSSES))('%s', (_, one) => {
  const x = numbers(one.x[0] * one.x[1], 1);

  test('the reference backend agrees with finite differences, and rows without a target count nothing', () => {
    const { perRow, dx } = runLoss(referenceBackend(), one, x);
    checkGradient(x, dx, (at) => runLoss(referenceBackend(), one, at).perRow.reduce((sum, loss, i) => sum + loss * one.weights[i]!, 0));
    perRow.forEach((loss, i) => expect(loss === 0).toBe(dx.subarray(i * one.x[1], (i + 1) * one.x[1]).every((value) => value === 0)));
  });

  test('wasm agrees with the reference backend', () => {
    const [right, found] = [runLoss(referenceBackend(), one, x), runLoss(wasmBackend(), one, x)];
    expect(worst(found.perRow, right.perRow)).toBeLessThan(2e-6);
    expect(worst(found.dx, right.dx)).toBeLessThan(2e-6);
  });
});

describe('shapes at random: wasm agrees with the reference backend', () => {
  const wasm = wasmBackend();
  const shapes = fc
    .record({ kvHeads: fc.integer({ min: 1, max: 3 }), group: fc.integer({ min: 1, max: 3 }), eights: fc.integer({ min: 1, max: 2 }), causal: fc.boolean() })
    .map(({ kvHeads, group, eights, causal }): AttentionShape => ({ heads: kvHeads * group, kvHeads, width: eights * 8, causal }));
  const layouts = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 40, max: 110 })), { minLength: 1, maxLength: 3 }).map(
    (lengths): Layout => ({ starts: lengths.reduce((starts, length) => Int32Array.from([...starts, starts.at(-1)! + length]), Int32Array.from([0])) }),
  );
  const rows = fc.integer({ min: 1, max: 20 });
  const agree = (one: Case, seed: number): void => {
    const x = numbers(one.x[0] * one.x[1], seed, 2);
    const [right, found] = [runCase(referenceBackend(), one, x), runCase(wasm, one, x)];
    expect(worst(found.y, right.y)).toBeLessThan(1e-5);
    expect(worst(found.dx, right.dx)).toBeLessThan(1e-5);
  };

  test('attention', () => {
    fc.assert(fc.property(layouts, shapes, fc.nat(), (layout, shape, seed) => agree(attentionCase(shape, layout), seed)), { numRuns: 15 });
  });
  test('norms of heads and rotary positions', () => {
    fc.assert(fc.property(shapes, rows, fc.nat(), (shape, count, seed) => [headNormCase(shape, count), rotaryCase(shape, count)].forEach((one) => agree(one, seed))), { numRuns: 40 });
  });
  test('norms and gates of rows', () => {
    fc.assert(fc.property(rows, fc.integer({ min: 1, max: 20 }), fc.nat(), (count, fours, seed) => [rmsNormCase(count, 4 * fours), siluMulCase(count, 4 * fours)].forEach((one) => agree(one, seed))), { numRuns: 60 });
  });
  test('the loss over a vocabulary, also one longer than a block of a product, and logits far from zero', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(4, 8, 12), fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2040, max: 2100 })), fc.constantFrom(1, 30), fc.nat(), (count, d, vocabulary, spread, seed) => {
        const one = vocabularyCase(count, d, vocabulary);
        const x = numbers(count * d, seed, spread);
        const [right, found] = [runLoss(referenceBackend(), one, x), runLoss(wasm, one, x)];
        // Where every target is certain, losses and gradients are as small as 1e-50, and float32 knows a loss to within its logits' rounding and 1 - p to
        // within 1e-7 only.
        expect(worst(found.perRow, right.perRow, spread)).toBeLessThan(1e-5);
        expect(worst(found.dx, right.dx, 0.01)).toBeLessThan(spread === 1 ? 1e-5 : 1e-4);
      }),
      { numRuns: 40 },
    );
  });
});

describe('generation', () => {
  /** The same sequences token by token, in pieces of any length, side by side. */
  function stepwise<T extends Tensor>(b: Backend<T>, qkv: Float64Array, layout: Layout, shape: AttentionShape, piece: number): Float64Array {
    const [columns, d] = [qkvColumns(shape), shape.heads * shape.width];
    const y = new Float64Array(layout.starts.at(-1)! * d);
    return b.step(() => {
      const lengths = Array.from(layout.starts.subarray(1), (end, i) => end - layout.starts[i]!);
      const caches = lengths.map((length): Cache => b.cache(length, shape));
      for (let from = 0; from < Math.max(...lengths); from += piece) {
        const counts = lengths.map((length) => Math.max(0, Math.min(piece, length - from)));
        const starts = counts.reduce((all, count) => Int32Array.from([...all, all.at(-1)! + count]), Int32Array.from([0]));
        const part = new Float64Array(starts.at(-1)! * columns);
        const place = (i: number): number => layout.starts[i]! + from;
        counts.forEach((count, i) => part.set(qkv.subarray(place(i) * columns, (place(i) + count) * columns), starts[i]! * columns));
        const found = b.step(() => b.read(b.attentionStep(b.constant(part, starts.at(-1)!, columns), { starts }, caches, shape)));
        counts.forEach((count, i) => y.set(found.subarray(starts[i]! * d, (starts[i]! + count) * d), place(i) * d));
      }
      expect(caches.map((cache) => cache.length)).toEqual(lengths);
      return y;
    });
  }

  test.each([['reference', referenceBackend], ['wasm', wasmBackend]] as const)('%s: attention with a cache is attention without', (_, create) => {
    const b = create() as Backend<ReferenceTensor>;
    for (const shape of [{ heads: 6, kvHeads: 2, width: 8, causal: true }, { heads: 2, kvHeads: 2, width: 16, causal: true }]) {
      const x = numbers(TOKENS * qkvColumns(shape), 1);
      const right = runCase(referenceBackend(), attentionCase(shape), x).y;
      for (const piece of [1, 3, 60]) expect(worst(stepwise(b, x, LAYOUT, shape, piece), right)).toBeLessThan(2e-6);
    }
  });
});

test.each([['reference', referenceBackend], ['wasm', wasmBackend]] as const)('%s: a later token changes no bit of an earlier one, and a step leaves nothing behind', (_, create) => {
  const b = create() as Backend<ReferenceTensor>;
  const shape = { heads: 4, kvHeads: 2, width: 8, causal: true };
  const x = numbers(TOKENS * qkvColumns(shape), 1);
  const before = runCase(b, attentionCase(shape), x).y;
  const alive = b.liveTensors();
  x.fill(1e4, 70 * qkvColumns(shape));
  const after = runCase(b, attentionCase(shape), x).y;
  expect(after.subarray(0, 70 * 32)).toEqual(before.subarray(0, 70 * 32));
  expect(after.subarray(70 * 32)).not.toEqual(before.subarray(70 * 32));
  expect(b.liveTensors()).toBe(alive);
});

describe('LoRA', () => {
  function gradientOf<T extends Tensor>(b: Backend<T>): { a: Float64Array; b: Float64Array[] } {
    const layer = fusedLinear(b);
    return b.step(() => {
      const { saved } = b.linear(b.constant(numbers(TOKENS * D, 1), TOKENS, D), layer);
      // Twice: gradients add up.
      for (let i = 0; i < 2; i += 1) expect(b.linearBackward(b.constant(numbers(TOKENS * 3 * D, 9), TOKENS, 3 * D), saved, layer, false)).toBeNull();
      return { a: Float64Array.from(b.read(layer.lora!.a.gradient)), b: layer.lora!.parts.map((part) => Float64Array.from(b.read(part.b.gradient))) };
    });
  }

  test('gradients of A and B add up, and wasm agrees with the reference backend', () => {
    const [right, found] = [gradientOf(referenceBackend()), gradientOf(wasmBackend())];
    expect(worst(found.a, right.a)).toBeLessThan(2e-6);
    right.b.forEach((part, i) => expect(worst(found.b[i]!, part)).toBeLessThan(2e-6));
  });
});

describe('crossEntropy', () => {
  test.each([['reference', referenceBackend], ['wasm', wasmBackend]] as const)('%s: loss and gradient, also far from zero', (_, create) => {
    const b = create() as Backend<ReferenceTensor>;
    b.step(() => {
      const logits = [[1, 2, 3], [500, -500, 0], [-1e4, -1e4, -1e4]];
      const { perRow, dLogits } = b.crossEntropy(b.constant(Float64Array.from(logits.flat()), 3, 3), Int32Array.from([2, 1, 0]), Float64Array.from([1, 0.5, 2]));
      const total = Math.exp(-2) + Math.exp(-1) + 1;
      [Math.log(total), 1000, Math.log(3)].forEach((loss, i) => expect(perRow[i]).toBeCloseTo(loss, 5));
      const right = [Math.exp(-2) / total, Math.exp(-1) / total, 1 / total - 1, 0.5, -0.5, 0, -4 / 3, 2 / 3, 2 / 3];
      b.read(dLogits).forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 6));
    });
  });
});

describe('kernels at their edges', () => {
  const b = wasmBackend();
  const row = (values: readonly number[]): Float32Array => Float32Array.from(values);

  test('gelu of large numbers is the number or nothing, and its slope one or nothing', () => {
    b.step(() => {
      const x = b.constant(row([-1e30, -50, 0, 50, 1e30, -6, 6, 1e-20]), 1, 8);
      const ones = b.constant(row([1, 1, 1, 1, 1, 1, 1, 1]), 1, 8);
      expect([...b.read(b.gelu(x))].map((value) => value + 0)).toEqual([expect.closeTo(0), expect.closeTo(0), 0, 50, Math.fround(1e30), expect.closeTo(0, 6), expect.closeTo(6, 6), expect.closeTo(0)]);
      expect([...b.read(b.geluBackward(ones, x))].every((slope) => slope > -0.2 && slope < 1.2)).toBe(true);
    });
  });

  test('attention survives scores far apart', () => {
    b.step(() => {
      const qkv = Float32Array.from({ length: 9 * 3 * 8 }, (_, i) => (i % 24 < 16 ? ((i * 7919) % 13) * 40 - 240 : 1));
      const { y } = b.attention(b.constant(qkv, 9, 24), { starts: Int32Array.from([0, 9]) }, { heads: 1, kvHeads: 1, width: 8, causal: false });
      for (const value of b.read(y)) expect(value).toBeCloseTo(1, 5);
    });
  });
});

test("erf against Python's math.erf, on both sides of where its formula changes", () => {
  for (const [x, value] of [[0, 0.0], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [2, 0.9953222650189527], [2.99, 0.9999764743969194], [3.01, 0.9999792610363629], [3.5, 0.9999992569016276]] as const) {
    expect(erf(x)).toBeCloseTo(value, 12);
    expect(erf(-x)).toBeCloseTo(-value, 12);
  }
});

test('the longest sequence of a layout', () => {
  expect(longest(LAYOUT)).toBe(55);
});
