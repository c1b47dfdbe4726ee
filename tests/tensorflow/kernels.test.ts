/** Our kernels for a CPU at sizes that take every way through their loops, against the float64 reference. */
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import type { AttentionShape, Backend, Layout, Tensor } from '../../src/lora/ops.ts';
import { attentionCase, numbers, runCase, worst } from '../lora/op-cases.ts';
import { backend, engine } from './engine.ts';

/** Lengths below, at and above one vector and two, and one above a block of a deep product. */
const LAYOUT: Layout = { starts: Int32Array.from([0, 1, 16, 33, 66, 203]) };
const SHAPES: readonly AttentionShape[] = [16, 32, 40, 64].flatMap((width) => [{ heads: 2, kvHeads: 2, width, causal: false }, { heads: 4, kvHeads: 2, width, causal: true }]);

interface Sizes {
  readonly tokens: number;
  readonly inputs: number;
  readonly rank: number;
  /** Rows of the weight from which on each part adds, and how many. */
  readonly parts: readonly { readonly column: number; readonly height: number }[];
  readonly outputs: number;
}
/** Whole vectors and rests, a part that ends before the layer does, fewer rows than a block has. */
const LINEARS: readonly Sizes[] = [
  { tokens: 203, inputs: 256, rank: 16, parts: [{ column: 0, height: 256 }, { column: 256, height: 256 }, { column: 512, height: 256 }], outputs: 768 },
  { tokens: 70, inputs: 100, rank: 16, parts: [{ column: 0, height: 132 }], outputs: 132 },
  { tokens: 65, inputs: 36, rank: 5, parts: [{ column: 4, height: 20 }, { column: 40, height: 7 }], outputs: 60 },
  { tokens: 3, inputs: 8, rank: 32, parts: [{ column: 0, height: 72 }], outputs: 72 },
];

function linear<T extends Tensor>(b: Backend<T>, { tokens, inputs, rank, parts, outputs }: Sizes): Record<string, Float64Array> {
  const wide = parts.length * rank;
  const block = b.parameters(wide * inputs + parts.reduce((sum, { height }) => sum + height * rank, 0));
  block.write(numbers(wide * inputs + parts.reduce((sum, { height }) => sum + height * rank, 0), 2, 0.3));
  const a = block.at(0, wide, inputs);
  let offset = wide * inputs;
  const bs = parts.map(({ column, height }) => {
    const part = { column, b: block.at(offset, height, rank) };
    offset += height * rank;
    return part;
  });
  const layer = { frozen: b.freeze(numbers(outputs * inputs, 3, 0.3), numbers(outputs, 4), inputs, outputs, true), lora: { rank, scale: 1.5, a, parts: bs } };
  return b.step(() => {
    const { y, saved } = b.linear(b.constant(numbers(tokens * inputs, 1), tokens, inputs), layer);
    const dx = b.linearBackward(b.constant(numbers(tokens * outputs, 9), tokens, outputs), saved, layer, true);
    const read = (x: T): Float64Array => Float64Array.from(b.read(x));
    return { y: read(y), dx: read(dx), a: read(a.gradient), ...Object.fromEntries(bs.map((part, i) => [`b ${i}`, read(part.b.gradient)])) };
  });
}

describe.skipIf(engine === null)('kernels for a CPU', () => {
  test.each(SHAPES.map((shape) => [`${shape.heads} heads over ${shape.kvHeads} of ${shape.width}${shape.causal ? ', causal' : ''}`, shape] as const))('attention, %s', (_, shape) => {
    const b = backend();
    const one = attentionCase(shape, LAYOUT);
    const x = numbers(one.x[0] * one.x[1], 1);
    const [right, found] = [runCase(referenceBackend(), one, x), runCase(b, one, x)];
    expect(worst(found.y, right.y)).toBeLessThan(2e-6);
    expect(worst(found.dx, right.dx)).toBeLessThan(2e-6);
    b.dispose();
  });

  test.each(LINEARS.map((sizes) => [`${sizes.tokens} x ${sizes.inputs} to ${sizes.outputs}, ${sizes.parts.length} parts of rank ${sizes.rank}`, sizes] as const))('a linear layer, %s', (_, sizes) => {
    const b = backend();
    const [right, found] = [linear(referenceBackend(), sizes), linear(b, sizes)];
    expect(Object.keys(found)).toEqual(Object.keys(right));
    for (const [part, values] of Object.entries(right)) expect(worst(found[part]!, values), part).toBeLessThan(2e-6);
    b.dispose();
  });

  test('a number that is no number stays one, through every kernel', () => {
    const b = backend();
    b.step(() => {
      const x = b.constant(Float32Array.from({ length: 3 * 48 }, (_, i) => (i === 50 ? NaN : i / 100)), 3, 48);
      const weights = b.constant(new Float32Array(48).fill(1), 1, 48);
      const { y: normal } = b.layerNorm(x, null, { weight: weights, bias: weights, epsilon: 1e-5 });
      const shape = { heads: 1, kvHeads: 1, width: 16, causal: false };
      const attended = b.attention(x, { starts: Int32Array.of(0, 3) }, shape);
      for (const y of [b.gelu(x), b.geluBackward(x, x), normal, attended.y, b.attentionBackward(attended.y, attended.saved, { starts: Int32Array.of(0, 3) }, shape)]) expect(b.read(y).some(Number.isNaN)).toBe(true);
    });
    b.dispose();
  });
});
