/** Rows chosen, summed, turned by their position and bent by an activation. */
import type { AttentionShape, Backend } from '../../ops.ts';
import type { Make, ReferenceTensor } from './tensor.ts';
import { accumulate, addRow } from './tensor.ts';

type T = ReferenceTensor;

type RowOps = 'gather' | 'add' | 'select' | 'selectBackward' | 'rotary' | 'rotaryBackward' | 'siluMul' | 'siluMulBackward' | 'gelu' | 'geluBackward';

export function rowOps(make: Make): Pick<Backend<T>, RowOps> {
  const choose = (x: T, rows: Int32Array): T => {
    const y = make(rows.length, x.cols);
    rows.forEach((row, i) => addRow(y, i, 0, x, row, 0, x.cols, 1));
    return y;
  };
  return {
    gather: choose,
    add(x, y) {
      const z = make(x.rows, x.cols, x.data.slice());
      accumulate(z, y);
      return z;
    },
    select: choose,
    selectBackward(dy, rows, total) {
      const dx = make(total, dy.cols);
      rows.forEach((row, i) => addRow(dx, row, 0, dy, i, 0, dy.cols, 1));
      return dx;
    },
    rotary: (qkv, cos, sin, shape) => rotate(make, qkv, cos, sin, shape, 1),
    // A rotation's transpose turns the other way.
    rotaryBackward: (dy, cos, sin, shape) => rotate(make, dy, cos, sin, shape, -1),
    siluMul(x) {
      const m = x.cols / 2;
      const y = make(x.rows, m);
      eachPair(x, m, (gate, up, i) => (y.data[i] = gate * logistic(gate) * up));
      return y;
    },
    siluMulBackward(dy, x) {
      const m = x.cols / 2;
      const dx = make(x.rows, x.cols);
      eachPair(x, m, (gate, up, i, atGate) => {
        const share = logistic(gate);
        dx.data[atGate] = dy.data[i]! * up * share * (1 + gate * (1 - share));
        dx.data[atGate + m] = dy.data[i]! * gate * share;
      });
      return dx;
    },
    gelu: (x) => make(x.rows, x.cols, x.data.map((value) => value * normalCdf(value))),
    geluBackward: (dy, x) => make(x.rows, x.cols, x.data.map((value, i) => dy.data[i]! * (normalCdf(value) + value * normalDensity(value)))),
  };
}

/** Visits gate and up of x = gate | up: `i` counts the pairs, `atGate` is where the gate stands. */
function eachPair(x: T, m: number, visit: (gate: number, up: number, i: number, atGate: number) => void): void {
  for (let i = 0; i < x.rows * m; i += 1) {
    const atGate = Math.floor(i / m) * 2 * m + (i % m);
    visit(x.data[atGate]!, x.data[atGate + m]!, i, atGate);
  }
}

function rotate(make: Make, x: T, cos: T, sin: T, { heads, kvHeads, width }: AttentionShape, direction: 1 | -1): T {
  const y = make(x.rows, x.cols, x.data.slice());
  const half = width / 2;
  for (let row = 0; row < x.rows; row += 1) {
    for (let head = 0; head < heads + kvHeads; head += 1) {
      for (let i = 0; i < half; i += 1) {
        const at = row * x.cols + head * width + i;
        const [first, second] = [x.data[at]!, x.data[at + half]!];
        const [c, s] = [cos.data[row * half + i]!, direction * sin.data[row * half + i]!];
        y.data[at] = first * c - second * s;
        y.data[at + half] = second * c + first * s;
      }
    }
  }
  return y;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const normalCdf = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** erf by its series below 3 (absolute error about 1e-13) and by the continued fraction of erfc above. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n -= 1) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
}
