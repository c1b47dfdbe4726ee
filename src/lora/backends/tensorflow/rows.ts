/** Ops on rows: choosing them, adding them, and the activations between linear layers. */
import type { Backend } from '../../ops.ts';
import { FLOAT, INT64 } from './binding.ts';
import type { Handle, Machine, Raw, TfTensor } from './machine.ts';
import { wide } from './machine.ts';

type T = TfTensor;
type RowOps = Pick<Backend<T>, 'gather' | 'add' | 'select' | 'selectBackward' | 'gelu' | 'geluBackward' | 'siluMul' | 'siluMulBackward'>;

export function rowOps(machine: Machine, raw: Raw): RowOps {
  const { tensor, half, op } = machine;
  const indices = (rows: Int32Array): Handle => machine.upload(wide(rows), [rows.length], INT64);
  const float = (x: T): Handle => raw.as(x, FLOAT);
  const product = (handle: Handle, rows: number, cols: number): T => tensor(raw.cast(handle, FLOAT, half), rows, cols, half);
  const choose = (table: T, rows: Int32Array): T => machine.scoped(() => tensor(raw.gather(table.handle, indices(rows)), rows.length, table.cols, table.type));
  /** Φ(x), Φ the normal distribution. */
  const normalCdf = (x: Handle): Handle => raw.multiply(raw.add(op('Erf', [raw.multiply(x, machine.scalar(Math.SQRT1_2))]), machine.scalar(1)), machine.scalar(0.5));
  const halves = (x: T): [gate: Handle, up: Handle] => raw.split(float(x), [x.cols / 2, x.cols / 2], 1) as [Handle, Handle];

  return {
    // The residual stream begins here.
    gather: (table, rows) => machine.scoped(() => tensor(float(choose(table, rows)), rows.length, table.cols)),
    select: choose,
    add: (x, y) => machine.scoped(() => tensor(raw.add(float(x), float(y)), x.rows, x.cols)),
    selectBackward: (dy, rows, total) => machine.scoped(() => tensor(op('UnsortedSegmentSum', [float(dy), indices(rows), machine.whole(total)]), total, dy.cols)),

    gelu: (x) =>
      machine.scoped(() => {
        const value = float(x);
        return product(raw.multiply(value, normalCdf(value)), x.rows, x.cols);
      }),
    geluBackward: (dy, x) =>
      machine.scoped(() => {
        const value = float(x);
        const density = raw.multiply(op('Exp', [raw.multiply(op('Square', [value]), machine.scalar(-0.5))]), machine.scalar(1 / Math.sqrt(2 * Math.PI)));
        return product(raw.multiply(float(dy), raw.add(normalCdf(value), raw.multiply(value, density))), x.rows, x.cols);
      }),

    siluMul: (x) =>
      machine.scoped(() => {
        const [gate, up] = halves(x);
        return product(raw.multiply(raw.multiply(gate, raw.sigmoid(gate)), up), x.rows, x.cols / 2);
      }),
    siluMulBackward: (dy, x) =>
      machine.scoped(() => {
        const [gate, up] = halves(x);
        const sigma = raw.sigmoid(gate);
        const silu = raw.multiply(gate, sigma);
        // d silu = σ + silu (1 - σ)
        const slope = raw.add(sigma, raw.multiply(silu, raw.subtract(machine.scalar(1), sigma)));
        const dGate = raw.multiply(raw.multiply(float(dy), up), slope);
        return product(raw.concat([dGate, raw.multiply(float(dy), silu)], 1, FLOAT), x.rows, x.cols);
      }),
  };
}
