/** Every op with its backward pass as a case that any backend can run, and how far two backends are apart. */
import type { AttentionShape, Backend, Layout, Linear, Tensor } from '../../src/lora/ops.ts';
import { NO_TARGET, POOLINGS, qkvColumns } from '../../src/lora/ops.ts';
import { normal, random } from '../../src/lora/random.ts';

/** Includes one token, whole panels of eight, one more and one less, and more rows than a causal block has. */
export const LAYOUT: Layout = { starts: Int32Array.from([0, 1, 9, 18, 25, 80]) };
export const TOKENS = 80;
export const [D, WIDE, RANK] = [24, 40, 3];
const SEQUENCES = LAYOUT.starts.length - 1;
const VOCABULARY = 37;

export function numbers(count: number, seed: number, spread = 1): Float64Array {
  const uniform = random(seed, 'numbers');
  return Float64Array.from({ length: count }, () => Math.fround(spread * normal(uniform)));
}

export interface Case {
  /** Numbers of x and of dy, the gradient of the result. */
  readonly x: readonly [rows: number, cols: number];
  readonly dy: readonly [rows: number, cols: number];
  /** Gives y, and dx for dy. */
  run<T extends Tensor>(b: Backend<T>, x: T, dy: T): { y: T; dx: T };
}

/** Query, key and value fused, with LoRA on the first and the last. */
export function fusedLinear<T extends Tensor>(b: Backend<T>, biased = true): Linear<T> {
  const block = b.parameters(2 * RANK * D + 2 * D * RANK);
  block.write(numbers(4 * RANK * D, 2));
  const at = 2 * RANK * D;
  return {
    frozen: b.freeze(numbers(3 * D * D, 3, 0.3), biased ? numbers(3 * D, 4) : null, D, 3 * D, true),
    lora: { rank: RANK, scale: 1.5, a: block.at(0, 2 * RANK, D), parts: [{ column: 0, b: block.at(at, D, RANK) }, { column: 2 * D, b: block.at(at + D * RANK, D, RANK) }] },
  };
}

export function attentionCase(shape: AttentionShape, layout = LAYOUT): Case {
  const rows = layout.starts.at(-1)!;
  return {
    x: [rows, qkvColumns(shape)],
    dy: [rows, shape.heads * shape.width],
    run(b, x, dy) {
      const { y, saved } = b.attention(x, layout, shape);
      return { y, dx: b.attentionBackward(dy, saved, layout, shape) };
    },
  };
}

export function headNormCase(shape: AttentionShape, rows = TOKENS): Case {
  return {
    x: [rows, qkvColumns(shape)],
    dy: [rows, qkvColumns(shape)],
    run(b, x, dy) {
      const weight = (seed: number): ReturnType<typeof b.constant> => b.constant(numbers(shape.width, seed), 1, shape.width);
      const norm = { query: weight(5), key: weight(6), epsilon: 1e-5 };
      const { y, saved } = b.headNorm(x, norm, shape);
      return { y, dx: b.headNormBackward(dy, saved, norm, shape) };
    },
  };
}

export function rotaryCase(shape: AttentionShape, rows = TOKENS): Case {
  return {
    x: [rows, qkvColumns(shape)],
    dy: [rows, qkvColumns(shape)],
    run(b, x, dy) {
      const angles = numbers(rows * (shape.width / 2), 10, 3);
      const [cos, sin] = [b.constant(angles.map(Math.cos), rows, shape.width / 2), b.constant(angles.map(Math.sin), rows, shape.width / 2)];
      return { y: b.rotary(x, cos, sin, shape), dx: b.rotaryBackward(dy, cos, sin, shape) };
    },
  };
}

export function rmsNormCase(rows = TOKENS, cols = D): Case {
  return {
    x: [rows, cols],
    dy: [rows, cols],
    run(b, x, dy) {
      const norm = { weight: b.constant(numbers(cols, 5), 1, cols), epsilon: 1e-5 };
      const { y, saved } = b.rmsNorm(x, norm);
      return { y, dx: b.rmsNormBackward(dy, saved, norm) };
    },
  };
}

export const siluMulCase = (rows = TOKENS, cols = WIDE): Case => ({ x: [rows, 2 * cols], dy: [rows, cols], run: (b, x, dy) => ({ y: b.siluMul(x), dx: b.siluMulBackward(dy, x) }) });

function linearCase(biased: boolean): Case {
  return {
    x: [TOKENS, D],
    dy: [TOKENS, 3 * D],
    run(b, x, dy) {
      const layer = fusedLinear(b, biased);
      const { y, saved } = b.linear(x, layer);
      return { y, dx: b.linearBackward(dy, saved, layer, true) };
    },
  };
}

function denseCase(biased: boolean): Case {
  return {
    x: [5, D],
    dy: [5, 7],
    run(b, x, dy) {
      const block = b.parameters(8 * D);
      block.write(numbers(8 * D, 8));
      const [weight, bias] = [block.at(0, 7, D), biased ? block.at(7 * D, 1, 7) : null];
      return { y: b.dense(x, weight, bias), dx: b.denseBackward(dy, x, weight, bias) };
    },
  };
}

