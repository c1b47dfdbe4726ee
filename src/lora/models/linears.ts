/** Linear layers that share their input, read and frozen as one. */
import type { WeightReader } from '../base.ts';
import type { Backend, Frozen, Tensor } from '../ops.ts';
import { quantise } from '../quantise.ts';
import type { LinearGroup, LoadOptions } from './architecture.ts';

/** Weights of the group's parts one below the other, [all outputs, inputs]; `biased` where its layers have a bias. */
export function freezeGroup<T extends Tensor>(backend: Backend<T>, weights: WeightReader, { parts, inputs, outputs }: LinearGroup, biased: boolean, { adjust, backward, quantisation }: LoadOptions<T>): Frozen {
  const total = outputs.reduce((sum, count) => sum + count, 0);
  const bias = biased ? new Float32Array(total) : null;
  const firsts = outputs.map((_, i) => outputs.slice(0, i).reduce((sum, count) => sum + count, 0));
  if (bias !== null) parts.forEach((part, i) => bias.set(weights.take(`${part}.bias`, outputs[i]!).values, firsts[i]!));
  // One room for all groups: a copy of each on the way would be as large as the model before it is collected.
  const weight = weights.room(total * inputs);
  const places = outputs.map((count, i) => weight.subarray(firsts[i]! * inputs, (firsts[i]! + count) * inputs));
  const read = (part: string, i: number): Float32Array => {
    weights.takeInto(places[i]!, `${part}.weight`, outputs[i]!, inputs);
    return adjust(part, places[i]!);
  };
  if (quantisation === 'nf4') return backend.freeze(parts.map((part, i) => quantise(read(part, i), outputs[i]!, inputs)), bias, inputs, total, backward);
  parts.forEach((part, i) => {
    const found = read(part, i);
    if (found !== places[i]) places[i]!.set(found);
  });
  return backend.freeze(weight, bias, inputs, total, backward);
}
