/** Rows chosen, summed, normalised, turned by their position and bent by an activation. */
import type { AttentionShape, Backend, HeadNorm, Norm, NormSaved, RmsNorm } from '../../ops.ts';
import type { Machine, WasmTensor } from './machine.ts';

type T = WasmTensor;

const rowAt = (x: T, i: number): number => x.address + i * x.cols * 4;

type RowOps = 'gather' | 'add' | 'select' | 'selectBackward' | 'rotary' | 'rotaryBackward' | 'siluMul' | 'siluMulBackward' | 'gelu' | 'geluBackward';

export function rowOps({ arena, make, cleared, kernels }: Machine): Pick<Backend<T>, RowOps> {
  const bytes = (x: T): number => Math.ceil((x.rows * x.cols) / 4) * 16;
  const choose = (x: T, rows: Int32Array): T => {
    const y = make(rows.length, x.cols);
    const [all, to, from, width] = [arena.floats(), y.address / 4, x.address / 4, x.cols];
    for (let i = 0; i < rows.length; i += 1) all.copyWithin(to + i * width, from + rows[i]! * width, from + (rows[i]! + 1) * width);
    return y;
  };
  const rotate = (x: T, cos: T, sin: T, { heads, kvHeads, width }: AttentionShape, direction: 1 | -1): T => {
    const y = make(x.rows, x.cols);
    kernels.rotary(x.address, cos.address, sin.address, y.address, x.rows, heads + kvHeads, width * 2, kvHeads * width * 4, direction);
    return y;
  };
  return {
    gather: choose,
    add(x, y) {
      const z = make(x.rows, x.cols);
      kernels.add(x.address, y.address, z.address, bytes(x));
      return z;
    },
    select: choose,
    selectBackward(dy, rows, total) {
      const dx = cleared(total, dy.cols);
      rows.forEach((row, i) => kernels.addScaled(rowAt(dy, i), rowAt(dx, row), 1, dy.cols * 4));
      return dx;
    },
    rotary: (qkv, cos, sin, shape) => rotate(qkv, cos, sin, shape, 1),
    // A rotation's transpose turns the other way.
    rotaryBackward: (dy, cos, sin, shape) => rotate(dy, cos, sin, shape, -1),
    siluMul(x) {
      const y = make(x.rows, x.cols / 2);
      kernels.siluMul(x.address, y.address, y.rows, y.cols * 4);
      return y;
    },
    siluMulBackward(dy, x) {
      const dx = make(x.rows, x.cols);
      kernels.siluMulBackward(dy.address, x.address, dx.address, dy.rows, dy.cols * 4);
      return dx;
    },
    gelu(x) {
      const y = make(x.rows, x.cols);
      kernels.gelu(x.address, y.address, bytes(x));
      return y;
    },
    geluBackward(dy, x) {
      const dx = make(x.rows, x.cols);
      kernels.geluBackward(dy.address, x.address, dx.address, bytes(x));
      return dx;
    },
  };
}

type NormOps = 'layerNorm' | 'layerNormBackward' | 'rmsNorm' | 'rmsNormBackward' | 'headNorm' | 'headNormBackward';

export function normOps({ arena, make, kernels }: Machine): Pick<Backend<T>, NormOps> {
  /** What a norm of heads leaves alone. */
  const copyValues = (from: T, to: T, { heads, kvHeads, width }: AttentionShape): void => {
    const [all, first] = [arena.floats(), (heads + kvHeads) * width];
    for (let i = 0; i < from.rows; i += 1) all.copyWithin(rowAt(to, i) / 4 + first, rowAt(from, i) / 4 + first, rowAt(from, i + 1) / 4);
  };
  return {
    layerNorm(x, residual, { weight, bias, epsilon }) {
      const [y, normal, inverse] = [make(x.rows, x.cols), make(x.rows, x.cols), make(x.rows, 1)];
      kernels.layerNorm(x.address, residual?.address ?? 0, weight.address, bias.address, y.address, normal.address, inverse.address, x.rows, x.cols * 4, epsilon);
      return { y, saved: { normal, inverse } };
    },
    layerNormBackward(dy: T, { normal, inverse }: NormSaved<T>, { weight }: Norm<T>) {
      const dx = make(dy.rows, dy.cols);
      kernels.layerNormBackward(dy.address, normal.address, inverse.address, weight.address, dx.address, dy.rows, dy.cols * 4);
      return dx;
    },
    rmsNorm(x, { weight, epsilon }: RmsNorm<T>) {
      const [y, normal, inverse] = [make(x.rows, x.cols), make(x.rows, x.cols), make(x.rows, 1)];
      kernels.rmsNorm(x.address, weight.address, y.address, normal.address, inverse.address, x.rows, x.cols * 4, epsilon);
      return { y, saved: { normal, inverse } };
    },
    rmsNormBackward(dy: T, { normal, inverse }: NormSaved<T>, { weight }: RmsNorm<T>) {
      const dx = make(dy.rows, dy.cols);
      kernels.rmsNormBackward(dy.address, normal.address, inverse.address, weight.address, dx.address, dy.rows, dy.cols * 4);
      return dx;
    },
    headNorm(qkv: T, { query, key, epsilon }: HeadNorm<T>, shape: AttentionShape) {
      const { heads, kvHeads, width } = shape;
      const [y, normal, inverse] = [make(qkv.rows, qkv.cols), make(qkv.rows, qkv.cols), make(qkv.rows, heads + kvHeads)];
      for (let i = 0; i < qkv.rows; i += 1) {
        const [x, to, hat, scale, keys] = [rowAt(qkv, i), rowAt(y, i), rowAt(normal, i), rowAt(inverse, i), heads * width * 4];
        kernels.rmsNorm(x, query.address, to, hat, scale, heads, width * 4, epsilon);
        kernels.rmsNorm(x + keys, key.address, to + keys, hat + keys, scale + heads * 4, kvHeads, width * 4, epsilon);
      }
      copyValues(qkv, y, shape);
      return { y, saved: { normal, inverse } };
    },
    headNormBackward(dy: T, { normal, inverse }: NormSaved<T>, { query, key }: HeadNorm<T>, shape: AttentionShape) {
      const { heads, kvHeads, width } = shape;
      const dx = make(dy.rows, dy.cols);
      for (let i = 0; i < dy.rows; i += 1) {
        const [from, hat, scale, to, keys] = [rowAt(dy, i), rowAt(normal, i), rowAt(inverse, i), rowAt(dx, i), heads * width * 4];
        kernels.rmsNormBackward(from, hat, scale, query.address, to, heads, width * 4);
        kernels.rmsNormBackward(from + keys, hat + keys, scale + heads * 4, key.address, to + keys, kvHeads, width * 4);
      }
      copyValues(dy, dx, shape);
      return dx;
    },
  };
}
