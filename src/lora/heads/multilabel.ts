/** Any number of labels for each sequence: as `sequence`, but each label by its own sigmoid. */
import type { EncodedRow } from '../batches.ts';
import { cut, learned } from './head.ts';
import type { Head, HeadKindRules, HeadParts } from './head.ts';
import type { Tensor } from '../ops.ts';

/** Binary cross-entropy of one logit, nats: log(1 + e^-x) where the label holds, log(1 + e^x) where not, without overflow. */
export function binaryLoss(logit: number, holds: boolean): number {
  const x = holds ? logit : -logit;
  return Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 0 or 1 for each row and label. */
function indicators(rows: readonly EncodedRow[], labels: number): Float64Array {
  const held = new Float64Array(rows.length * labels);
  rows.forEach(({ targets }, i) => targets.forEach((label) => label >= 0 && (held[i * labels + label] = 1)));
  return held;
}

function create<T extends Tensor>({ backend: b, weight, bias, pooling }: HeadParts<T>): Head<T> {
  return {
    learn(hidden, { layout, rows, share }) {
      const pooled = b.pool(hidden, layout, pooling);
      const logits = b.dense(pooled, weight!, bias);
      const weights = Float64Array.from(rows, (row) => row.weight * share);
      const found = b.sigmoidCrossEntropy(logits, indicators(rows, logits.cols), weights);
      return learned(found, weights, b.poolBackward(b.denseBackward(found.dLogits, pooled, weight!, bias), layout, pooling));
    },
    outputs(hidden, { layout, rows }) {
      const logits = b.dense(b.pool(hidden, layout, pooling), weight!, bias);
      return cut(b.read(logits), rows.map((_, i) => (i + 1) * logits.cols));
    },
  };
}

export const multilabel: HeadKindRules = {
  create,
  terms: () => 1,
  loss({ targets }, logits) {
    const held = new Set(targets);
    return logits.reduce((sum, logit, label) => sum + binaryLoss(logit, held.has(label)), 0) / logits.length;
  },
};
