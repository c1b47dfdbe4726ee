/** Norms of rows, and of the heads within them. */
import type { AttentionShape, Backend, HeadNorm, Norm, NormSaved, RmsNorm } from '../../ops.ts';
import type { Make, ReferenceTensor } from './tensor.ts';

type T = ReferenceTensor;

type NormOps = 'layerNorm' | 'layerNormBackward' | 'rmsNorm' | 'rmsNormBackward' | 'headNorm' | 'headNormBackward';

export function normOps(make: Make): Pick<Backend<T>, NormOps> {
  return {
    layerNorm(x, residual, { weight, bias, epsilon }) {
      const d = x.cols;
      const [y, normal, inverse] = [make(x.rows, d), make(x.rows, d), make(x.rows, 1)];
      for (let i = 0; i < x.rows; i += 1) {
        const row = Array.from({ length: d }, (_, j) => x.data[i * d + j]! + (residual?.data[i * d + j] ?? 0));
        const mean = row.reduce((sum, value) => sum + value, 0) / d;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / d;
        inverse.data[i] = 1 / Math.sqrt(variance + epsilon);
        row.forEach((value, j) => {
          const hat = (value - mean) * inverse.data[i]!;
          normal.data[i * d + j] = hat;
          y.data[i * d + j] = hat * weight.data[j]! + bias.data[j]!;
        });
      }
      return { y, saved: { normal, inverse } };
    },
    layerNormBackward(dy: T, { normal, inverse }: NormSaved<T>, { weight }: Norm<T>) {
      const d = dy.cols;
      const dx = make(dy.rows, d);
      for (let i = 0; i < dy.rows; i += 1) {
        let [sum, dot] = [0, 0];
        for (let j = i * d; j < (i + 1) * d; j += 1) {
          sum += dy.data[j]! * weight.data[j % d]!;
          dot += dy.data[j]! * weight.data[j % d]! * normal.data[j]!;
        }
        for (let j = i * d; j < (i + 1) * d; j += 1) {
          dx.data[j] = inverse.data[i]! * (dy.data[j]! * weight.data[j % d]! - sum / d - (normal.data[j]! * dot) / d);
        }
      }
      return dx;
    },
    rmsNorm(x, { weight, epsilon }: RmsNorm<T>) {
      const [y, normal, inverse] = [make(x.rows, x.cols), make(x.rows, x.cols), make(x.rows, 1)];
      for (let i = 0; i < x.rows; i += 1) inverse.data[i] = rms(x.data, weight.data, epsilon, y.data, normal.data, i * x.cols);
      return { y, saved: { normal, inverse } };
    },
    rmsNormBackward(dy: T, { normal, inverse }: NormSaved<T>, { weight }: RmsNorm<T>) {
      const dx = make(dy.rows, dy.cols);
      for (let i = 0; i < dy.rows; i += 1) rmsBackward(dy.data, normal.data, inverse.data[i]!, weight.data, dx.data, i * dy.cols);
      return dx;
    },
    headNorm(qkv: T, { query, key, epsilon }: HeadNorm<T>, shape: AttentionShape) {
      const y = make(qkv.rows, qkv.cols, qkv.data.slice());
      const [normal, inverse] = [make(qkv.rows, qkv.cols), make(qkv.rows, shape.heads + shape.kvHeads)];
      eachNormed(qkv, shape, (isQuery, at, i) => {
        inverse.data[i] = rms(qkv.data, (isQuery ? query : key).data, epsilon, y.data, normal.data, at);
      });
      return { y, saved: { normal, inverse } };
    },
    headNormBackward(dy: T, { normal, inverse }: NormSaved<T>, { query, key }: HeadNorm<T>, shape: AttentionShape) {
      const dx = make(dy.rows, dy.cols, dy.data.slice());
      eachNormed(dy, shape, (isQuery, at, i) => rmsBackward(dy.data, normal.data, inverse.data[i]!, (isQuery ? query : key).data, dx.data, at));
      return dx;
    },
  };
}

/** y = weight x / √(mean x² + ε) of weight.length numbers from `at` on; gives the inverse. */
function rms(x: Float64Array, weight: Float64Array, epsilon: number, y: Float64Array, normal: Float64Array, at: number): number {
  const row = x.subarray(at, at + weight.length);
  const inverse = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon);
  row.forEach((value, j) => {
    normal[at + j] = value * inverse;
    y[at + j] = value * inverse * weight[j]!;
  });
  return inverse;
}

function rmsBackward(dy: Float64Array, normal: Float64Array, inverse: number, weight: Float64Array, dx: Float64Array, at: number): void {
  const dot = weight.reduce((sum, w, j) => sum + w * dy[at + j]! * normal[at + j]!, 0);
  weight.forEach((w, j) => {
    dx[at + j] = inverse * (w * dy[at + j]! - (normal[at + j]! * dot) / weight.length);
  });
}

/** Visits the query and key heads of every row: where each begins, and its number. */
function eachNormed(x: T, { heads, kvHeads, width }: AttentionShape, visit: (isQuery: boolean, at: number, i: number) => void): void {
  const perRow = heads + kvHeads;
  for (let i = 0; i < x.rows * perRow; i += 1) {
    const head = i % perRow;
    visit(head < heads, Math.floor(i / perRow) * x.cols + head * width, i);
  }
}
