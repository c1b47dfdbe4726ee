/** The memory that only counts against TensorFlow itself: each tensor that a training step makes has the shape that was counted. */
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/lora/adapter.ts';
import { initialValues, planAdapter } from '../../src/lora/adapter.ts';
import type { Binding } from '../../src/lora/backends/tensorflow/binding.ts';
import { FLOAT, INT32, loadBinding } from '../../src/lora/backends/tensorflow/binding.ts';
import { countingBinding } from '../../src/lora/backends/tensorflow/counting.ts';
import { KERNELS } from '../../src/lora/backends/tensorflow/fused.ts';
import { backendOver } from '../../src/lora/backends/tensorflow/index.ts';
import type { TfParameterBlock } from '../../src/lora/backends/tensorflow/machine.ts';
import type { Base } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { pack } from '../../src/lora/batches.ts';
import { accumulate, outputs, trainable } from '../../src/lora/learner.ts';
import type { HeadKind } from '../../src/lora/models/index.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import type { Quantisation } from '../../src/lora/quantise.ts';
import { tinyLlama } from '../lora/tiny-llama.ts';
import { tinyBase } from '../lora/tiny.ts';
import { engine } from './engine.ts';

const ENCODER = tinyBase({ d: 64, m: 128, layers: 2, heads: 4, vocabulary: 50, positions: 64 });
const DECODER = tinyLlama();
const CASES: [string, Base, HeadKind, Quantisation][] = [
  ['bert', ENCODER, 'sequence', 'none'],
  ['bert', ENCODER, 'multilabel', 'nf4'],
  ['bert', ENCODER, 'tokens', 'none'],
  ['bert', ENCODER, 'pooled', 'nf4'],
  ['llama', DECODER, 'sequence', 'nf4'],
  ['llama', DECODER, 'vocabulary', 'none'],
];

function rowsOf({ kind, hidden }: Plan): EncodedRow[] {
  return [17, 9, 24].map((length) => {
    const targets = { sequence: 1, multilabel: 0, tokens: length, pooled: 0, vocabulary: length }[kind];
    return { tokens: new Int32Array(length).fill(7), targets: new Int32Array(targets), weight: 1, ...(kind === 'pooled' ? { gradient: new Float32Array(hidden).fill(0.1) } : {}) };
  });
}

/** A step of training, and an exam. */
function work(binding: Binding, base: Base, plan: Plan): void {
  const backend = backendOver(binding);
  const learner = trainable(backend, base, plan);
  const block = learner.block as TfParameterBlock;
  block.write(Float32Array.from(initialValues(plan, 1)));
  const optimizer = backend.optimizer(block);
  for (const batch of pack(rowsOf(plan), Infinity, 1)) {
    accumulate(backend, learner, batch);
    outputs(backend, learner, batch);
  }
  optimizer.step(0.001)();
  backend.dispose();
}

const outlineOf = (base: Base): Base => ({ ...base, digest: '', tensors: new Map([...base.tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape, bytes: new Uint8Array(0) }])) });

/** The binding's own functions are neither enumerable nor to be written over: they are inherited. */
const over = (binding: Binding, changes: Partial<Binding>): Binding =>
  Object.create(binding, Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, { value, enumerable: true }]))) as Binding;

type Noted = string[];
const note = (op: string, made: readonly { readonly shape?: readonly number[] }[]): string => `${op}: ${made.map(({ shape }) => `[${shape!.join()}]`).join(' ')}`;

describe.skipIf(engine === null)('a memory that only counts', () => {
  const real = engine === null ? null : loadBinding({ file: engine.file, compileCache: null, cudaDir: engine.cudaDir, exact: true });

  const ways = real?.kernels === KERNELS && !real.isUsingGpuDevice() ? [true, false] : [false];

  test.each(CASES.flatMap(([name, ...given]) => ways.map((kernels) => [`${name}${kernels ? ', by our kernels' : ''}`, ...given, kernels] as const)))('%s, %#: makes the tensors that TensorFlow makes', (_name, base, kind, quantisation, kernels) => {
    const plan = planAdapter(architectureOf(base), { kind, outputs: kind === 'pooled' || kind === 'vocabulary' ? 0 : 5, pooling: 'mean', quantisation }, { r: 4, alpha: 8, targets: 'all-linear' });
    const [told, counted]: [Noted, Noted] = [[], []];
    const noted = (into: Noted, binding: Binding): Partial<Binding> => ({ executeOp: (op, attributes, inputs, results) => noting(into, op, binding.executeOp(op, attributes, inputs, results)) });
    work(over(real!, { ...noted(told, real!), isUsingGpuDevice: () => false, kernels: kernels ? KERNELS : 0 }), base, plan);
    const counting = countingBinding(kernels);
    work(over(counting.binding, noted(counted, counting.binding)), outlineOf(base), plan);
    expect(counted.length).toBeGreaterThan(50);
    expect(counted).toEqual(told);
    expect(counting.peak()).toBeGreaterThan(0);
    // What is disposed of is held no more.
    expect(counting.held()).toBe(0);
  });
});

function noting<M extends readonly { readonly id: number; readonly shape?: readonly number[] }[]>(into: Noted, op: string, made: M): M {
  into.push(note(op, made));
  return made;
}

test('views share their memory, scratch is gone when an op ends, and an op without a rule is an error', () => {
  const { binding, held, peak } = countingBinding(true);
  const x = binding.createTensor([8, 16], FLOAT, new Float32Array(0));
  const shape = binding.createTensor([1], INT32, Int32Array.of(128));
  expect(held()).toBe(8 * 16 * 4 + 64);
  const [view] = binding.executeOp('Reshape', [], [x, shape], 1);
  expect(held()).toBe(8 * 16 * 4 + 64);
  binding.deleteTensor(x);
  expect(held()).toBe(8 * 16 * 4 + 64);
  binding.deleteTensor(view!.id);
  expect(held()).toBe(64);
  expect(peak()).toBe(8 * 16 * 4 + 64);

  const [dy, input, u, a, scale, b] = [[4, 16], [4, 16], [4, 16], [16, 16], [], [16, 16]].map((of) => binding.createTensor(of, FLOAT, new Float32Array(0))) as [number, number, number, number, number, number];
  const before = held();
  const made = binding.executeOp('TrimtabLoraBackward', [], [dy, input, u, a, scale, b], 2);
  expect(held()).toBe(before + 2 * 16 * 16 * 4);
  expect(peak()).toBe(held() + 4 * 16 * 4);
  expect(made).toHaveLength(2);
  expect(() => binding.executeOp('Conv2D', [], [x], 1)).toThrow(/no rule says what shape Conv2D makes/);
});
