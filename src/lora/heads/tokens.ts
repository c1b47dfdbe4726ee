/** One tag for each token: one dense layer on every hidden state (PEFT's TOKEN_CLS). */
import { decide } from './sequence.ts';
import { cut, learned, perToken, withTarget } from './head.ts';
import type { Head, HeadKindRules, HeadParts } from './head.ts';
import type { Tensor } from '../ops.ts';

function create<T extends Tensor>({ backend: b, weight, bias }: HeadParts<T>): Head<T> {
  return {
    learn(hidden, batch) {
      const { targets, weights } = perToken(batch);
      const found = b.crossEntropy(b.dense(hidden, weight!, bias), targets, weights); // [n, tags]
      return learned(found, weights, b.denseBackward(found.dLogits, hidden, weight!, bias));
    },
    outputs(hidden, { layout, rows }) {
      const logits = b.dense(hidden, weight!, bias);
      return cut(b.read(logits), rows.map((_, i) => layout.starts[i + 1]! * logits.cols));
    },
  };
}

export const tokens: HeadKindRules = {
  create,
  terms: withTarget,
  loss(row, logits) {
    const count = withTarget(row);
    if (count === 0) return null;
    const tags = logits.length / row.tokens.length;
    return row.targets.reduce((sum, target, i) => sum + (target < 0 ? 0 : decide(logits, i * tags, tags).losses[target]!), 0) / count;
  },
};
