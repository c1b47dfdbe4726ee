/** Frozen layers with their low-rank additions, and the trainable head. */
import type { Backend, Linear, LinearSaved, Parameter } from '../../ops.ts';
import type { Make, ReferenceFrozen, ReferenceTensor } from './tensor.ts';
import { accumulate, addColumns, columns, multiply } from './tensor.ts';

type T = ReferenceTensor;

export function linearOps(make: Make): Pick<Backend<T>, 'linear' | 'linearBackward' | 'dense' | 'denseBackward'> {
  return {
    linear(x, { frozen, lora }) {
      const { weight, bias } = frozen as ReferenceFrozen;
      const y = multiply(make, x, weight, false, true);
      if (bias !== null) for (let i = 0; i < y.data.length; i += 1) y.data[i]! += bias[i % y.cols]!;
      if (lora === null) return { y, saved: { x, u: null } };
      const u = multiply(make, x, lora.a.value, false, true);
      lora.parts.forEach(({ column, b }, i) => {
        addColumns(y, column, multiply(make, columns(make, u, i * lora.rank, lora.rank), b.value, false, true), lora.scale);
      });
      return { y, saved: { x, u } };
    },
    linearBackward: ((dy: T, { x, u }: LinearSaved<T>, { frozen, lora }: Linear<T>, needsInput: boolean): T | null => {
      const dx = needsInput ? multiply(make, dy, (frozen as ReferenceFrozen).weight) : null;
      if (lora === null || u === null) return dx;
      const du = make(u.rows, u.cols);
      lora.parts.forEach(({ column, b }, i) => {
        const part = columns(make, dy, column, b.value.rows);
        accumulate(b.gradient, multiply(make, part, columns(make, u, i * lora.rank, lora.rank), true), lora.scale);
        addColumns(du, i * lora.rank, multiply(make, part, b.value), lora.scale);
      });
      accumulate(lora.a.gradient, multiply(make, du, x, true));
      if (dx !== null) accumulate(dx, multiply(make, du, lora.a.value));
      return dx;
    }) as Backend<T>['linearBackward'],

    dense(x: T, weight: Parameter<T>, bias: Parameter<T> | null) {
      const y = multiply(make, x, weight.value, false, true);
      if (bias !== null) for (let i = 0; i < y.data.length; i += 1) y.data[i]! += bias.value.data[i % y.cols]!;
      return y;
    },
    denseBackward(dy: T, x: T, weight: Parameter<T>, bias: Parameter<T> | null) {
      accumulate(weight.gradient, multiply(make, dy, x, true));
      if (bias !== null) for (let i = 0; i < dy.data.length; i += 1) bias.gradient.data[i % dy.cols]! += dy.data[i]!;
      return multiply(make, dy, weight.value);
    },
  };
}
