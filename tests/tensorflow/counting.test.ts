/** The memory that only counts against TensorFlow itself: each tensor that a training step makes has the shape that was counted. */
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/lora/adapter.ts';
import { initialValues } from '../../src/lora/adapter.ts';
import type { Binding } from '../../src/lora/backends/tensorflow/binding.ts';
import { FLOAT, INT32, loadBinding } from '../../src/lora/backends/tensorflow/binding.ts';
import { countingBinding } from '../../src/lora/backends/tensorflow/counting.ts';
import { KERNELS } from '../../src/lora/backends/tensorflow/fused.ts';
import { backendOver } from '../../src/lora/backends/tensorflow/index.ts';
import type { TfParameterBlock } from '../../src/lora/backends/tensorflow/machine.ts';
import type { Base } from '../../src/lora/base.ts';
import { pack } from '../../src/lora/batches.ts';
import { accumulate, outputs, trainable } from '../../src/lora/learner.ts';
import { JOBS, outlineOf, planOf, rowsOf } from '../lora/tiny-jobs.ts';
import { engine } from './engine.ts';

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

/** The binding's own functions are neither enumerable nor to be written over: they are inherited. */
const over = (binding: Binding, changes: Partial<Binding>): Binding =>
  Object.create(binding, Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, { value, enumerable: true }]))) as Binding;

type Noted = string[];
const note = (op: string, made: readonly { readonly shape?: readonly number[] }[]): string => `${op}: ${made.map(({ shape }) => `[${shape!.join()}]`).join(' ')}`;

describe.skipIf(engine === null)('a memory that only counts', () => {
  const real = engine === null ? null : loadBinding({ file: engine.file, compileCache: null, cudaDir: engine.cudaDir, exact: true });

  const ways = real?.kernels === KERNELS && !real.isUsingGpuDevice() ? [true, false] : [false];

  test.each(JOBS.flatMap(([name, ...given]) => ways.map((kernels) => [`${name}${kernels ? ', by our kernels' : ''}`, ...given, kernels] as const)))('%s, %#: makes the tensors that TensorFlow makes', (_name, base, kind, quantisation, kernels) => {
    const plan = planOf(base, kind, quantisation);
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