/** A row twice, and some not at all. */
const CHOSEN = Int32Array.from([3, 0, 79, 3, 41]);
/** Query heads that share keys, and a width that fills no whole number of panels by three heads. */
const GROUPED: AttentionShape = { heads: 6, kvHeads: 2, width: 8, causal: true };

export const CASES: Readonly<Record<string, Case>> = {
  add: { x: [TOKENS, D], dy: [TOKENS, D], run: (b, x, dy) => ({ y: b.add(x, x), dx: b.add(dy, dy) }) },
  select: { x: [TOKENS, D], dy: [CHOSEN.length, D], run: (b, x, dy) => ({ y: b.select(x, CHOSEN), dx: b.selectBackward(dy, CHOSEN, TOKENS) }) },
  gelu: { x: [TOKENS, WIDE], dy: [TOKENS, WIDE], run: (b, x, dy) => ({ y: b.gelu(x), dx: b.geluBackward(dy, x) }) },
  siluMul: siluMulCase(),
  layerNorm: {
    x: [TOKENS, D],
    dy: [TOKENS, D],
    run(b, x, dy) {
      const norm = { weight: b.constant(numbers(D, 5), 1, D), bias: b.constant(numbers(D, 6), 1, D), epsilon: 1e-12 };
      const { y, saved } = b.layerNorm(x, b.constant(numbers(TOKENS * D, 7), TOKENS, D), norm);
      return { y, dx: b.layerNormBackward(dy, saved, norm) };
    },
  },
  rmsNorm: rmsNormCase(),
  headNorm: headNormCase(GROUPED),
  rotary: rotaryCase(GROUPED),
  linear: linearCase(true),
  'linear without bias': linearCase(false),
  attention: attentionCase({ heads: 3, kvHeads: 3, width: 8, causal: false }),
  'attention of groups': attentionCase({ ...GROUPED, causal: false }),
  'causal attention of groups': attentionCase(GROUPED),
  ...Object.fromEntries(
    POOLINGS.map((pooling): [string, Case] => [`pool ${pooling}`, { x: [TOKENS, D], dy: [SEQUENCES, D], run: (b, x, dy) => ({ y: b.pool(x, LAYOUT, pooling), dx: b.poolBackward(dy, LAYOUT, pooling) }) }]),
  ),
  dense: denseCase(true),
  'dense without bias': denseCase(false),
};

export function runCase<T extends Tensor>(b: Backend<T>, { x, dy, run }: Case, xValues: Float64Array): { y: Float64Array; dx: Float64Array } {
  return b.step(() => {
    const found = run(b, b.constant(xValues, ...x), b.constant(numbers(dy[0] * dy[1], 9), ...dy));
    return { y: Float64Array.from(b.read(found.y)), dx: Float64Array.from(b.read(found.dx)) };
  });
}

export interface LossCase {
  readonly x: readonly [rows: number, cols: number];
  readonly weights: Float64Array;
  run<T extends Tensor>(b: Backend<T>, x: T, weights: Float64Array): { perRow: Float64Array; dx: T };
}

const someTargets = (rows: number, classes: number): Int32Array => Int32Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? NO_TARGET : (i * 7) % classes));

export function vocabularyCase(rows: number, d: number, vocabulary: number): LossCase {
  return {
    x: [rows, d],
    weights: numbers(rows, 11).map(Math.abs),
    run(b, x, weights) {
      const { perRow, dx } = b.vocabularyLoss(x, b.freeze(numbers(vocabulary * d, 12), null, d, vocabulary, true), someTargets(rows, vocabulary), weights);
      return { perRow, dx: dx! };
    },
  };
}

export const LOSSES: Readonly<Record<string, LossCase>> = {
  crossEntropy: {
    x: [12, 7],
    weights: numbers(12, 11).map(Math.abs),
    run(b, x, weights) {
      const { perRow, dLogits } = b.crossEntropy(x, someTargets(12, 7), weights);
      return { perRow, dx: dLogits };
    },
  },
  sigmoidCrossEntropy: {
    x: [12, 7],
    weights: numbers(12, 11).map(Math.abs),
    run(b, x, weights) {
      const { perRow, dLogits } = b.sigmoidCrossEntropy(x, Float64Array.from({ length: 12 * 7 }, (_, i) => (i % 3 === 0 ? 1 : 0)), weights);
      return { perRow, dx: dLogits };
    },
  },
  vocabularyLoss: vocabularyCase(30, D, VOCABULARY),
};

export function runLoss<T extends Tensor>(b: Backend<T>, { x, weights, run }: LossCase, xValues: Float64Array): { perRow: Float64Array; dx: Float64Array } {
  return b.step(() => {
    const { perRow, dx } = run(b, b.constant(xValues, ...x), weights);
    return { perRow, dx: Float64Array.from(b.read(dx)) };
  });
}

/** The largest difference, as a share of the largest number, or of `least` where all are smaller. */
export function worst(found: ArrayLike<number>, right: ArrayLike<number>, least = 0): number {
  let [most, scale] = [0, least];
  for (let i = 0; i < right.length; i += 1) {
    // Not Math.max alone: it would let NaN through as 0.
    const difference = Math.abs(right[i]! - found[i]!);
    most = Number.isNaN(difference) ? Infinity : Math.max(most, difference);
    scale = Math.max(scale, Math.abs(right[i]!));
  }
  return most === 0 ? 0 : most / scale;
}
