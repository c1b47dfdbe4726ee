/** The next token: the base's own frozen output matrix (PEFT's CAUSAL_LM). A row's outputs are the losses of its targets, in order. */
import { learned, perToken, withTarget } from './head.ts';
import type { Head, HeadKindRules, HeadParts } from './head.ts';
import type { Tensor } from '../ops.ts';

function create<T extends Tensor>({ backend: b, output }: HeadParts<T>): Head<T> {
  return {
    learn(hidden, batch) {
      const { targets, weights } = perToken(batch);
      const found = b.vocabularyLoss(hidden, output!, targets, weights);
      return learned(found, weights, found.dx!);
    },
    outputs(hidden, batch) {
      const { targets, weights } = perToken(batch);
      const { perRow } = b.vocabularyLoss(hidden, output!, targets, weights);
      return batch.rows.map((_, i) => {
        const [from, to] = [batch.layout.starts[i]!, batch.layout.starts[i + 1]!];
        return Float32Array.from(perRow.subarray(from, to).filter((_loss, j) => targets[from + j]! >= 0));
      });
    },
  };
}

export const vocabulary: HeadKindRules = {
  create,
  terms: withTarget,
  loss: (_, losses) => (losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length),
};
