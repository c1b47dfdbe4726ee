/** A classifier: base, adapter and head, and what one batch does to them. */
import type { AdapterFiles } from '../vocabulary.ts';
import type { Adapter, LoraShape, Plan } from './adapter.ts';
import { HEAD_BIAS_KEY, HEAD_KEY, attach, mergeInto, planAdapter } from './adapter.ts';
import { parseHeader, parseWeights, refuseAdapter } from './adapter-files.ts';
import type { Base } from './base.ts';
import type { Batch } from './batches.ts';
import type { Head } from './heads.ts';
import { headBackward, headForward } from './heads.ts';
import type { Body } from './models/index.ts';
import { architectureOf } from './models/index.ts';
import type { Backend, ParameterBlock, Pooling, Tensor } from './ops.ts';

export interface Classifier<T extends Tensor> {
  readonly encoder: Body<T>;
  readonly head: Head<T>;
  readonly block: ParameterBlock<T>;
}

export function planClassifier(base: Base, lora: LoraShape, labels: number): Plan {
  const { linears, allLinear, hidden, modulePrefix } = architectureOf(base);
  return planAdapter(linears, allLinear, modulePrefix('sequence'), hidden, lora, labels);
}

/** Validates an adapter's files against its base. `name` is for messages. */
export function parseAdapter(base: Base, files: AdapterFiles, name: string): Adapter {
  const refuse = refuseAdapter(name);
  const header = parseHeader(files, refuse);
  if (header.baseDigest !== base.digest) refuse(`it was trained on a base with digest ${header.baseDigest}`, `the base ${base.path}, digest ${base.digest}`);
  const { shape, labels, pooling, baseDigest, maxLength } = header;
  const { positions } = architectureOf(base);
  if (maxLength > positions) refuse(`trimtab.json says maxLength ${maxLength}`, `at most ${positions}, the base's positions`);
  return { shape, labels, pooling, baseDigest, maxLength, values: parseWeights(files.weights, planClassifier(base, shape, labels.length), refuse) };
}

/** A classifier to train: the adapter stays apart. Parameters are written with `block.write`. */
export function trainable<T extends Tensor>(backend: Backend<T>, base: Base, plan: Plan, pooling: Pooling): Classifier<T> {
  const block = backend.parameters(plan.count);
  const encoder = architectureOf(base).load(backend, base, { loras: attach(plan, block), adjust: (_, weight) => weight, backward: true, output: false });
  return { encoder, head: headOf(plan, block, pooling), block };
}

/** A classifier to predict with: the adapter merged into the weights, which then cost nothing extra. */
export function merged<T extends Tensor>(backend: Backend<T>, base: Base, plan: Plan, pooling: Pooling, values: Float32Array): Classifier<T> {
  const block = backend.parameters(plan.count);
  block.write(values);
  const encoder = architectureOf(base).load(backend, base, { loras: [], adjust: mergeInto(plan, values), backward: false, output: false });
  return { encoder, head: headOf(plan, block, pooling), block };
}

function headOf<T extends Tensor>(plan: Plan, block: ParameterBlock<T>, pooling: Pooling): Head<T> {
  const [weight, bias] = [plan.slots.get(HEAD_KEY)!, plan.slots.get(HEAD_BIAS_KEY)!];
  return { weight: block.at(weight.offset, weight.rows, weight.cols), bias: block.at(bias.offset, 1, bias.cols), pooling };
}

/** Adds the batch's gradient to the block; returns its weighted loss and the loss of each row. */
export function accumulate<T extends Tensor>(b: Backend<T>, { encoder, head }: Classifier<T>, batch: Batch): { loss: number; perRow: Float64Array } {
  return b.step(() => {
    const { hidden, saved } = encoder.forward(batch.tokens, batch.positions, batch.layout);
    const { logits, pooled } = headForward(b, head, hidden, batch.layout);
    const { perRow, dLogits } = b.crossEntropy(logits, batch.targets, batch.weights);
    encoder.backward(saved, headBackward(b, head, dLogits, pooled, batch.layout), batch.layout);
    return { loss: perRow.reduce((sum, loss, i) => sum + loss * batch.weights[i]!, 0), perRow };
  });
}

/** Logits of each row of a batch, [rows x labels]. */
export function logits<T extends Tensor>(b: Backend<T>, { encoder, head }: Classifier<T>, batch: Omit<Batch, 'targets' | 'weights'>): ArrayLike<number> {
  return b.step(() => {
    const { hidden } = encoder.forward(batch.tokens, batch.positions, batch.layout);
    return b.read(headForward(b, head, hidden, batch.layout).logits);
  });
}
