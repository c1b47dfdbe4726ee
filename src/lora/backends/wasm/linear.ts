/** Frozen layers with their low-rank additions, and the trainable head. */
import type { Backend, Linear, LinearSaved, Parameter } from '../../ops.ts';
import type { Machine, WasmFrozen, WasmTensor } from './machine.ts';
import { column, whole } from './machine.ts';

type T = WasmTensor;

export function linearOps({ arena, make, pack, multiply, zeros }: Machine): Pick<Backend<T>, 'linear' | 'linearBackward'> {
  return {
    linear(x, { frozen, lora }) {
      const { forward, bias, inputs, outputs } = frozen as WasmFrozen;
      const y = make(x.rows, outputs);
      arena.scoped(() => multiply(whole(x), forward(), whole(y), x.rows, bias));
      if (lora === null) return { y, saved: { x, u: null } };
      const { rank, scale, a, parts } = lora;
      const u = make(x.rows, a.value.rows);
      multiply(whole(x), pack(a.value.address, 4, inputs * 4, inputs, a.value.rows), whole(u), x.rows, zeros);
      parts.forEach(({ column: first, b }, i) => {
        const up = pack(b.value.address, 4, rank * 4, rank, b.value.rows, scale);
        multiply(column(u, i * rank), up, column(y, first), x.rows, column(y, first));
      });
      return { y, saved: { x, u } };
    },
    linearBackward: ((dy: T, { x, u }: LinearSaved<T>, { frozen, lora }: Linear<T>, needsInput: boolean): T | null => {
      const { backward, inputs } = frozen as WasmFrozen;
      const dx = needsInput ? make(dy.rows, inputs) : null;
      if (dx !== null) arena.scoped(() => multiply(whole(dy), backward!(), whole(dx), dy.rows, zeros));
      if (lora === null || u === null) return dx;
      const { rank, scale, a, parts } = lora;
      const du = make(u.rows, u.cols);
      parts.forEach(({ column: first, b }, i) => {
        const down = pack(b.value.address, rank * 4, 4, b.value.rows, rank, scale);
        multiply(column(dy, first), down, column(du, i * rank), dy.rows, zeros);
        const right = pack(column(u, i * rank).address, u.cols * 4, 4, u.rows, rank, scale);
        multiply(column(dy, first), right, whole(b.gradient), b.value.rows, whole(b.gradient), true);
      });
      multiply(whole(du), pack(x.address, x.cols * 4, 4, x.rows, x.cols), whole(a.gradient), du.cols, whole(a.gradient), true);
      if (dx !== null) multiply(whole(du), pack(a.value.address, inputs * 4, 4, du.cols, inputs), whole(dx), dy.rows, whole(dx));
      return dx;
    }) as Backend<T>['linearBackward'],
  };
}

export function denseOps({ arena, make, pack, multiply, zeros }: Machine): Pick<Backend<T>, 'dense' | 'denseBackward'> {
  return {
    dense(x: T, { value: weight }: Parameter<T>, bias: Parameter<T> | null) {
      const y = make(x.rows, weight.rows);
      const start = bias === null ? zeros : { address: bias.value.address, stride: 0 };
      multiply(whole(x), pack(weight.address, 4, weight.cols * 4, weight.cols, weight.rows), whole(y), x.rows, start);
      return y;
    },
    denseBackward(dy: T, x: T, { value: weight, gradient }: Parameter<T>, bias: Parameter<T> | null) {
      const dx = make(x.rows, x.cols);
      multiply(whole(dy), pack(weight.address, weight.cols * 4, 4, weight.rows, weight.cols), whole(dx), dy.rows, zeros);
      multiply(whole(dy), pack(x.address, x.cols * 4, 4, x.rows, x.cols), whole(gradient), dy.cols, whole(gradient), true);
      if (bias === null) return dx;
      const [all, from, to] = [arena.floats(), dy.address / 4, bias.gradient.address / 4];
      for (let i = 0; i < dy.rows * dy.cols; i += 1) all[to + (i % dy.cols)]! += all[from + i]!;
      return dx;
    },
  };
}
