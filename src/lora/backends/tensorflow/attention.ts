/**
 * Attention over bins of equal width: a sequence lies within one bin and its tokens see the bin's rows of the same segment only.
 * Where the layout has no width, every sequence becomes a bin of the longest one's width, for attention alone.
 *
 * The query heads of a key head are more rows of one product, so keys and values are never repeated. Letters: b bins, t and s places in a
 * bin, k key heads, g query heads of a key head, w width. Queries stand as [b k (t g) w] and scores as [b k (t g) s] from product to product:
 * the largest matrices of a layer are never turned, and what XLA makes of an Einsum would turn them twice.
 *
 * Scores, and the gradient of probabilities, are float32 from the product on: rounded to bfloat16, a score of 30 is off by up to 0.06 and its
 * probability by 6 %.
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
  readonly qkv: T;
  readonly y: T;
}

/** Scores of pairs that do not see each other. */
const UNSEEN = -1e30;

export function attentionOps(machine: Machine, raw: Raw, layouts: Layouts): AttentionOps {
  const { tensor, half, op } = machine;
  const transpose = (x: Handle, ...order: number[]): Handle => op('Transpose', [x, machine.wholes(order)]);

  const into = (x: Handle, { moves }: Bins): Handle => (moves === null ? x : raw.gather(x, moves.into));
  const out = (x: Handle, { moves }: Bins): Handle => (moves === null ? x : raw.gather(x, moves.out));

  /** Query heads [b k (t g) w] of rows [b t, k g w], and back. */
  const byHead = (x: Handle, { count, width }: Bins, { heads, kvHeads, width: w }: AttentionShape): Handle =>
    raw.reshape(transpose(raw.reshape(x, count, width, kvHeads, heads / kvHeads, w), 0, 2, 1, 3, 4), count, kvHeads, width * (heads / kvHeads), w);
  const byRow = (x: Handle, { count, width }: Bins, { heads, kvHeads, width: w }: AttentionShape): Handle =>
    raw.reshape(transpose(raw.reshape(x, count, kvHeads, width, heads / kvHeads, w), 0, 2, 1, 3, 4), count * width, heads * w);
  /** Keys or values [b k s w] of rows [b s, k w]: heads that are read by one query head each. */
  const alone = (shape: AttentionShape): AttentionShape => ({ ...shape, heads: shape.kvHeads });

  function parts(qkv: T, bins: Bins, shape: AttentionShape): [query: Handle, key: Handle, value: Handle] {
    const { heads, kvHeads, width: w } = shape;
    const [query, key, value] = raw.split(into(raw.as(qkv, half), bins), [heads * w, kvHeads * w, kvHeads * w], 1) as [Handle, Handle, Handle];
    return [byHead(query, bins, shape), byHead(key, bins, alone(shape)), byHead(value, bins, alone(shape))];
  }

  const scaleOf = ({ width }: AttentionShape): Handle => machine.scalar(1 / Math.sqrt(width));

  /** Query and key heads turned by their positions' angles, the other way where `sign` is -1. */
  function turned(x: T, cos: T, sin: T, { heads, kvHeads, width }: AttentionShape, sign: 1 | -1): T {
    const turning = heads + kvHeads;
    const [both, value] = raw.split(raw.as(x, half), [turning * width, kvHeads * width], 1) as [Handle, Handle];
    const whole = raw.reshape(raw.cast(both, half, FLOAT), x.rows, turning, width);
    const [left, right] = raw.split(whole, [width / 2, width / 2], 2) as [Handle, Handle];
    const c = raw.reshape(cos.handle, x.rows, 1, width / 2);
    const s = raw.reshape(sin.handle, x.rows, 1, width / 2);
    const minus = op('Neg', [s]);
    // Whole heads at a time: of two halves put together XLA makes a kernel that writes half a head at once.
    const turnedBy = (by: Handle, swapped: Handle): Handle => raw.add(raw.multiply(whole, by), raw.multiply(raw.concat([right, left], 2, FLOAT), swapped));
    const y = turnedBy(raw.concat([c, c], 2, FLOAT), raw.concat(sign === 1 ? [minus, s] : [s, minus], 2, FLOAT));
    return tensor(raw.concat([raw.cast(raw.reshape(y, x.rows, turning * width), FLOAT, half), value], 1, half), x.rows, x.cols, half);
  }

  return {
    rotary: (qkv, cos, sin, shape) => machine.scoped(() => turned(qkv, cos, sin, shape, 1)),
    rotaryBackward: (dy, cos, sin, shape) => machine.scoped(() => turned(dy, cos, sin, shape, -1)),

    attention: (qkv, layout, shape) =>
      machine.scoped(() => {
        const bins = layouts.bins(layout);
        const { count, width } = bins;
        const { heads, kvHeads } = shape;
        const mask = layouts.mask(bins, shape.causal);
        const [query, key, value] = parts(qkv, bins, shape);
        const products = raw.reshape(raw.batchMatmulFloat(query, key, false, true), count, kvHeads, width, heads / kvHeads, width);
        const scores = raw.multiply(products, scaleOf(shape));
        const probabilities = raw.cast(op('Softmax', [op('SelectV2', [mask, scores, machine.scalar(UNSEEN)])]), FLOAT, half);
        const context = byRow(raw.batchMatmul(raw.reshape(probabilities, count, kvHeads, width * (heads / kvHeads), width), value), bins, shape);
        const y = tensor(out(context, bins), qkv.rows, heads * shape.width, half);
        const saved: Saved = { qkv, probabilities: tensor(probabilities, count * heads * width, width, half), y };
        return { y, saved };
      }),

    attentionBackward: (dy, saved, layout, shape) =>
      machine.scoped(() => {
        const { qkv, probabilities, y } = saved as Saved;
        const bins = layouts.bins(layout);
        const { count, width } = bins;
        const [query, key, value] = parts(qkv, bins, shape);
        const heads = (x: T): Handle => byHead(into(raw.as(x, half), bins), bins, shape);
        const dContext = heads(dy);
        const pairs = (x: Handle): Handle => raw.reshape(x, count, shape.kvHeads, width * (shape.heads / shape.kvHeads), width);
        const float = (x: Handle): Handle => raw.cast(x, half, FLOAT);
        const p = pairs(probabilities.handle);
        const dProbabilities = raw.batchMatmulFloat(dContext, value, false, true);
        // The mean of dP under P is dy y: a pass over the context in place of one over all pairs (arXiv 2205.14135, appendix B.4).
        const mean = raw.sum(raw.multiply(float(dContext), float(heads(y))));
        const dScores = raw.cast(raw.multiply(raw.multiply(float(p), raw.subtract(dProbabilities, mean)), scaleOf(shape)), FLOAT, half);
        const dQkv = raw.concat(
          [
            byRow(raw.batchMatmul(dScores, key), bins, shape),
            byRow(raw.batchMatmul(dScores, query, true), bins, alone(shape)),
            byRow(raw.batchMatmul(p, dContext, true), bins, alone(shape)),
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
