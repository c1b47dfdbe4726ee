/** Frozen weights held as NF4: what the backends compute with is exactly what the codes mean. */
import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import { initialValues, planAdapter } from '../../src/lora/adapter.ts';
import { pack } from '../../src/lora/batches.ts';
import { merged, outputs as answers, trainable } from '../../src/lora/learner.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import type { Backend, Frozen, Tensor } from '../../src/lora/ops.ts';
import type { Nf4 } from '../../src/lora/quantise.ts';
import { plain, quantise } from '../../src/lora/quantise.ts';
import { normal, random } from '../../src/lora/random.ts';
import { tinyBase } from './tiny.ts';

const uniform = random(1, 'nf4');
const normals = (count: number, scale: number): Float32Array => Float32Array.from({ length: count }, () => scale * normal(uniform));

/** Parts of a fused layer: outputs of each, and their inputs. Regular ones go through the kernels, the others do not. */
const LAYERS: readonly (readonly [string, readonly number[], number])[] = [
  ['one part', [24], 64],
  ['queries, and fewer keys and values', [64, 16, 16], 192],
  ['an odd number of outputs', [13, 24], 128],
  ['inputs that are no whole blocks', [8, 16], 40],
];

const forms = (outputs: readonly number[], inputs: number): Nf4[] => outputs.map((rows, i) => quantise(normals(rows * inputs, 0.02 * (i + 1)), rows, inputs));
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function both<T extends Tensor>(b: Backend<T>, frozen: Frozen, x: Float32Array, dy: Float32Array): [number[], number[]] {
  const { inputs, outputs } = frozen;
  return b.step(() => {
    const { y, saved } = b.linear(b.constant(x, x.length / inputs, inputs), { frozen, lora: null });
    return [[...b.read(y)], [...b.read(b.linearBackward(b.constant(dy, dy.length / outputs, outputs), saved, { frozen, lora: null }, true))]];
  });
}

const identity = (size: number): Float32Array => Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));

test.each(LAYERS)('wasm, %s: both directions read exactly the dequantised weight', (_, outputs, inputs) => {
  const parts = forms(outputs, inputs);
  const weight = plain(parts);
  const rows = sum(outputs);
  const backend = wasmBackend();
  // A row of the identity picks a column, or a row, of the weight: no rounding in between.
  const [y, dx] = both(backend, backend.freeze(parts, null, inputs, rows, true), identity(inputs), identity(rows));
  expect(y).toEqual(Array.from({ length: inputs * rows }, (_unused, at) => weight[(at % rows) * inputs + Math.floor(at / rows)]));
  expect(dx).toEqual([...weight]);
});

test.each(LAYERS)('%s: reference and wasm agree, biases included, with the same weight as floats too', (_, outputs, inputs) => {
  const parts = forms(outputs, inputs);
  const rows = sum(outputs);
  const [bias, x, dy] = [normals(rows, 1), normals(7 * inputs, 1), normals(7 * rows, 1)];
  const run = <T extends Tensor>(b: Backend<T>, weight: readonly Nf4[] | Float32Array | Float64Array): [number[], number[]] => both(b, b.freeze(weight, bias, inputs, rows, true), x, dy);
  const right = run(referenceBackend(), parts);
  for (const found of [run(wasmBackend(), parts), run(wasmBackend(), plain(parts))]) {
    found.forEach((values, i) => values.forEach((value, j) => expect(value).toBeCloseTo(right[i]![j]!, 4)));
  }
});

test('a product leaves nothing behind: the unpacked weight lives no longer than it', () => {
  const backend = wasmBackend();
  const frozen = backend.freeze(forms([64], 64), null, 64, 64, true);
  const before = backend.liveTensors();
  for (let i = 0; i < 3; i += 1) both(backend, frozen, normals(64, 1), normals(64, 1));
  expect(backend.liveTensors()).toBe(before);
});

test('an adapter that was trained beside NF4 weights answers the same when it is merged, and differently beside floats', () => {
  const base = tinyBase({ d: 64, m: 128, layers: 2, heads: 4, vocabulary: 50, positions: 32 });
  const plan = planAdapter(architectureOf(base), { kind: 'sequence', outputs: 3, pooling: 'mean', quantisation: 'nf4' }, { r: 4, alpha: 8, targets: 'all-linear' });
  const values = initialValues(plan, 1).map((value) => value + 0.02 * normal(uniform));
  const rows = [Int32Array.of(2, 7, 9, 3), Int32Array.of(2, 11, 3)].map((tokens) => ({ tokens, targets: Int32Array.of(0), weight: 1 }));
  const [batch] = pack(rows, Infinity, 1);
  const apart = (quantisation: 'none' | 'nf4'): number[] => {
    const backend = wasmBackend();
    const learner = trainable(backend, base, { ...plan, quantisation });
    learner.block.write(values);
    return answers(backend, learner, batch!).flatMap((logits) => [...logits]);
  };
  const backend = wasmBackend();
  const together = answers(backend, merged(backend, base, plan, values), batch!).flatMap((logits) => [...logits]);
  apart('nf4').forEach((value, i) => expect(together[i]).toBeCloseTo(value, 4));
  expect(Math.max(...apart('none').map((value, i) => Math.abs(value - together[i]!)))).toBeGreaterThan(1e-3);
});
