/**
 * One vector for each text: the pooled hidden state, nothing trained on top (PEFT's FEATURE_EXTRACTION). Its loss compares all texts of the whole
 * batch (contrast.ts), so it is taken outside: a row comes back with the gradient of its vector.
 */
import { cut } from './head.ts';
import type { Head, HeadKindRules, HeadParts } from './head.ts';
import type { Tensor } from '../ops.ts';

function create<T extends Tensor>({ backend: b, pooling }: HeadParts<T>): Head<T> {
  return {
    learn(hidden, { layout, rows }) {
      const gradients = new Float32Array(rows.length * hidden.cols);
      rows.forEach(({ gradient }, i) => gradient !== undefined && gradients.set(gradient, i * hidden.cols));
      return { loss: 0, dHidden: b.poolBackward(b.constant(gradients, rows.length, hidden.cols), layout, pooling) };
    },
    outputs: (hidden, { layout, rows }) => cut(b.read(b.pool(hidden, layout, pooling)), rows.map((_, i) => (i + 1) * hidden.cols)),
  };
}

export const pooled: HeadKindRules = { create, terms: () => 1, loss: () => null };
