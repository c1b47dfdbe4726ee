/**
 * Attention by cuDNN's fused kernels, within functions that XLA compiles for a GPU: scores and probabilities never leave the chip, where op by op
 * each is a pass over the largest matrices of a layer (arXiv 2205.14135). Compiled in place of attention.ts wherever it does the same.
 *
 * XLA knows these kernels as custom calls, with the numbers of the two products in their configuration; it takes queries, keys and values as they
 * stand in rows, and gives results head by head. Letters: b bins, t and s places in a bin, h heads of a kind, w width of a head.
 */
import type { AttentionSaved, AttentionShape, Backend } from '../../ops.ts';
import { qkvColumns } from '../../ops.ts';
import type { Attribute, Type } from './binding.ts';
import { FLOAT, shapesAttribute, textAttribute, truthAttribute, typesAttribute, UINT8 } from './binding.ts';
import type { Bins, Layouts } from './layouts.ts';
import type { Handle, Machine, Raw, TfTensor } from './machine.ts';

type T = TfTensor;
type Attention = Pick<Backend<T>, 'attention' | 'attentionBackward'>;

/** Apart: XLA then makes each once, and never what they stood in. */
interface Saved extends AttentionSaved<T> {
  readonly parts: readonly T[];
  readonly y: T;
}

/** What the kernels take: heads of whole vectors, up to the width that their shared memory holds. */
const VECTOR = 8;
const WIDEST = 128;

/** Added to the scores of pairs that do not see each other. Two of it have a finite difference in bfloat16, which cuDNN wants. */
const UNSEEN = -(2 ** 41);

/** Of the cards that have these kernels: Ampere and later. */
export const CUDNN_CAPABILITY = 80;

const fits = ({ width }: AttentionShape): boolean => width % VECTOR === 0 && width <= WIDEST;

/** Dimensions of a product: what is summed over, left and right, and what stays apart on both sides. */
type Product = readonly [left: number, right: number, leftApart: readonly [number, number], rightApart: readonly [number, number]];

/** Over [b t h w] for queries, keys, values and their gradients and [b h t s] for scores and probabilities. */
const PRODUCTS: Readonly<Record<'forward' | 'backward', Readonly<Record<string, Product>>>> = {
  forward: { bmm1: [3, 3, [0, 2], [0, 2]], bmm2: [3, 1, [0, 1], [0, 2]] },
  backward: {
    bmm1_grad_gemm1: [2, 1, [0, 1], [0, 2]],
    bmm1_grad_gemm2: [3, 1, [0, 1], [0, 2]],
    bmm2_grad_gemm1: [2, 1, [0, 1], [0, 2]],
    bmm2_grad_gemm2: [3, 3, [0, 2], [0, 2]],
  },
};

/** XLA's GpuBackendConfig as JSON (xla/service/gpu/backend_configs.proto); what is left out is the default. */
function configuration(pass: 'forward' | 'backward', { count, width: places }: Bins, { heads, width, causal }: AttentionShape): string {
  const products = Object.entries(PRODUCTS[pass]).map(([name, [left, right, leftApart, rightApart]]) => [
    `${name}_dot_dimension_numbers`,
    { lhs_contracting_dimensions: [`${left}`], rhs_contracting_dimensions: [`${right}`], lhs_batch_dimensions: leftApart.map(String), rhs_batch_dimensions: rightApart.map(String) },
  ]);
  const scores = { element_type: 'BF16', dimensions: [count, heads, places, places].map(String), is_dynamic_dimension: [false, false, false, false], layout: { minor_to_major: ['3', '2', '1', '0'] } };
  return JSON.stringify({
    cudnn_fmha_backend_config: {
      algorithm: { algo_id: '0', math_type: 'TENSOR_OP_MATH', tuning_knobs: { 17: '1', 24: '0' }, is_cudnn_frontend: true, workspace_size: '0' },
      fmha_scale: 1 / Math.sqrt(width),
      dropout_rate: 0,
      intermediate_tensor_shape: scores,
      seed: 0,
      is_flash_attention: true,
      mask_type: causal ? 'CAUSAL' : 'NO_MASK',
      sliding_window_length: 0,
      max_seg_per_batch: 1,
      ...Object.fromEntries(products),
    },
  });
}

