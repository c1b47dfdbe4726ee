/** Every op of the tensorflow backend against the float64 reference: op by op, as functions, and compiled by XLA. */
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import type { Compile } from '../../src/lora/backends/tensorflow/call.ts';
import type { AttentionShape, Backend, Layout, Linear, Parameter, Tensor } from '../../src/lora/ops.ts';
import { NO_TARGET, qkvColumns } from '../../src/lora/ops.ts';
import { dequantise, quantise } from '../../src/lora/quantise.ts';
import { normal, random } from '../../src/lora/random.ts';
import { CASES as EVERY_BACKENDS, runCase, worst } from '../lora/op-cases.ts';
import { backend, engine } from './engine.ts';

const TOKENS = 48;
/** Bins of 16: one sequence alone, three together, one short one behind another. */
const STARTS = Int32Array.from([0, 16, 17, 25, 32, 45, 48]);
const LAYOUT: Layout = { starts: STARTS, width: 16 };
const [D, WIDE, RANK] = [24, 40, 3];
const PLAIN: AttentionShape = { heads: 3, kvHeads: 3, width: 8, causal: false };
const GROUPED: AttentionShape = { heads: 6, kvHeads: 2, width: 4, causal: true };

function numbers(count: number, seed: number, spread = 1): Float64Array {
  const uniform = random(seed, 'numbers');
  return Float64Array.from({ length: count }, () => Math.fround(spread * normal(uniform)));
}

interface Case {
  readonly x: number;
  readonly dy: number;
  /** Everything that the op needs beside x and dy, made once. */
  prepare<T extends Tensor>(b: Backend<T>): unknown;
  run<T extends Tensor>(b: Backend<T>, given: { x: T; dy: T; layout: Layout; more: never }): { y: T; dx: T };
}

/** Types what `prepare` gives to `run`. */
function define<M>(x: number, dy: number, prepare: <T extends Tensor>(b: Backend<T>) => M, run: <T extends Tensor>(b: Backend<T>, given: { x: T; dy: T; layout: Layout; more: M }) => { y: T; dx: T }): Case {
  return { x, dy, prepare, run: run as Case['run'] };
}

function fused<T extends Tensor>(b: Backend<T>, parts: readonly number[]): { layer: Linear<T>; parameters: Parameter<T>[] } {
  const block = b.parameters((parts.length + 1) * 2 * D * RANK);
  block.write(numbers((parts.length + 1) * 2 * D * RANK, 2));
  const a = block.at(0, parts.length * RANK, D);
  const bs = parts.map((column, i) => ({ column, b: block.at((parts.length + i) * D * RANK, D, RANK) }));
  const frozen = b.freeze(numbers(3 * D * D, 3, 0.3), numbers(3 * D, 4), D, 3 * D, true);
  return { layer: { frozen, lora: { rank: RANK, scale: 1.5, a, parts: bs } }, parameters: [a, ...bs.map((part) => part.b)] };
}

const linear = (parts: readonly number[]): Case =>
  define(D, 3 * D, (b) => fused(b as Backend<Tensor>, parts), (b, { x, dy, more }) => {
    const layer = more.layer as Linear<typeof x>;
    const { y, saved } = b.linear(x, layer);
    return { y, dx: b.linearBackward(dy, saved, layer, true) };
  });

const attention = (shape: AttentionShape): Case =>
  define(qkvColumns(shape), shape.heads * shape.width, () => null, (b, { x, dy, layout }) => {
    const { y, saved } = b.attention(x, layout, shape);
    return { y, dx: b.attentionBackward(dy, saved, layout, shape) };
  });

