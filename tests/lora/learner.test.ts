import { expect, test } from 'vitest';
import { initialValues } from '../../src/lora/adapter.ts';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import { accumulate, merged, outputs, trainable } from '../../src/lora/learner.ts';
import type { Backend, Pooling, Tensor } from '../../src/lora/ops.ts';
import { POOLINGS } from '../../src/lora/ops.ts';
import { normal, random } from '../../src/lora/random.ts';
import { tinyBase, tinyBatch, tinyPlan } from './tiny.ts';

const LABELS = 3;
const base = tinyBase();
const plan = tinyPlan(base, LABELS);
const batch = tinyBatch([5, 1, 9, 2], LABELS);

/** B is not zero, or half of the gradient would be. */
function values(): Float64Array {
  const uniform = random(3, 'values');
  return Float64Array.from(initialValues(plan, 1), (value) => value + 0.1 * normal(uniform));
}

function gradient<T extends Tensor>(backend: Backend<T>, at: Float64Array, pooling: Pooling = 'mean'): { loss: number; gradient: Float64Array } {
  const model = trainable(backend, base, { ...plan, pooling });
  model.block.write(at);
  const loss = accumulate(backend, model, batch);
  const found = new Float64Array(plan.count);
  model.block.read(found);
  return { loss, gradient: found };
}

test.each(POOLINGS)('the whole model: gradients of the reference backend agree with finite differences (%s pooling)', (pooling) => {
  const at = values();
  const backend = referenceBackend();
  const model = trainable(backend, base, { ...plan, pooling });
  const lossAt = (x: Float64Array): number => {
    model.block.write(x);
    return accumulate(backend, model, batch);
  };
  const { gradient: found } = gradient(referenceBackend(), at, pooling);
  const uniform = random(5, 'where');
  for (const { offset, rows, cols } of plan.slots.values()) {
    for (let k = 0; k < 3; k += 1) {
      const i = offset + Math.floor(uniform() * rows * cols);
      const step = 1e-5;
      const [up, down] = [at.slice(), at.slice()];
      up[i]! += step;
      down[i]! -= step;
      expect(found[i]).toBeCloseTo((lossAt(up) - lossAt(down)) / (2 * step), 8);
    }
  }
});

test.each(POOLINGS)('the whole model: wasm agrees with the reference backend (%s pooling)', (pooling) => {
  const [oracle, found] = [gradient(referenceBackend(), values(), pooling), gradient(wasmBackend(), values(), pooling)];
  expect(found.loss).toBeCloseTo(oracle.loss, 5);
  const scale = Math.max(...oracle.gradient.map(Math.abs));
  const worst = oracle.gradient.reduce((most, value, i) => Math.max(most, Math.abs(value - found.gradient[i]!)), 0);
  expect(worst / scale).toBeLessThan(1e-5);
});

test('merged and unmerged predict the same', () => {
  const at = Float32Array.from(values());
  const backend = wasmBackend();
  const apart = trainable(backend, base, plan);
  apart.block.write(at);
  const together = merged(backend, base, plan, at);
  const [x, y] = [outputs(backend, apart, batch), outputs(backend, together, batch)].map((rows) => rows.flatMap((row) => [...row])) as [number[], number[]];
  expect(x.length).toBe(4 * LABELS);
  x.forEach((value, i) => expect(value).toBeCloseTo(y[i]!, 5));
});
