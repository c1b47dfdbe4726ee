/** One suite for every backend: each op against the float64 reference, and that one against finite differences. */
import { describe, expect, test } from 'vitest';
import type { ReferenceTensor } from '../../src/lora/backends/reference.ts';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { erf } from '../../src/lora/backends/reference/rows.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { Backend, Layout, Linear, Tensor } from '../../src/lora/ops.ts';
import { POOLINGS, longest } from '../../src/lora/ops.ts';
import { normal, random } from '../../src/lora/random.ts';

/** Includes one token, whole panels of eight, one more and one less. */
const LAYOUT: Layout = { starts: Int32Array.from([0, 1, 9, 18, 25, 42]) };
const TOKENS = 42;
const [D, WIDE, HEADS, RANK] = [24, 40, 3, 3];

function numbers(count: number, seed: number, spread = 1): Float64Array {
  const uniform = random(seed, 'numbers');
  return Float64Array.from({ length: count }, () => Math.fround(spread * normal(uniform)));
}

interface Case {
  /** Numbers of x and of dy, the gradient of the result. */
  readonly x: readonly [rows: number, cols: number];
  readonly dy: readonly [rows: number, cols: number];
  /** Gives y, and dx for dy. */
  run<T extends Tensor>(b: Backend<T>, x: T, dy: T): { y: T; dx: T };
}

/** Query, key and value fused, with LoRA on the first and the last. */
function fusedLinear<T extends Tensor>(b: Backend<T>): Linear<T> {
  const block = b.parameters(2 * RANK * D + 2 * D * RANK);
  block.write(numbers(4 * RANK * D, 2));
  const at = 2 * RANK * D;
  return {
    frozen: b.freeze(numbers(3 * D * D, 3, 0.3), numbers(3 * D, 4), D, 3 * D, true),
    lora: { rank: RANK, scale: 1.5, a: block.at(0, 2 * RANK, D), parts: [{ column: 0, b: block.at(at, D, RANK) }, { column: 2 * D, b: block.at(at + D * RANK, D, RANK) }] },
  };
}

const CASES: Readonly<Record<string, Case>> = {
  add: { x: [TOKENS, D], dy: [TOKENS, D], run: (b, x, dy) => ({ y: b.add(x, x), dx: b.add(dy, dy) }) },
  gelu: { x: [TOKENS, WIDE], dy: [TOKENS, WIDE], run: (b, x, dy) => ({ y: b.gelu(x), dx: b.geluBackward(dy, x) }) },
  layerNorm: {
    x: [TOKENS, D],
    dy: [TOKENS, D],
    run(b, x, dy) {
      const norm = { weight: b.constant(numbers(D, 5), 1, D), bias: b.constant(numbers(D, 6), 1, D), epsilon: 1e-12 };
      const { y, saved } = b.layerNorm(x, b.constant(numbers(TOKENS * D, 7), TOKENS, D), norm);
      return { y, dx: b.layerNormBackward(dy, saved, norm) };
    },
  },
  linear: {
    x: [TOKENS, D],
    dy: [TOKENS, 3 * D],
    run(b, x, dy) {
      const layer = fusedLinear(b);
      const { y, saved } = b.linear(x, layer);
      return { y, dx: b.linearBackward(dy, saved, layer, true) };
    },
  },
  attention: {
    x: [TOKENS, 3 * D],
    dy: [TOKENS, D],
    run(b, x, dy) {
      const shape = { heads: HEADS, kvHeads: HEADS, width: D / HEADS, causal: false };
      const { y, saved } = b.attention(x, LAYOUT, shape);
      return { y, dx: b.attentionBackward(dy, saved, LAYOUT, shape) };
    },
  },
  ...Object.fromEntries(
    POOLINGS.map((pooling): [string, Case] => [
      `pool ${pooling}`,
      { x: [TOKENS, D], dy: [LAYOUT.starts.length - 1, D], run: (b, x, dy) => ({ y: b.pool(x, LAYOUT, pooling), dx: b.poolBackward(dy, LAYOUT, pooling) }) },
    ]),
  ),
  dense: {
    x: [5, D],
    dy: [5, 7],
    run(b, x, dy) {
      const block = b.parameters(8 * D);
      block.write(numbers(8 * D, 8));
      const [weight, bias] = [block.at(0, 7, D), block.at(7 * D, 1, 7)];
      return { y: b.dense(x, weight, bias), dx: b.denseBackward(dy, x, weight, bias) };
    },
  },
};

function runCase<T extends Tensor>(b: Backend<T>, { x, dy, run }: Case, xValues: Float64Array): { y: Float64Array; dx: Float64Array } {
  return b.step(() => {
    const found = run(b, b.constant(xValues, ...x), b.constant(numbers(dy[0] * dy[1], 9), ...dy));
    return { y: Float64Array.from(b.read(found.y)), dx: Float64Array.from(b.read(found.dx)) };
  });
}

function worst(found: Float64Array, right: Float64Array): number {
  const scale = Math.max(...right.map(Math.abs));
  return right.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0) / scale;
}

describe.each(Object.entries(CASES))('%s', (_, one) => {
  const x = numbers(one.x[0] * one.x[1], 1);

  test('the reference backend agrees with finite differences', () => {
    const { dx } = runCase(referenceBackend(), one, x);
    const dy = numbers(one.dy[0] * one.dy[1], 9);
    const objective = (at: Float64Array): number => runCase(referenceBackend(), one, at).y.reduce((sum, value, i) => sum + value * dy[i]!, 0);
    const uniform = random(1, 'places');
    for (let k = 0; k < 8; k += 1) {
      const i = Math.floor(uniform() * x.length);
      const [up, down] = [x.slice(), x.slice()];
      up[i]! += 1e-5;
      down[i]! -= 1e-5;
      expect(dx[i]).toBeCloseTo((objective(up) - objective(down)) / 2e-5, 6);
    }
  });

  test('wasm agrees with the reference backend', () => {
    const [right, found] = [runCase(referenceBackend(), one, x), runCase(wasmBackend(), one, x)];
    expect(worst(found.y, right.y)).toBeLessThan(2e-6);
    expect(worst(found.dx, right.dx)).toBeLessThan(2e-6);
  });
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
  expect(longest(LAYOUT)).toBe(17);
});
