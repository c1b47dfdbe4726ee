/** The reference backend's matrices, and plain loops over them. */
import type { Frozen, Tensor } from '../../ops.ts';

export interface ReferenceTensor extends Tensor {
  readonly data: Float64Array;
}

export interface ReferenceFrozen extends Frozen {
  readonly weight: ReferenceTensor;
  readonly bias: Float64Array | null;
}

export type Make = (rows: number, cols: number, data?: Float64Array) => ReferenceTensor;

type T = ReferenceTensor;

/** a [m, k] times b [k, n]; either may be given transposed. */
export function multiply(make: Make, a: T, b: T, transposeA = false, transposeB = false): T {
  const m = transposeA ? a.cols : a.rows;
  const k = transposeA ? a.rows : a.cols;
  const n = transposeB ? b.rows : b.cols;
  const y = make(m, n);
  for (let i = 0; i < m; i += 1) {
    for (let j = 0; j < n; j += 1) {
      let sum = 0;
      for (let p = 0; p < k; p += 1) sum += a.data[transposeA ? p * m + i : i * k + p]! * b.data[transposeB ? j * k + p : p * n + j]!;
      y.data[i * n + j] = sum;
    }
  }
  return y;
}

export function accumulate(into: T, from: T, scale = 1): void {
  for (let i = 0; i < into.data.length; i += 1) into.data[i]! += scale * from.data[i]!;
}

export function columns(make: Make, x: T, from: number, count: number): T {
  const y = make(x.rows, count);
  for (let i = 0; i < x.rows; i += 1) y.data.set(x.data.subarray(i * x.cols + from, i * x.cols + from + count), i * count);
  return y;
}

export function addColumns(into: T, from: number, part: T, scale: number): void {
  for (let i = 0; i < part.rows; i += 1) addRow(into, i, from, part, i, 0, part.cols, scale);
}

export function dotProduct(a: T, aRow: number, aCol: number, b: T, bRow: number, bCol: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += a.data[aRow * a.cols + aCol + i]! * b.data[bRow * b.cols + bCol + i]!;
  return sum;
}

export function addRow(into: T, row: number, col: number, from: T, fromRow: number, fromCol: number, count: number, scale: number): void {
  for (let i = 0; i < count; i += 1) into.data[row * into.cols + col + i]! += scale * from.data[fromRow * from.cols + fromCol + i]!;
}
