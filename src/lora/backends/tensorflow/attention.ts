/**
 * Attention over bins of equal width: a sequence lies within one bin and its tokens see the bin's rows of the same segment only.
 * Where the layout has no width, every sequence becomes a bin of the longest one's width, for attention alone.
 *
 * Grouped queries are one more axis of the products, so keys and values are never repeated. Letters: b bins, t and s places in a bin, k key
 * heads, g query heads of a key head, w width. Scores stand as [b k t g s], the order in which the products make and take them: in any other
 * the largest matrices of a layer would be transposed, five times a step.
 */
import type { AttentionSaved, AttentionShape, Backend } from '../../ops.ts';
import { qkvColumns } from '../../ops.ts';
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfTensor } from './machine.ts';
import type { Bins, Layouts } from './layouts.ts';
import { refuse } from './machine.ts';

type T = TfTensor;
type AttentionOps = Pick<Backend<T>, 'rotary' | 'rotaryBackward' | 'attention' | 'attentionBackward' | 'cache' | 'attentionStep'>;

/** The context is what the next linear layer keeps, too: it costs nothing. */
interface Saved extends AttentionSaved<T> {
  readonly y: T;
}

/** Scores of pairs that do not see each other. */
const UNSEEN = -1e30;

export function attentionOps(machine: Machine, raw: Raw, layouts: Layouts): AttentionOps {
  const { tensor, half, op } = machine;

  const into = (x: Handle, { moves }: Bins): Handle => (moves === null ? x : raw.gather(x, moves.into));
  const out = (x: Handle, { moves }: Bins): Handle => (moves === null ? x : raw.gather(x, moves.out));

  /** Queries [b t k g w], keys and values [b s k w]. */
  function parts(qkv: T, bins: Bins, shape: AttentionShape): [query: Handle, key: Handle, value: Handle] {
    const { count, width } = bins;
    const { heads, kvHeads, width: w } = shape;
    const [query, key, value] = raw.split(into(raw.as(qkv, half), bins), [heads * w, kvHeads * w, kvHeads * w], 1) as [Handle, Handle, Handle];
    return [raw.reshape(query, count, width, kvHeads, heads / kvHeads, w), raw.reshape(key, count, width, kvHeads, w), raw.reshape(value, count, width, kvHeads, w)];
  }

  const scaleOf = ({ width }: AttentionShape): Handle => machine.scalar(1 / Math.sqrt(width));

  /** Query and key heads turned by their positions' angles, the other way where `sign` is -1. */
  function turned(x: T, cos: T, sin: T, { heads, kvHeads, width }: AttentionShape, sign: 1 | -1): T {
    const turning = heads + kvHeads;
    const [both, value] = raw.split(raw.as(x, FLOAT), [turning * width, kvHeads * width], 1) as [Handle, Handle];
    const [left, right] = raw.split(raw.reshape(both, x.rows, turning, width), [width / 2, width / 2], 2) as [Handle, Handle];
    const c = raw.reshape(cos.handle, x.rows, 1, width / 2);
    const s = raw.reshape(sin.handle, x.rows, 1, width / 2);
    const [minus, plus] = sign === 1 ? [raw.subtract, raw.add] : [raw.add, raw.subtract];
    const y = raw.concat([minus(raw.multiply(left, c), raw.multiply(right, s)), plus(raw.multiply(right, c), raw.multiply(left, s))], 2, FLOAT);
    return tensor(raw.cast(raw.concat([raw.reshape(y, x.rows, turning * width), value], 1, FLOAT), FLOAT, half), x.rows, x.cols, half);
  }

  return {
    rotary: (qkv, cos, sin, shape) => machine.scoped(() => turned(qkv, cos, sin, shape, 1)),
    rotaryBackward: (dy, cos, sin, shape) => machine.scoped(() => turned(dy, cos, sin, shape, -1)),

    attention: (qkv, layout, shape) =>
      machine.scoped(() => {
        const bins = layouts.bins(layout);
        const { count, width } = bins;
        const mask = layouts.mask(bins, shape.causal);
        const [query, key, value] = parts(qkv, bins, shape);
        const scores = raw.multiply(raw.cast(raw.einsum('btkgw,bskw->bktgs', query, key, half), half, FLOAT), scaleOf(shape));
        const probabilities = raw.cast(op('Softmax', [op('SelectV2', [mask, scores, machine.scalar(UNSEEN)])]), FLOAT, half);
        const context = raw.reshape(raw.einsum('bktgs,bskw->btkgw', probabilities, value, half), count * width, shape.heads * shape.width);
        const y = tensor(out(context, bins), qkv.rows, shape.heads * shape.width, half);
        const saved: Saved = { qkv, probabilities: tensor(probabilities, count * shape.heads * width, width, half), y };
        return { y, saved };
      }),

    attentionBackward: (dy, saved, layout, shape) =>
      machine.scoped(() => {
        const { qkv, probabilities, y } = saved as Saved;
        const bins = layouts.bins(layout);
        const { count, width } = bins;
        const [query, key, value] = parts(qkv, bins, shape);
        const byHead = (x: T): Handle => raw.reshape(into(raw.as(x, half), bins), count, width, shape.kvHeads, shape.heads / shape.kvHeads, shape.width);
        const dContext = byHead(dy);
        const dProbabilities = raw.cast(raw.einsum('btkgw,bskw->bktgs', dContext, value, half), half, FLOAT);
        const p = raw.cast(probabilities.handle, half, FLOAT);
        // The mean of dP under P is dy y: a pass over the context in place of one over all pairs (arXiv 2205.14135, appendix B.4).
        const float = (x: Handle): Handle => raw.cast(x, half, FLOAT);
        const mean = op('Transpose', [raw.sum(raw.multiply(float(dContext), float(byHead(y)))), machine.wholes([0, 2, 1, 3, 4])]);
        const dScores = raw.cast(raw.multiply(raw.multiply(p, raw.subtract(dProbabilities, mean)), scaleOf(shape)), FLOAT, half);
        const flat = (x: Handle, heads: number): Handle => raw.reshape(x, count * width, heads * shape.width);
        const dQkv = raw.concat(
          [
            flat(raw.einsum('bktgs,bskw->btkgw', dScores, key, half), shape.heads),
            flat(raw.einsum('bktgs,btkgw->bskw', dScores, query, half), shape.kvHeads),
            flat(raw.einsum('bktgs,btkgw->bskw', probabilities.handle, dContext, half), shape.kvHeads),
          ],
          1,
          half,
        );
        return tensor(out(dQkv, bins), qkv.rows, qkvColumns(shape), half);
      }),

    cache: () => refuse('it does not generate', 'generate with the wasm backend'),
    attentionStep: () => refuse('it does not generate', 'generate with the wasm backend'),
  };
}
