/** Every pair of architecture and head on small random bases, with rows to learn from. */
import type { Plan } from '../../../src/lora/adapter.ts';
import { initialValues, planAdapter } from '../../../src/lora/adapter.ts';
import type { Base } from '../../../src/lora/base.ts';
import type { EncodedRow } from '../../../src/lora/batches.ts';
import { pack } from '../../../src/lora/batches.ts';
import { contrast, contrastBatch } from '../../../src/lora/contrast.ts';
import { totalWeight } from '../../../src/lora/heads/index.ts';
import { accumulate, outputs, trainable } from '../../../src/lora/learner.ts';
import type { HeadKind } from '../../../src/lora/models/index.ts';
import { architectureOf } from '../../../src/lora/models/index.ts';
import type { Backend, Tensor } from '../../../src/lora/ops.ts';
import { normal, random } from '../../../src/lora/random.ts';
import { tinyBase } from '../tiny.ts';
import { tinyLlama } from '../tiny-llama.ts';

export interface HeadCase {
  readonly name: string;
  readonly base: Base;
  readonly plan: Plan;
  /** Not of the start, where half of all gradients are zero. */
  readonly values: Float32Array;
  readonly rows: readonly EncodedRow[];
}

const OUTPUTS: Readonly<Record<HeadKind, number>> = { sequence: 3, multilabel: 3, tokens: 5, pooled: 0, vocabulary: 0 };
const VOCABULARY = 50;
const COUNT = 32;

export function rowsFor(kind: HeadKind, count = COUNT, seed = 1): EncodedRow[] {
  const uniform = random(seed, `rows ${kind}`);
  const below = (n: number): number => Math.floor(uniform() * n);
  const text = (): Int32Array => Int32Array.from({ length: 1 + below(12) }, () => below(VOCABULARY));
  return Array.from({ length: count }, (): EncodedRow => {
    const tokens = text();
    const weight = 0.5 + uniform();
    if (kind === 'sequence') return { tokens, weight, targets: Int32Array.of(below(3)) };
    if (kind === 'multilabel') return { tokens, weight, targets: Int32Array.from([0, 1, 2].filter(() => uniform() < 0.5)) };
    if (kind === 'tokens') return { tokens, weight, targets: tokens.map((_, i) => (i === 0 || uniform() < 0.3 ? -1 : below(5))) };
    if (kind === 'vocabulary') return { tokens, weight, targets: tokens.map((_, i) => (i < tokens.length / 2 ? -1 : below(VOCABULARY))) };
    return { tokens, weight, targets: new Int32Array(0), documents: Array.from({ length: 1 + below(2) }, text) };
  });
}

export function headCase(base: Base, kind: HeadKind): HeadCase {
  const architecture = architectureOf(base);
  const plan = planAdapter(architecture, { kind, outputs: OUTPUTS[kind], pooling: architecture.defaultPooling }, { r: 3, alpha: 6, targets: 'all-linear' });
  const uniform = random(2, 'values');
  const values = initialValues(plan, 1).map((value) => value + 0.1 * normal(uniform));
  return { name: `${architecture.name} ${kind}`, base, plan, values, rows: rowsFor(kind) };
}

const [BERT, LLAMA] = [tinyBase(), tinyLlama()];
export const HEAD_CASES: readonly HeadCase[] = [
  ...(['sequence', 'multilabel', 'tokens', 'pooled'] as const).map((kind) => headCase(BERT, kind)),
  ...(['sequence', 'multilabel', 'tokens', 'pooled', 'vocabulary'] as const).map((kind) => headCase(LLAMA, kind)),
];

/** For test.each: the case by its name. */
export const byName = (cases: readonly HeadCase[]): (readonly [string, HeadCase])[] => cases.map((each) => [each.name, each] as const);

export interface Learnt {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** Tensors alive after each micro-batch. */
  readonly live: readonly number[];
}

/** Loss and gradient of the weighted mean over the rows, in micro-batches of at most `limit` tokens. */
export function learn<T extends Tensor>(backend: Backend<T>, { base, plan, values, rows }: HeadCase, limit: number): Learnt {
  const model = trainable(backend, base, plan);
  model.block.write(values);
  const live = [backend.liveTensors()];
  const add = (some: readonly EncodedRow[], weight: number): number =>
    pack(some, limit, weight).reduce((sum, batch) => {
      const loss = accumulate(backend, model, batch);
      live.push(backend.liveTensors());
      return sum + loss;
    }, 0);
  let loss: number;
  if (plan.kind === 'pooled') {
    const batch = contrastBatch(rows);
    const vectors = pack(batch.texts, limit, 1).flatMap((part) => outputs(backend, model, part));
    const { perQuery, gradients } = contrast(batch, vectors);
    add(batch.texts.map((text, i) => ({ ...text, gradient: gradients[i]! })), 1);
    loss = perQuery.reduce((sum, each, i) => sum + each * batch.shares[i]!, 0);
  } else {
    loss = add(rows, totalWeight(plan.kind, rows));
  }
  const gradient = new Float64Array(plan.count);
  model.block.read(gradient);
  return { loss, gradient, live };
}

/** The largest difference, as a share of the largest number. */
export function distance(found: ArrayLike<number>, right: ArrayLike<number>): number {
  let [worst, most] = [0, 0];
  for (let i = 0; i < right.length; i += 1) {
    worst = Math.max(worst, Math.abs(found[i]! - right[i]!));
    most = Math.max(most, Math.abs(right[i]!));
  }
  return worst / most;
}
