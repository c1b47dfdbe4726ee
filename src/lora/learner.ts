/** What learns: base, adapter and head, and what one batch does to them. Whatever the task. */
import type { AdapterFiles } from '../vocabulary.ts';
import type { Adapter, Plan } from './adapter.ts';
import { attach, mergeInto, planAdapter } from './adapter.ts';
import { outputNames, parseHeader, parseWeights, refuseAdapter } from './adapter-files.ts';
import type { Base } from './base.ts';
import type { Batch } from './batches.ts';
import type { Head } from './heads/index.ts';
import { HEADS } from './heads/index.ts';
import type { Adjust, Body } from './models/index.ts';
import { architectureOf } from './models/index.ts';
import type { Backend, ParameterBlock, Tensor } from './ops.ts';
import { roundTrip } from './quantise.ts';

export interface Learner<T extends Tensor> {
  readonly body: Body<T>;
  readonly head: Head<T>;
  readonly block: ParameterBlock<T>;
}

/** The plan of an adapter as its files say. */
export function planOf(base: Base, { kind, labels, pooling, quantisation, shape }: Omit<Adapter, 'values' | 'baseDigest' | 'maxLength'>): Plan {
  return planAdapter(architectureOf(base), { kind, outputs: outputNames(kind, labels).length, pooling, quantisation }, shape);
}

/** Validates an adapter's files against its base. `name` is for messages. */
export function parseAdapter(base: Base, files: AdapterFiles, name: string): Adapter {
  const refuse = refuseAdapter(name);
  const header = parseHeader(files, refuse);
  if (header.baseDigest !== base.digest) refuse(`it was trained on a base with digest ${header.baseDigest}`, `the base ${base.path}, digest ${base.digest}`);
  const { positions } = architectureOf(base);
  if (header.maxLength > positions) refuse(`trimtab.json says maxLength ${header.maxLength}`, `at most ${positions}, the base's positions`);
  return { ...header, values: parseWeights(files.weights, planOf(base, header), refuse) };
}

/** To train: the adapter stays apart. Parameters are written with `block.write`. */
export function trainable<T extends Tensor>(backend: Backend<T>, base: Base, plan: Plan): Learner<T> {
  const block = backend.parameters(plan.count);
  const body = architectureOf(base).load(backend, base, { loras: attach(plan, block), adjust: (_, weight) => weight, backward: true, quantisation: plan.quantisation, output: plan.kind === 'vocabulary' });
  return { body, head: headOf(backend, plan, block, body), block };
}

/** To predict: the adapter merged into the weights, which then cost nothing extra. */
export function merged<T extends Tensor>(backend: Backend<T>, base: Base, plan: Plan, values: Float32Array): Learner<T> {
  const block = backend.parameters(plan.count);
  block.write(values);
  const merge = mergeInto(plan, values);
  // What it was trained beside is what it is merged into; the sum stays floats, which quantising would take apart again.
  const adjust: Adjust = plan.quantisation === 'nf4' ? (part, weight) => merge(part, roundTrip(weight)) : merge;
  const body = architectureOf(base).load(backend, base, { loras: [], adjust, backward: false, output: plan.kind === 'vocabulary' });
  return { body, head: headOf(backend, plan, block, body), block };
}

function headOf<T extends Tensor>(backend: Backend<T>, { kind, head, pooling }: Plan, block: ParameterBlock<T>, { output }: Body<T>): Head<T> {
  const weight = head === null ? null : block.at(head.weight.offset, head.weight.rows, head.weight.cols);
  const bias = head === null || head.bias === null ? null : block.at(head.bias.offset, 1, head.bias.cols);
  return HEADS[kind].create({ backend, weight, bias, pooling, output });
}

/** Adds the batch's gradient to the block; returns its share of the loss. */
export function accumulate<T extends Tensor>(b: Backend<T>, { body, head }: Learner<T>, batch: Batch): number {
  return b.step(() => {
    const { hidden, saved } = body.forward(batch.tokens, batch.positions, batch.layout);
    const learned = head.learn(hidden, batch);
    body.backward(saved, learned.dHidden, batch.layout);
    // Last: to read it waits for a device, which has the backward pass to do meanwhile.
    return learned.loss;
  });
}

/** The outputs of each row of a batch. */
export function outputs<T extends Tensor>(b: Backend<T>, { body, head }: Learner<T>, batch: Batch): Float32Array[] {
  return b.step(() => head.outputs(body.forward(batch.tokens, batch.positions, batch.layout).hidden, batch));
}