const CASES: Readonly<Record<string, Case>> = {
  add: define(D, D, () => null, (b, { x, dy }) => ({ y: b.add(x, x), dx: b.add(dy, dy) })),
  gelu: define(WIDE, WIDE, () => null, (b, { x, dy }) => ({ y: b.gelu(x), dx: b.geluBackward(dy, x) })),
  siluMul: define(WIDE, WIDE / 2, () => null, (b, { x, dy }) => ({ y: b.siluMul(x), dx: b.siluMulBackward(dy, x) })),
  layerNorm: define(D, D, (b) => ({ weight: b.constant(numbers(D, 5), 1, D) as Tensor, bias: b.constant(numbers(D, 6), 1, D) as Tensor, residual: b.constant(numbers(TOKENS * D, 7), TOKENS, D) as Tensor }), (b, { x, dy, more }) => {
    const norm = { weight: more.weight as typeof x, bias: more.bias as typeof x, epsilon: 1e-12 };
    const { y, saved } = b.layerNorm(x, more.residual as typeof x, norm);
    return { y, dx: b.layerNormBackward(dy, saved, norm) };
  }),
  rmsNorm: define(D, D, (b) => ({ weight: b.constant(numbers(D, 5), 1, D) as Tensor }), (b, { x, dy, more }) => {
    const norm = { weight: more.weight as typeof x, epsilon: 1e-6 };
    const { y, saved } = b.rmsNorm(x, norm);
    return { y, dx: b.rmsNormBackward(dy, saved, norm) };
  }),
  headNorm: define(qkvColumns(GROUPED), qkvColumns(GROUPED), (b) => ({ query: b.constant(numbers(4, 5), 1, 4) as Tensor, key: b.constant(numbers(4, 6), 1, 4) as Tensor }), (b, { x, dy, more }) => {
    const norm = { query: more.query as typeof x, key: more.key as typeof x, epsilon: 1e-6 };
    const { y, saved } = b.headNorm(x, norm, GROUPED);
    return { y, dx: b.headNormBackward(dy, saved, norm, GROUPED) };
  }),
  rotary: define(qkvColumns(GROUPED), qkvColumns(GROUPED), (b) => ({ cos: b.constant(numbers(TOKENS * 2, 5), TOKENS, 2) as Tensor, sin: b.constant(numbers(TOKENS * 2, 6), TOKENS, 2) as Tensor }), (b, { x, dy, more }) => ({
    y: b.rotary(x, more.cos as typeof x, more.sin as typeof x, GROUPED),
    dx: b.rotaryBackward(dy, more.cos as typeof x, more.sin as typeof x, GROUPED),
  })),
  'linear, one part': linear([D]),
  'linear, first and last part': linear([0, 2 * D]),
  'linear, all parts': linear([0, D, 2 * D]),
  attention: attention(PLAIN),
  'attention, grouped and causal': attention(GROUPED),
};

/** XLA needs seconds to compile on a CPU; all the others go through it in the golden cases and in bench/gpu. */
const modesOf = (name: string): readonly Compile[] => (['linear, all parts', 'rmsNorm'].includes(name) ? ['function', 'xla'] : ['function']);

type Numbers = Record<string, Float64Array>;

function compute<T extends Tensor>(b: Backend<T>, name: string, { x, dy, prepare, run }: Case, layout: Layout): Numbers {
  const more = prepare(b) as { parameters?: Parameter<T>[] } | null;
  return b.step(() => {
    const inputs = { x: b.constant(numbers(TOKENS * x, 1), TOKENS, x), dy: b.constant(numbers(TOKENS * dy, 9), TOKENS, dy), layout, more: more as never };
    // Twice: the second call runs what the first one traced, and gradients add up.
    b.call(name, inputs, (given) => run(b, given));
    const found = b.call(name, inputs, (given) => run(b, given));
    const gradients = more?.parameters?.map((parameter, i): [string, T] => [`gradient ${i}`, parameter.gradient]) ?? [];
    return Object.fromEntries([['y', found.y] as const, ['dx', found.dx] as const, ...gradients].map(([part, tensor]) => [part, Float64Array.from(b.read(tensor))]));
  });
}

function expectClose(found: Numbers, right: Numbers): void {
  expect(Object.keys(found)).toEqual(Object.keys(right));
  for (const [part, values] of Object.entries(right)) {
    const scale = Math.max(...values.map(Math.abs));
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[part]![i]!)), 0) / scale;
    expect(worst, part).toBeLessThan(2e-6);
  }
}

/** The nearest number of eight bits, of two equally near the even one. */
function toBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0]!;
}

/** Length of the difference as a share of the length. */
const rootDistance = (found: Float64Array, right: Float64Array): number => Math.hypot(...found.map((value, i) => value - right[i]!)) / Math.hypot(...right);

