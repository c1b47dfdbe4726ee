/** The classification head: pool each sequence to one vector, then one dense layer. */
import type { Backend, Layout, Parameter, Pooling, Tensor } from './ops.ts';

export interface Head<T extends Tensor> {
  /** [labels, d] */
  readonly weight: Parameter<T>;
  /** [1, labels] */
  readonly bias: Parameter<T>;
  readonly pooling: Pooling;
}

export function headForward<T extends Tensor>(b: Backend<T>, { weight, bias, pooling }: Head<T>, hidden: T, layout: Layout): { logits: T; pooled: T } {
  const pooled = b.pool(hidden, layout, pooling); // [sequences, d]
  return { logits: b.dense(pooled, weight, bias), pooled };
}

/** Adds to the head's gradients; returns the gradient of the hidden states. */
export function headBackward<T extends Tensor>(b: Backend<T>, { weight, bias, pooling }: Head<T>, dLogits: T, pooled: T, layout: Layout): T {
  return b.poolBackward(b.denseBackward(dLogits, pooled, weight, bias), layout, pooling);
}

export interface Decision {
  /** Index of the likeliest label. */
  readonly best: number;
  readonly probabilities: Float64Array;
  /** Cross-entropy of each label, nats. */
  readonly losses: Float64Array;
}

/** What the logits of one row say. */
export function decide(logits: ArrayLike<number>, from: number, labels: number): Decision {
  let best = 0;
  for (let j = 1; j < labels; j += 1) if (logits[from + j]! > logits[from + best]!) best = j;
  let total = 0;
  for (let j = 0; j < labels; j += 1) total += Math.exp(logits[from + j]! - logits[from + best]!);
  const losses = Float64Array.from({ length: labels }, (_, j) => logits[from + best]! - logits[from + j]! + Math.log(total));
  return { best, losses, probabilities: losses.map((loss) => Math.exp(-loss)) };
}
