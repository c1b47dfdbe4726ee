/** Linear layers that share their input, read and frozen as one. */
import type { WeightReader } from '../base.ts';
import type { Backend, Frozen, Tensor } from '../ops.ts';
import type { LinearGroup, LoadOptions } from './architecture.ts';

/** Weights of the group's parts one below the other, [all outputs, inputs]; `biased` where its layers have a bias. */
export function freezeGroup<T extends Tensor>(backend: Backend<T>, weights: WeightReader, { parts, inputs, outputs }: LinearGroup, biased: boolean, { adjust, backward }: LoadOptions<T>): Frozen {
  const total = outputs.reduce((sum, count) => sum + count, 0);
  const [weight, bias] = [new Float32Array(total * inputs), biased ? new Float32Array(total) : null];
  let at = 0;
  parts.forEach((part, i) => {
    weight.set(adjust(part, weights.take(`${part}.weight`, outputs[i]!, inputs).values), at * inputs);
    bias?.set(weights.take(`${part}.bias`, outputs[i]!).values, at);
    at += outputs[i]!;
  });
  return backend.freeze(weight, bias, inputs, total, backward);
}