describe.skipIf(engine === null)('tensorflow', () => {
  test.each(Object.entries(CASES).flatMap(([name, one]) => modesOf(name).map((compile) => [name, compile, one] as const)))('%s as a function, compile %s', (name, compile, one) => {
    const b = backend({ compile });
    expectClose(compute(b, name, one, LAYOUT), compute(referenceBackend(), name, one, LAYOUT));
    b.dispose();
  });

  /** Far sharper than at random: differences of scores of several tens. Rounded scores leave y at 0.0095, a rounded gradient of probabilities dx at 0.0108. */
  test.each([['xla', 0.003, 0.009], ['function', 0.02, 0.05]] as const)('sharp attention in bfloat16, compile %s, is near float64 over the same numbers', (compile, nearY, nearDx) => {
    const [shape, tokens]: [AttentionShape, number] = [{ heads: 4, kvHeads: 2, width: 32, causal: true }, 64];
    const [x, dy] = [numbers(tokens * qkvColumns(shape), 1, 4).map(toBfloat16), numbers(tokens * shape.heads * shape.width, 9).map(toBfloat16)];
    const layout: Layout = { starts: Int32Array.of(0, tokens), width: tokens };
    const attend = <T extends Tensor>(b: Backend<T>): Numbers =>
      b.step(() => {
        const given = { x: b.constant(x, tokens, qkvColumns(shape)), dy: b.constant(dy, tokens, shape.heads * shape.width), layout };
        const found = b.call('sharp', given, (inputs) => {
          const { y, saved } = b.attention(inputs.x, inputs.layout, shape);
          return { y, dx: b.attentionBackward(inputs.dy, saved, inputs.layout, shape) };
        });
        return { y: Float64Array.from(b.read(found.y)), dx: Float64Array.from(b.read(found.dx)) };
      });
    const b = backend({ compile, products: 'bfloat16' });
    const [found, right] = [attend(b), attend(referenceBackend())];
    expect(rootDistance(found['y']!, right['y']!)).toBeLessThan(nearY);
    expect(rootDistance(found['dx']!, right['dx']!)).toBeLessThan(nearDx);
    b.dispose();
  });

  test('quantised weights are the numbers that they stand for', () => {
    const parts = [quantise(Float32Array.from(numbers(8 * 24, 3)), 8, 24), quantise(Float32Array.from(numbers(9 * 24, 4)), 9, 24)];
    const weight = Float32Array.from(parts.flatMap((part) => [...dequantise(part)]));
    for (const compile of ['off', 'xla'] as const) {
      const b = backend({ compile });
      const unit = new Float32Array(24 * 24);
      for (let i = 0; i < 24; i += 1) unit[i * 25] = 1;
      b.step(() => {
        const inputs = { x: b.constant(unit, 24, 24), layer: { frozen: b.freeze(parts, null, 24, 17, true), lora: null } };
        const { y } = b.call('quantised', inputs, ({ x, layer }) => b.linear(x, layer));
        const found = b.read(y);
        weight.forEach((value, i) => expect(found[(i % 24) * 17 + Math.floor(i / 24)]).toBe(value));
      });
      b.dispose();
    }
  });

  test.each(Object.entries(EVERY_BACKENDS))("every backend's case of %s, op by op", (_, one) => {
    const b = backend();
    const x = numbers(one.x[0] * one.x[1], 1);
    const [right, found] = [runCase(referenceBackend(), one, x), runCase(b, one, x)];
    expect(worst(found.y, right.y)).toBeLessThan(2e-6);
    expect(worst(found.dx, right.dx)).toBeLessThan(2e-6);
    b.dispose();
  });

  test('dense, select and the losses', () => {
    const both = [referenceBackend(), backend(), backend({ compile: 'xla', mostLogits: 200 * 64 })].map((b) => heads(b as Backend<Tensor>));
    expectClose(both[1]!, both[0]!);
    expectClose(both[2]!, both[0]!);
  });

  test('no tensor outlives its step, and the count is the binding\'s own', () => {
    const b = backend({ compile: 'xla' });
    const count: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      heads(b);
      count.push(b.liveTensors());
    }
    // Each round makes a block of parameters and a frozen weight, which stay.
    expect(count[2]! - count[1]!).toBe(count[1]! - count[0]!);
    expect(() => b.step(() => b.add(b.constant(numbers(2, 1), 1, 2), b.constant(numbers(3, 1), 1, 3)))).toThrow(/[Ii]ncompatible/);
    expect(b.liveTensors()).toBe(count[2]);
    b.dispose();
    expect(b.liveTensors()).toBe(0);
  });
});

function heads<T extends Tensor>(b: Backend<T>): Numbers {
  const block = b.parameters(8 * D);
  block.write(numbers(8 * D, 8));
  const [weight, bias] = [block.at(0, 7, D), block.at(7 * D, 1, 7)];
  const output = b.freeze(numbers(64 * D, 12), null, D, 64, true);
  const targets = Int32Array.from({ length: TOKENS }, (_, i) => (i % 5 === 0 ? NO_TARGET : (i * 7) % 64));
  const weights = numbers(TOKENS, 13).map(Math.abs);
  return b.step(() => {
    const x = b.constant(numbers(TOKENS * D, 1), TOKENS, D);
    const rows = Int32Array.from([3, 3, 47, 0]);
    const chosen = b.select(x, rows);
    const logits = b.dense(chosen, weight, bias);
    const classes = b.crossEntropy(logits, Int32Array.from([1, NO_TARGET, 6, 0]), weights.subarray(0, 4));
    const labels = b.sigmoidCrossEntropy(logits, Float64Array.from({ length: 28 }, (_, i) => i % 2), weights.subarray(0, 4));
    const words = b.vocabularyLoss(x, output, targets, weights);
    const dChosen = b.denseBackward(classes.dLogits, chosen, weight, bias);
    const read = (tensor: T): Float64Array => Float64Array.from(b.read(tensor));
    return {
      logits: read(logits),
      classes: classes.perRow,
      dClasses: read(classes.dLogits),
      labels: labels.perRow,
      dLabels: read(labels.dLogits),
      words: words.perRow,
      dWords: read(words.dx!),
      weight: read(weight.gradient),
      bias: read(bias.gradient),
      dx: read(b.selectBackward(dChosen, rows, TOKENS)),
    };
  });
}
