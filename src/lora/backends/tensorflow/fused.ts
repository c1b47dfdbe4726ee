/**
 * Ops of a layer on a CPU by the kernels that our build of the binding registers (native/kernels.h): op by op, a layer is bound by memory, and each of
 * these is one pass over it where TensorFlow's own ops are three to nine. Attention goes sequence by sequence, so nothing is padded.
 *
 * A linear layer multiplies by W + scale B A, made once a pass: that costs 2 rank FLOP for each number of W, the additions that it spares
 * as much for each number of x and of y and two passes over y.
 */
import type { AttentionSaved, AttentionShape, Backend, Linear, LinearSaved, Lora } from '../../ops.ts';
import { qkvColumns } from '../../ops.ts';
import type { Attribute } from './binding.ts';
import { FLOAT, truthAttribute, wholeAttribute, wholesAttribute } from './binding.ts';
import type { Layouts } from './layouts.ts';
import { addGradient } from './linear.ts';
import type { Handle, Machine, Raw, TfFrozen, TfTensor } from './machine.ts';
import { remember } from './machine.ts';
import { weightOf } from './weights.ts';

type T = TfTensor;
type FusedOps = Pick<Backend<T>, 'linear' | 'linearBackward' | 'layerNorm' | 'layerNormBackward' | 'gelu' | 'geluBackward' | 'attention' | 'attentionBackward'>;

/** Of native/kernels.h, as the binding says it: an engine that was installed with others is used without them. */
export const KERNELS = 2;

/** Beside x and u: W + scale B A. */
interface SavedLinear extends LinearSaved<T> {
  readonly merged: T;
}

interface SavedAttention extends AttentionSaved<T> {
  readonly qkv: T;
  readonly y: T;
}

const summandAttributes = remember((count: number) => [wholeAttribute('N', count)]);
const loraAttributes = remember((...columns: number[]) => [wholeAttribute('N', columns.length), wholesAttribute('columns', columns)]);
const shapeAttributes = remember((heads: number, kvHeads: number, width: number, causal: number): readonly Attribute[] => [
  wholeAttribute('heads', heads),
  wholeAttribute('kv_heads', kvHeads),
  wholeAttribute('width', width),
  truthAttribute('causal', causal === 1),
]);
const attributesOf = ({ heads, kvHeads, width, causal }: AttentionShape): readonly Attribute[] => shapeAttributes(heads, kvHeads, width, Number(causal));

/** `plain` are the ops that take over where there is nothing to fuse. */
export function fusedOps(machine: Machine, raw: Raw, layouts: Layouts, plain: Pick<Backend<T>, 'linear' | 'linearBackward'>): FusedOps {
  const { tensor, op, ops } = machine;
  const float = (x: T): Handle => raw.as(x, FLOAT);

  /** A, scale and all B, as kernels take them. */
  const low = ({ a, scale, parts }: Lora<T>): (Handle | Handle[])[] => [a.value.handle, machine.scalar(scale), parts.map(({ b }) => b.value.handle)];
  const columnsOf = ({ parts }: Lora<T>): readonly Attribute[] => loraAttributes(...parts.map(({ column }) => column));

  return {
    linear: (x, layer) => {
      const { frozen, lora } = layer;
      if (lora === null) return plain.linear(x, layer);
      return machine.scoped(() => {
        const { bias, inputs, outputs } = frozen as TfFrozen;
        const merged = op('TrimtabMerge', [weightOf(machine, raw, frozen as TfFrozen), ...low(lora)], columnsOf(lora));
        const input = tensor(float(x), x.rows, x.cols);
        const product = raw.matmul(input.handle, merged, false, true);
        const y = bias === null ? product : op('BiasAdd', [product, raw.reshape(bias.handle, outputs)]);
        const u = tensor(raw.matmul(input.handle, lora.a.value.handle, false, true), x.rows, lora.a.value.rows);
        const saved: SavedLinear = { x: input, u, merged: tensor(merged, outputs, inputs) };
        return { y: tensor(y, x.rows, outputs), saved };
      });
    },

    linearBackward: ((dy: T, saved: LinearSaved<T>, layer: Linear<T>, needsInput: true): T => {
      const { frozen, lora } = layer;
      if (lora === null) return plain.linearBackward(dy, saved, layer, needsInput);
      return machine.scoped(() => {
        const { x, u, merged } = saved as SavedLinear;
        const slope = float(dy);
        const [da, ...db] = ops('TrimtabLoraBackward', [slope, x.handle, u!.handle, ...low(lora)], 1 + lora.parts.length, columnsOf(lora)) as [Handle, ...Handle[]];
        addGradient(machine, raw, lora.a, da);
        lora.parts.forEach(({ b }, i) => addGradient(machine, raw, b, db[i]!));
        return needsInput ? tensor(raw.matmul(slope, merged.handle), dy.rows, frozen.inputs) : null!;
      });
    }) as FusedOps['linearBackward'],

    layerNorm: (x, residual, { weight, bias, epsilon }) =>
      machine.scoped(() => {
        const summands = residual === null ? [float(x)] : [float(x), float(residual)];
        const [y, normal, inverse] = ops('TrimtabLayerNorm', [summands, weight.handle, bias.handle, machine.scalar(epsilon)], 3, summandAttributes(summands.length)) as [Handle, Handle, Handle];
        return { y: tensor(y, x.rows, x.cols), saved: { normal: tensor(normal, x.rows, x.cols), inverse: tensor(inverse, x.rows, 1) } };
      }),
    layerNormBackward: (dy, { normal, inverse }, { weight }) => machine.scoped(() => tensor(op('TrimtabLayerNormBackward', [float(dy), normal.handle, inverse.handle, weight.handle]), dy.rows, dy.cols)),

    gelu: (x) => machine.scoped(() => tensor(op('TrimtabGelu', [float(x)]), x.rows, x.cols)),
    geluBackward: (dy, x) => machine.scoped(() => tensor(op('TrimtabGeluBackward', [float(dy), float(x)]), x.rows, x.cols)),

    attention: (qkv, layout, shape) =>
      machine.scoped(() => {
        const [y, probabilities] = ops('TrimtabAttention', [float(qkv), layouts.starts(layout)], 2, attributesOf(shape)) as [Handle, Handle];
        const context = tensor(y, qkv.rows, shape.heads * shape.width);
        const saved: SavedAttention = { qkv, probabilities: tensor(probabilities, 1, 1), y: context };
        return { y: context, saved };
      }),
    attentionBackward: (dy, saved, layout, shape) =>
      machine.scoped(() => {
        const { qkv, probabilities, y } = saved as SavedAttention;
        return tensor(op('TrimtabAttentionBackward', [float(dy), y.handle, float(qkv), probabilities.handle, layouts.starts(layout)], attributesOf(shape)), dy.rows, qkvColumns(shape));
      }),
  };
}
