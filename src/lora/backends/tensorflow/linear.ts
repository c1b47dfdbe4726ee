/** Linear layers with their low-rank addition, and the dense layer of heads. */
import type { Backend, Linear, LinearSaved, Lora, Parameter } from '../../ops.ts';
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfFrozen, TfParameter, TfTensor } from './machine.ts';
import { NOTHING } from './machine.ts';
import { weightOf } from './weights.ts';

type T = TfTensor;
type LinearOps = Pick<Backend<T>, 'linear' | 'linearBackward' | 'dense' | 'denseBackward'>;

/** Adds to a parameter's gradient, or notes what a traced body adds. */
export function addGradient(machine: Machine, raw: Raw, to: Parameter<T>, more: Handle): void {
  const parameter = to as TfParameter;
  if (machine.trace === null) {
    const { block, offset, value } = parameter;
    return block.add(offset, value.rows * value.cols, more);
  }
  const before = machine.trace.added.get(parameter);
  machine.trace.added.set(parameter, before === undefined ? more : raw.add(before, more));
}

export function linearOps(machine: Machine, raw: Raw): LinearOps {
  const { tensor, half } = machine;

  /**
   * scale B of all parts as one block-diagonal matrix [outputs, parts x rank], in the type of products: one product instead of one per
   * part, whose result a product of the frozen weight can be added to in place.
   */
  function blocks({ rank, scale, parts }: Lora<T>, outputs: number): Handle {
    const columns = parts.length * rank;
    const pieces: Handle[] = [];
    const blank = (rows: number): void => void (rows > 0 && pieces.push(machine.op('Fill', [machine.wholes([rows, columns]), machine.scalar(0)])));
    let row = 0;
    parts.forEach(({ column, b }, i) => {
      blank(column - row);
      const padding = [0, 0, i * rank, columns - (i + 1) * rank];
      pieces.push(parts.length === 1 ? b.value.handle : machine.op('Pad', [b.value.handle, raw.reshape(machine.wholes(padding), 2, 2)]));
      row = column + b.value.rows;
    });
    blank(outputs - row);
    return raw.cast(raw.multiply(raw.concat(pieces, 0, FLOAT), machine.scalar(scale)), FLOAT, half);
  }

  /** The block of each part of [outputs, parts x rank]. */
  function gradientsOfB({ rank, scale, parts }: Lora<T>, all: Handle): void {
    const scaled = raw.multiply(raw.cast(all, half, FLOAT), machine.scalar(scale));
    parts.forEach(({ column, b }, i) => {
      const whole = parts.length === 1 && b.value.rows * rank === b.value.rows * b.value.cols && column === 0;
      const block = whole ? scaled : machine.op('Slice', [scaled, machine.wholes([column, i * rank]), machine.wholes([b.value.rows, rank])]);
      addGradient(machine, raw, b, block);
    });
  }

  return {
    linear: (x, { frozen, lora }) =>
      machine.scoped(() => {
        const { bias, outputs } = frozen as TfFrozen;
        const input = tensor(raw.as(x, half), x.rows, x.cols, half);
        let y = raw.matmul(input.handle, weightOf(machine, raw, frozen as TfFrozen), false, true);
        if (bias !== null) y = raw.add(y, bias.handle);
        if (lora === null) return { y: tensor(y, x.rows, outputs, half), saved: { x: input, u: null } };
        const u = raw.matmul(input.handle, raw.as(lora.a.value, half), false, true);
        y = raw.add(y, raw.matmul(u, blocks(lora, outputs), false, true));
        return { y: tensor(y, x.rows, outputs, half), saved: { x: input, u: tensor(u, x.rows, lora.a.value.rows, half) } };
      }),

    linearBackward: ((dy: T, { x, u }: LinearSaved<T>, { frozen, lora }: Linear<T>, needsInput: boolean): T | null =>
      machine.scoped(() => {
        const { inputs, outputs } = frozen;
        const slope = raw.as(dy, half);
        const dx = needsInput ? raw.matmul(slope, weightOf(machine, raw, frozen as TfFrozen)) : NOTHING;
        if (lora === null || u === null) return needsInput ? tensor(dx, dy.rows, inputs, half) : null;
        const du = raw.matmul(slope, blocks(lora, outputs));
        gradientsOfB(lora, raw.matmul(slope, u.handle, true));
        addGradient(machine, raw, lora.a, raw.cast(raw.matmul(du, x.handle, true), half, FLOAT));
        return needsInput ? tensor(raw.add(dx, raw.matmul(du, raw.as(lora.a.value, half))), dy.rows, inputs, half) : null;
      })) as LinearOps['linearBackward'],

    dense: (x, weight, bias) =>
      machine.scoped(() => {
        const y = raw.matmul(raw.as(x, FLOAT), weight.value.handle, false, true);
        return tensor(bias === null ? y : raw.add(y, bias.value.handle), x.rows, weight.value.rows);
      }),
    denseBackward: (dy, x, weight, bias) =>
      machine.scoped(() => {
        const slope = raw.as(dy, FLOAT);
        addGradient(machine, raw, weight, raw.matmul(slope, raw.as(x, FLOAT), true));
        if (bias !== null) addGradient(machine, raw, bias, raw.reshape(machine.op('Sum', [slope, machine.whole(0)]), 1, dy.cols));
        return tensor(raw.matmul(slope, weight.value.handle), dy.rows, weight.value.cols);
      }),
  };
}
