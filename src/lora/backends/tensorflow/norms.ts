/** Norms: statistics and results in float32, whatever the products' type. */
import type { AttentionShape, Backend } from '../../ops.ts';
import { qkvColumns } from '../../ops.ts';
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfTensor } from './machine.ts';

type T = TfTensor;
type NormOps = Pick<Backend<T>, 'layerNorm' | 'layerNormBackward' | 'rmsNorm' | 'rmsNormBackward' | 'headNorm' | 'headNormBackward'>;

export function normOps(machine: Machine, raw: Raw): NormOps {
  const { tensor, half, op } = machine;
  const float = (x: T): Handle => raw.as(x, FLOAT);
  const product = (handle: Handle, rows: number, cols: number): T => tensor(raw.cast(handle, FLOAT, half), rows, cols, half);
  /** 1 / √(mean of squares + ε) over the last axis. */
  const inverseRoot = (x: Handle, epsilon: number): Handle => raw.rsqrt(raw.add(raw.mean(op('Square', [x])), machine.scalar(epsilon)));
  /** Gradient of x by that of normal = x inverse. */
  const throughRoot = (dNormal: Handle, normal: Handle, inverse: Handle): Handle =>
    raw.multiply(inverse, raw.subtract(dNormal, raw.multiply(normal, raw.mean(raw.multiply(dNormal, normal)))));

  /** Query heads, key heads and values of [n, columns], the heads as [n, heads, width]. */
  function heads(x: T, { heads: h, kvHeads, width }: AttentionShape): [query: Handle, key: Handle, value: Handle] {
    const [query, key, value] = raw.split(float(x), [h * width, kvHeads * width, kvHeads * width], 1) as [Handle, Handle, Handle];
    return [raw.reshape(query, x.rows, h, width), raw.reshape(key, x.rows, kvHeads, width), value];
  }
  const joined = (rows: number, shape: AttentionShape, query: Handle, key: Handle, value: Handle): T =>
    product(raw.concat([raw.reshape(query, rows, shape.heads * shape.width), raw.reshape(key, rows, shape.kvHeads * shape.width), value], 1, FLOAT), rows, qkvColumns(shape));

  return {
    layerNorm: (x, residual, { weight, bias, epsilon }) =>
      machine.scoped(() => {
        const sum = residual === null ? float(x) : raw.add(float(x), float(residual));
        const centred = raw.subtract(sum, raw.mean(sum));
        const inverse = inverseRoot(centred, epsilon);
        const normal = raw.multiply(centred, inverse);
        const y = raw.add(raw.multiply(normal, weight.handle), bias.handle);
        return { y: tensor(y, x.rows, x.cols), saved: { normal: tensor(normal, x.rows, x.cols), inverse: tensor(inverse, x.rows, 1) } };
      }),
    layerNormBackward: (dy, { normal, inverse }, { weight }) =>
      machine.scoped(() => {
        const dNormal = raw.multiply(float(dy), weight.handle);
        return tensor(throughRoot(raw.subtract(dNormal, raw.mean(dNormal)), normal.handle, inverse.handle), dy.rows, dy.cols);
      }),

    // Keeps x, which lives anyway, in the place of its normalised rows.
    rmsNorm: (x, { weight, epsilon }) =>
      machine.scoped(() => {
        const value = float(x);
        const inverse = inverseRoot(value, epsilon);
        return { y: product(raw.multiply(raw.multiply(value, inverse), weight.handle), x.rows, x.cols), saved: { normal: x, inverse: tensor(inverse, x.rows, 1) } };
      }),
    rmsNormBackward: (dy, { normal: x, inverse }, { weight }) =>
      machine.scoped(() => tensor(throughRoot(raw.multiply(float(dy), weight.handle), raw.multiply(float(x), inverse.handle), inverse.handle), dy.rows, dy.cols)),

    headNorm: (qkv, { query: queryWeight, key: keyWeight, epsilon }, shape) =>
      machine.scoped(() => {
        const [query, key, value] = heads(qkv, shape);
        const [inverseQuery, inverseKey] = [inverseRoot(query, epsilon), inverseRoot(key, epsilon)];
        const scaled = (x: Handle, inverse: Handle, weight: T): Handle => raw.multiply(raw.multiply(x, inverse), weight.handle);
        const inverse = raw.reshape(raw.concat([inverseQuery, inverseKey], 1, FLOAT), qkv.rows, shape.heads + shape.kvHeads);
        return {
          y: joined(qkv.rows, shape, scaled(query, inverseQuery, queryWeight), scaled(key, inverseKey, keyWeight), value),
          saved: { normal: qkv, inverse: tensor(inverse, qkv.rows, shape.heads + shape.kvHeads) },
        };
      }),
    headNormBackward: (dy, { normal: qkv, inverse }, { query: queryWeight, key: keyWeight }, shape) =>
      machine.scoped(() => {
        const [query, key] = heads(qkv, shape);
        const [dQuery, dKey, dValue] = heads(dy, shape);
        const [inverseQuery, inverseKey] = raw.split(raw.reshape(inverse.handle, dy.rows, shape.heads + shape.kvHeads, 1), [shape.heads, shape.kvHeads], 1) as [Handle, Handle];
        const back = (dx: Handle, x: Handle, root: Handle, weight: T): Handle => throughRoot(raw.multiply(dx, weight.handle), raw.multiply(x, root), root);
        return joined(dy.rows, shape, back(dQuery, query, inverseQuery, queryWeight), back(dKey, key, inverseKey, keyWeight), dValue);
      }),
  };
}
