/**
 * What is trained, as one flat vector and as the files that PEFT reads (docs: huggingface.co/docs/peft, "PEFT checkpoint format").
 *
 * A is [rank, inputs], B is [outputs, rank]; a layer's weight becomes W + alpha / rank x B A. The head's two tensors follow.
 */
import { TrimtabError } from '../errors.ts';
import type { LinearGroup } from './models/bert.ts';
import type { Lora, Numbers, ParameterBlock, Pooling, Tensor } from './ops.ts';
import { normal, random } from './random.ts';
import type { FloatTensor } from './safetensors.ts';

export interface LoraShape {
  readonly r: number;
  readonly alpha: number;
  readonly targets: 'all-linear' | readonly string[];
}

/** One tensor of the flat vector; `key` is PEFT's. */
export interface Slot {
  readonly key: string;
  readonly role: 'A' | 'B' | 'head' | 'bias';
  readonly rows: number;
  readonly cols: number;
  readonly offset: number;
}

/** Where everything lies in the flat vector: fixed by base, shape of the adapter and number of labels. */
export interface Plan {
  readonly shape: { readonly r: number; readonly alpha: number; readonly targets: readonly string[] };
  readonly prefix: string;
  readonly groups: readonly LinearGroup[];
  /** For each group its adapted parts, as indices. */
  readonly adapted: readonly (readonly number[])[];
  readonly slots: ReadonlyMap<string, Slot>;
  readonly labels: number;
  readonly hidden: number;
  readonly count: number;
}

export interface Adapter {
  readonly shape: Plan['shape'];
  readonly labels: readonly string[];
  readonly pooling: Pooling;
  readonly baseDigest: string;
  readonly maxLength: number;
  readonly values: Float32Array;
}

export const HEAD_KEY = 'base_model.model.classifier.weight';
export const HEAD_BIAS_KEY = 'base_model.model.classifier.bias';

/** PEFT's rule: a target is a module's whole name, or its end behind a dot. */
const matches = (part: string, target: string): boolean => part === target || part.endsWith(`.${target}`);

/** What `all-linear` means, spelt as PEFT wants it: `dense` alone would take in a pooler that we never train. */
const ALL_LINEAR = ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'output.dense'];

export function planAdapter(groups: readonly LinearGroup[], prefix: string, hidden: number, lora: LoraShape, labels: number): Plan {
  const targets = lora.targets === 'all-linear' ? ALL_LINEAR : lora.targets;
  const useless = targets.find((target) => !groups.some(({ parts }) => parts.some((part) => matches(part, target))));
  if (useless !== undefined) {
    throw new TrimtabError('bad-data', { what: 'lora.targets', problem: `"${useless}" names no linear layer of this base`, right: `all-linear, or some of ${ALL_LINEAR.join(', ')}` });
  }
  const slots = new Map<string, Slot>();
  let count = 0;
  const slot = (key: string, role: Slot['role'], rows: number, cols: number): void => {
    slots.set(key, { key, role, rows, cols, offset: count });
    count += rows * cols;
  };
  const adapted = groups.map(({ parts, inputs, outputs }) => {
    const chosen = parts.flatMap((part, i) => (targets.some((target) => matches(part, target)) ? [i] : []));
    // The A of fused layers stand one after the other: together they are one matrix.
    for (const i of chosen) slot(loraKey(prefix, parts[i]!, 'A'), 'A', lora.r, inputs);
    for (const i of chosen) slot(loraKey(prefix, parts[i]!, 'B'), 'B', outputs, lora.r);
    return chosen;
  });
  slot(HEAD_KEY, 'head', labels, hidden);
  slot(HEAD_BIAS_KEY, 'bias', 1, labels);
  return { shape: { r: lora.r, alpha: lora.alpha, targets }, prefix, groups, adapted, slots, labels, hidden, count };
}

const loraKey = (prefix: string, part: string, side: 'A' | 'B'): string => `base_model.model.${prefix}.${part}.lora_${side}.weight`;

/** PEFT's start: A uniform in ±1/√inputs (Kaiming with a = √5), B zero, so that the first adapter changes nothing; the head as BERT's. */
export function initialValues(plan: Plan, seed: number): Float32Array {
  const values = new Float32Array(plan.count);
  for (const { key, role, rows, cols, offset } of plan.slots.values()) {
    const uniform = random(seed, `init ${key}`);
    if (role === 'A') for (let i = 0; i < rows * cols; i += 1) values[offset + i] = (2 * uniform() - 1) / Math.sqrt(cols);
    if (role === 'head') for (let i = 0; i < rows * cols; i += 1) values[offset + i] = 0.02 * normal(uniform);
  }
  return values;
}

