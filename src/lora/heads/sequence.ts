/** One label for each sequence: pool, one dense layer, softmax (PEFT's SEQ_CLS). */
import { cut, learned } from './head.ts';
import type { Head, HeadKindRules, HeadParts } from './head.ts';
import type { Tensor } from '../ops.ts';

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

function create<T extends Tensor>({ backend: b, weight, bias, pooling }: HeadParts<T>): Head<T> {
  return {
    learn(hidden, { layout, rows, share }) {
      const pooled = b.pool(hidden, layout, pooling); // [sequences, d]
      const weights = Float64Array.from(rows, (row) => row.weight * share);
      const found = b.crossEntropy(b.dense(pooled, weight!, bias), Int32Array.from(rows, ({ targets }) => targets[0]!), weights);
      return learned(found, weights, b.poolBackward(b.denseBackward(found.dLogits, pooled, weight!, bias), layout, pooling));
    },
    outputs(hidden, { layout, rows }) {
      const logits = b.dense(b.pool(hidden, layout, pooling), weight!, bias);
      return cut(b.read(logits), rows.map((_, i) => (i + 1) * logits.cols));
    },
  };
}

export const sequence: HeadKindRules = {
  create,
  terms: () => 1,
  loss: ({ targets }, logits) => (targets[0]! < 0 ? null : decide(logits, 0, logits.length).losses[targets[0]!]!),
};