/** `plain` computes what is not traced for XLA, and heads that the kernels do not take. */
export function cudnnAttention(machine: Machine, raw: Raw, layouts: Layouts, plain: Attention): Attention {
  const fused = fusedAttention(machine, raw, layouts);
  const chosen = (shape: AttentionShape): Attention => (machine.trace?.xla === true && fits(shape) ? fused : plain);
  return {
    attention: (qkv, layout, shape) => chosen(shape).attention(qkv, layout, shape),
    attentionBackward: (dy, saved, layout, shape) => chosen(shape).attentionBackward(dy, saved, layout, shape),
  };
}

function fusedAttention(machine: Machine, raw: Raw, layouts: Layouts): Attention {
  const { tensor, half, ops, op } = machine;

  /** Queries, keys and values of rows. */
  function split(qkv: T, { heads, kvHeads, width: w }: AttentionShape): T[] {
    const columns = [heads * w, kvHeads * w, kvHeads * w];
    return raw.split(raw.as(qkv, half), columns, 1).map((part, i) => tensor(part, qkv.rows, columns[i]!, half));
  }

  /** Rows as [b t h w]. */
  const inBins = ({ handle, cols }: T, { count, width: places }: Bins, w: number): Handle => raw.reshape(handle, count, places, cols / w, w);

  /** [b 1 t s]; causality is not in it. Nothing where each bin holds one sequence and causality keeps its filling from being seen. */
  function bias(bins: Bins, single: boolean, { causal }: AttentionShape): Handle[] {
    if (single && causal) return [];
    const { count, width: places, segments: of } = bins;
    const same = op('Equal', [raw.reshape(of, count, 1, places, 1), raw.reshape(of, count, 1, 1, places)]);
    return [raw.cast(op('SelectV2', [same, machine.scalar(0), machine.scalar(UNSEEN)]), FLOAT, half)];
  }

  function call(name: string, config: string, operands: readonly Handle[], results: readonly (readonly [Type, readonly number[]])[]): Handle[] {
    // The last result is a workspace, which XLA gives its size.
    const all = [...results, [UINT8, [0]] as const];
    const attributes: Attribute[] = [
      textAttribute('call_target_name', `__cudnn$fmha${name}`),
      textAttribute('backend_config', config),
      truthAttribute('has_side_effect', false),
      typesAttribute('result_dtypes', all.map(([type]) => type)),
      shapesAttribute('result_shapes', all.map(([, shape]) => shape)),
    ];
    return ops('XlaCustomCallV2', [operands], all.length, attributes);
  }

  /** [b h t w] as rows [b t, h w]. */
  const byRow = (x: Handle, { count, width: places }: Bins, heads: number, w: number): Handle => raw.reshape(op('Transpose', [x, machine.wholes([0, 2, 1, 3])]), count * places, heads * w);

  return {
    attention: (qkv, layout, shape) =>
      machine.scoped(() => {
        const bins = layouts.bins(layout);
        const { count, width: places } = bins;
        const { heads, width: w } = shape;
        const more = bias(bins, layout.single === true, shape);
        const parts = split(qkv, shape);
        const operands = [...parts.map((part) => inBins(part, bins, w)), ...more];
        const [context, sums] = call(more.length > 0 ? 'ScaleBiasSoftmax' : 'Softmax', configuration('forward', bins, shape), operands, [
          [half, [count, heads, places, w]],
          [FLOAT, [count, heads, places]],
        ]) as [Handle, Handle];
        const y = tensor(byRow(context, bins, heads, w), qkv.rows, heads * w, half);
        const saved: Saved = { parts, probabilities: tensor(sums, count * heads, places), y };
        return { y, saved };
      }),

    attentionBackward: (dy, saved, layout, shape) =>
      machine.scoped(() => {
        const { parts, probabilities: sums, y } = saved as Saved;
        const bins = layouts.bins(layout);
        const { count, width: places } = bins;
        const { heads, kvHeads, width: w } = shape;
        const more = bias(bins, layout.single === true, shape);
        const slope = inBins(tensor(raw.as(dy, half), dy.rows, dy.cols, half), bins, w);
        const operands = [...parts.map((part) => inBins(part, bins, w)), raw.reshape(sums.handle, count, heads, places), slope, ...more, inBins(y, bins, w)];
        const results = [heads, kvHeads, kvHeads].map((each) => [half, [count, each, places, w]] as const);
        const gradients = call(more.length > 0 ? 'ScaleBiasSoftmaxBackward' : 'SoftmaxBackward', configuration('backward', bins, shape), operands, results);
        const dQkv = [heads, kvHeads, kvHeads].map((each, i) => byRow(gradients[i]!, bins, each, w));
        return tensor(raw.concat(dQkv, 1, half), dy.rows, qkvColumns(shape), half);
      }),
  };
}
