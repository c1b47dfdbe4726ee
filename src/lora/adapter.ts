/**
 * What is trained, as one flat vector and as PEFT's tensors (docs: huggingface.co/docs/peft, "PEFT checkpoint format").
 *
 * A is [rank, inputs], B is [outputs, rank]; a layer's weight becomes W + scale B A, scale = alpha / rank, or alpha / √rank with rsLoRA
 * (arXiv 2312.03732). The head's tensors follow, where the head has any.
 */
import { TrimtabError } from '../errors.ts';
import type { Architecture, HeadKind, LinearGroup } from './models/index.ts';
import type { Lora, Numbers, ParameterBlock, Pooling, Tensor } from './ops.ts';
import type { Quantisation } from './quantise.ts';
import { normal, random } from './random.ts';
import type { FloatTensor } from './safetensors.ts';

export interface LoraShape {
  readonly r: number;
  readonly alpha: number;
  readonly targets: 'all-linear' | readonly string[];
  readonly rslora?: boolean;
}

/** One tensor of the flat vector; `key` is PEFT's. */
export interface Slot {
  readonly key: string;
  readonly role: 'A' | 'B' | 'head' | 'bias';
  readonly rows: number;
  readonly cols: number;
  readonly offset: number;
}

export interface HeadShape {
  readonly kind: HeadKind;
  /** Labels of `sequence` and `multilabel`, tags of `tokens`; 0 for the others. */
  readonly outputs: number;
  readonly pooling: Pooling;
  readonly quantisation?: Quantisation;
}

/** Where everything lies in the flat vector: fixed by base, shape of the adapter and head. */
export interface Plan extends Required<HeadShape> {
  readonly shape: { readonly r: number; readonly alpha: number; readonly targets: readonly string[]; readonly rslora: boolean };
  /** What B A is multiplied with. */
  readonly scale: number;
  /** In front of a layer's name in PEFT's keys. */
  readonly prefix: string;
  readonly groups: readonly LinearGroup[];
  /** For each group its adapted parts, as indices. */
  readonly adapted: readonly (readonly number[])[];
  readonly slots: ReadonlyMap<string, Slot>;
  /** The head's tensors, [outputs, hidden] and [1, outputs]. */
  readonly head: { readonly weight: Slot; readonly bias: Slot | null } | null;
  readonly hidden: number;
  /** Trainable parameters. */
  readonly count: number;
}

export interface Adapter {
  readonly shape: Plan['shape'];
  readonly kind: HeadKind;
  /** Of a classification, or of the spans of an extraction. */
  readonly labels: readonly string[];
  readonly pooling: Pooling;
  readonly quantisation: Quantisation;
  readonly baseDigest: string;
  readonly maxLength: number;
  readonly values: Float32Array;
}

const PEFT = 'base_model.model.';

/** PEFT's rule: a target is a module's whole name, or its end behind a dot. */
const matches = (part: string, target: string): boolean => part === target || part.endsWith(`.${target}`);

export function planAdapter(architecture: Pick<Architecture, 'linears' | 'allLinear' | 'hidden' | 'modulePrefix' | 'headModule' | 'headBias'>, head: HeadShape, lora: LoraShape): Plan {
  const { linears, allLinear, hidden } = architecture;
  const prefix = [architecture.modulePrefix(head.kind)].flatMap((name) => (name === '' ? [] : [`${name}.`])).join('');
  const targets = lora.targets === 'all-linear' ? allLinear : lora.targets;
  // PEFT's own all-linear is saved as whole names, and those begin with the model's prefix.
  const fits = (part: string, target: string): boolean => matches(prefix + part, target);
  const useless = targets.find((target) => !linears.some(({ parts }) => parts.some((part) => fits(part, target))));
  if (useless !== undefined) {
    throw new TrimtabError('bad-data', { what: 'lora.targets', problem: `"${useless}" names no linear layer of this base`, right: `all-linear, or some of ${allLinear.join(', ')}` });
  }
  const slots = new Map<string, Slot>();
  let count = 0;
  const slot = (key: string, role: Slot['role'], rows: number, cols: number): Slot => {
    const made = { key, role, rows, cols, offset: count };
    slots.set(key, made);
    count += rows * cols;
    return made;
  };
  const adapted = linears.map(({ parts, inputs, outputs }) => {
    const chosen = parts.flatMap((part, i) => (targets.some((target) => fits(part, target)) ? [i] : []));
    // The A of fused layers stand one after the other: together they are one matrix.
    for (const i of chosen) slot(loraKey(prefix, parts[i]!, 'A'), 'A', lora.r, inputs);
    for (const i of chosen) slot(loraKey(prefix, parts[i]!, 'B'), 'B', outputs[i]!, lora.r);
    return chosen;
  });
  const bias = head.kind === 'tokens' ? architecture.headBias.tokens : architecture.headBias.sequence;
  const module = `${PEFT}${architecture.headModule}`;
  const trained = head.outputs === 0 ? null : { weight: slot(`${module}.weight`, 'head', head.outputs, hidden), bias: bias ? slot(`${module}.bias`, 'bias', 1, head.outputs) : null };
  const { r, alpha, rslora = false } = lora;
  const scale = alpha / (rslora ? Math.sqrt(r) : r);
  return { quantisation: 'none', ...head, shape: { r, alpha, targets, rslora }, scale, prefix, groups: linears, adapted, slots, head: trained, hidden, count };
}