/** Starts `plan` from a known adapter: the same low-rank part, and the head's rows by the name of their label; new labels start fresh. */
export function warmStart(plan: Plan, labels: readonly string[], initial: Adapter, initialPlan: Plan, seed: number): Float32Array {
  const [now, then] = [plan.shape, initialPlan.shape];
  if (now.r !== then.r || now.alpha !== then.alpha || plan.slots.size !== initialPlan.slots.size || [...plan.slots.keys()].some((key) => !initialPlan.slots.has(key))) {
    const words = ({ r, alpha, targets }: Plan['shape']): string => `r ${r}, alpha ${alpha} on ${targets.join(', ')}`;
    throw new TrimtabError('bad-adapter', { adapter: 'initial', problem: `its shape is ${words(then)}`, right: `${words(now)}, as the job says` });
  }
  const values = initialValues(plan, seed);
  for (const { key, role, rows, cols, offset } of plan.slots.values()) {
    const from = initialPlan.slots.get(key)!;
    if (role === 'A' || role === 'B') {
      values.set(initial.values.subarray(from.offset, from.offset + rows * cols), offset);
      continue;
    }
    const width = role === 'head' ? cols : 1;
    labels.forEach((label, i) => {
      const j = initial.labels.indexOf(label);
      if (j >= 0) values.set(initial.values.subarray(from.offset + j * width, from.offset + (j + 1) * width), offset + i * width);
    });
  }
  return values;
}

/** Wraps: the low-rank parts as the ops want them, one per group. */
export function attach<T extends Tensor>(plan: Plan, block: ParameterBlock<T>): (Lora<T> | null)[] {
  return plan.groups.map(({ parts, inputs, outputs }, i): Lora<T> | null => {
    const chosen = plan.adapted[i]!;
    if (chosen.length === 0) return null;
    const { r, alpha } = plan.shape;
    const first = plan.slots.get(loraKey(plan.prefix, parts[chosen[0]!]!, 'A'))!;
    return {
      rank: r,
      scale: alpha / r,
      a: block.at(first.offset, chosen.length * r, inputs),
      parts: chosen.map((part) => ({ column: part * outputs, b: block.at(plan.slots.get(loraKey(plan.prefix, parts[part]!, 'B'))!.offset, outputs, r) })),
    };
  });
}

/** Fuses: a function that gives a layer's weight with the adapter merged in; `weight` is left alone. */
export function mergeInto(plan: Plan, values: Numbers): (part: string, weight: Float32Array) => Float32Array {
  const { r, alpha } = plan.shape;
  return (part, weight) => {
    const [a, b] = [plan.slots.get(loraKey(plan.prefix, part, 'A')), plan.slots.get(loraKey(plan.prefix, part, 'B'))];
    if (a === undefined || b === undefined) return weight;
    return merge(weight, values.subarray(a.offset, a.offset + r * a.cols), values.subarray(b.offset, b.offset + b.rows * r), r, alpha / r, part);
  };
}

/** W + scale B A on a copy, and only if every number of it is finite. With -scale it is undone, to within rounding. */
export function merge(weight: Float32Array, a: Numbers, b: Numbers, rank: number, scale: number, what: string): Float32Array {
  const inputs = a.length / rank;
  const merged = weight.slice();
  for (let i = 0; i < b.length / rank; i += 1) {
    const row = merged.subarray(i * inputs, (i + 1) * inputs);
    // Two ranks a pass: half the traffic on the row.
    for (let k = 0; k < rank; k += 2) {
      const [first, second] = [k * inputs, k + 1 < rank ? (k + 1) * inputs : k * inputs];
      const [p, q] = [scale * b[i * rank + k]!, k + 1 < rank ? scale * b[i * rank + k + 1]! : 0];
      for (let j = 0; j < inputs; j += 1) row[j] = row[j]! + p * a[first + j]! + q * a[second + j]!;
    }
  }
  // Infinity times 0 is not a number, and it stays in the sum.
  let probe = 0;
  for (let i = 0; i < merged.length; i += 1) probe += merged[i]! * 0;
  if (probe !== 0) {
    throw new TrimtabError('bad-adapter', { adapter: what, problem: 'merging it gives numbers that are not finite', right: 'an adapter of finite numbers of moderate size' });
  }
  return merged;
}

/** The vector as PEFT's tensors. */
export function toTensors(plan: Plan, values: Float32Array): Map<string, FloatTensor> {
  return new Map(
    [...plan.slots.values()].map(({ key, role, rows, cols, offset }) => [
      key,
      { shape: role === 'bias' ? [cols] : [rows, cols], values: values.slice(offset, offset + rows * cols) },
    ]),
  );
}
