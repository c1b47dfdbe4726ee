/** Eigenvalues and vectors of a small symmetric matrix, by Jacobi's rotations (Golub and Van Loan, 8.5). */

export interface Eigen {
  /** The largest first. */
  readonly values: readonly number[];
  /** `vectors[k]` has length 1 and belongs to `values[k]`. */
  readonly vectors: readonly Float64Array[];
}

/** `matrix` is row by row, `size` by `size`; it is not changed. About size^3 steps: for tens of columns, not thousands. */
export function symmetricEigen(matrix: ArrayLike<number>, size: number): Eigen {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  for (let sweep = 0; sweep < 60 && offDiagonal(a, size) > 0; sweep++) {
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, v, size, p, q);
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => (a[j * size + j] as number) - (a[i * size + i] as number));
  return {
    values: order.map((i) => a[i * size + i] as number),
    vectors: order.map((k) => Float64Array.from({ length: size }, (_, i) => v[i * size + k] as number)),
  };
}

/** 0 once what is left off the diagonal is lost in rounding. */
function offDiagonal(a: Float64Array, size: number): number {
  let [off, on] = [0, 0];
  for (let i = 0; i < size; i++) {
    on += (a[i * size + i] as number) ** 2;
    for (let j = i + 1; j < size; j++) off += (a[i * size + j] as number) ** 2;
  }
  return off <= 1e-30 * on ? 0 : off;
}

function rotate(a: Float64Array, v: Float64Array, size: number, p: number, q: number): void {
  const off = a[p * size + q] as number;
  if (off === 0) return;
  const theta = ((a[q * size + q] as number) - (a[p * size + p] as number)) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  turn(a, size, p, q, c, t * c, 1, size);
  turn(a, size, p, q, c, t * c, size, 1);
  turn(v, size, p, q, c, t * c, 1, size);
}

/** Mixes columns p and q (`across` 1, `down` size) or rows p and q (the other way round). */
function turn(m: Float64Array, size: number, p: number, q: number, c: number, s: number, across: number, down: number): void {
  for (let k = 0; k < size; k++) {
    const [i, j] = [p * across + k * down, q * across + k * down];
    const [x, y] = [m[i] as number, m[j] as number];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  }
}