const loraKey = (prefix: string, part: string, side: 'A' | 'B'): string => `${PEFT}${prefix}${part}.lora_${side}.weight`;

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

/**
 * Starts `plan` from a known adapter: the same low-rank part, and the head's rows by the name of their output (a label, a tag); new ones
 * start fresh. `outputs` and `initialOutputs` name the heads' rows.
 */
export function warmStart(plan: Plan, outputs: readonly string[], initial: Adapter, initialPlan: Plan, initialOutputs: readonly string[], seed: number): Float32Array {
  checkSameShape(plan, initialPlan);
  const values = initialValues(plan, seed);
  for (const { key, role, rows, cols, offset } of plan.slots.values()) {
    const from = initialPlan.slots.get(key)!;
    if (role === 'A' || role === 'B') {
      values.set(initial.values.subarray(from.offset, from.offset + rows * cols), offset);
      continue;
    }
    const width = role === 'head' ? cols : 1;
    outputs.forEach((name, i) => {
      const j = initialOutputs.indexOf(name);
      if (j >= 0) values.set(initial.values.subarray(from.offset + j * width, from.offset + (j + 1) * width), offset + i * width);
    });
  }
  return values;
}

function checkSameShape(plan: Plan, initial: Plan): void {
  const words = ({ kind, shape: { r, alpha, targets, rslora } }: Plan): string => `r ${r}, alpha ${alpha}${rslora ? ' (rsLoRA)' : ''} on ${targets.join(', ')}, head ${kind}`;
  const same = plan.kind === initial.kind && plan.shape.r === initial.shape.r && plan.scale === initial.scale && plan.slots.size === initial.slots.size && [...plan.slots.keys()].every((key) => initial.slots.has(key));
  if (!same) throw new TrimtabError('bad-adapter', { adapter: 'initial', problem: `its shape is ${words(initial)}`, right: `${words(plan)}, as the job says` });
}

/** Wraps: the low-rank parts as the ops want them, one per group. */
export function attach<T extends Tensor>(plan: Plan, block: ParameterBlock<T>): (Lora<T> | null)[] {
  return plan.groups.map(({ parts, inputs, outputs }, i): Lora<T> | null => {
    const chosen = plan.adapted[i]!;
    if (chosen.length === 0) return null;
    const { r } = plan.shape;
    const first = plan.slots.get(loraKey(plan.prefix, parts[chosen[0]!]!, 'A'))!;
    return {
      rank: r,
      scale: plan.scale,
      a: block.at(first.offset, chosen.length * r, inputs),
      parts: chosen.map((part) => ({
        column: outputs.slice(0, part).reduce((sum, count) => sum + count, 0),
        b: block.at(plan.slots.get(loraKey(plan.prefix, parts[part]!, 'B'))!.offset, outputs[part]!, r),
      })),
    };
  });
}

/** Fuses: a function that gives a layer's weight with the adapter merged in; `weight` is left alone. */
export function mergeInto(plan: Plan, values: Numbers): (part: string, weight: Float32Array) => Float32Array {
  const { r } = plan.shape;
  return (part, weight) => {
    const [a, b] = [plan.slots.get(loraKey(plan.prefix, part, 'A')), plan.slots.get(loraKey(plan.prefix, part, 'B'))];
    if (a === undefined || b === undefined) return weight;
    return merge(weight, values.subarray(a.offset, a.offset + r * a.cols), values.subarray(b.offset, b.offset + b.rows * r), r, plan.scale, part);
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
