/**
 * The oracle: every op in plain float64 loops, slow and short enough to be read against its formula. Other backends are tested
 * against this one, and this one against finite differences.
 */
import type { AttentionSaved, Backend, Frozen, Layout, Linear, LinearSaved, Losses, Norm, NormSaved, Numbers, Parameter, ParameterBlock, Pooling, Tensor } from '../ops.ts';

export interface ReferenceTensor extends Tensor {
  readonly data: Float64Array;
}

interface ReferenceFrozen extends Frozen {
  readonly weight: ReferenceTensor;
  readonly bias: Float64Array;
}

type T = ReferenceTensor;

type Make = (rows: number, cols: number, data?: Float64Array) => T;

export function referenceBackend(): Backend<T> {
  let live = 0;
  let inStep = 0;
  const make: Make = (rows, cols, data = new Float64Array(rows * cols)) => {
    live += 1;
    inStep += 1;
    return { rows, cols, data };
  };

  return {
    name: 'reference',
    step(body) {
      inStep = 0;
      try {
        return body();
      } finally {
        live -= inStep;
        inStep = 0;
      }
    },
    liveTensors: () => live,
    dispose() {
      live = 0;
    },
    constant(values, rows, cols) {
      live += 1;
      return { rows, cols, data: Float64Array.from(values) };
    },
    freeze(weight, bias, inputs, outputs): ReferenceFrozen {
      live += 1;
      return { inputs, outputs, weight: { rows: outputs, cols: inputs, data: Float64Array.from(weight) }, bias: Float64Array.from(bias) };
    },
    parameters(count) {
      live += 2;
      return parameterBlock(count);
    },
    read: (tensor) => tensor.data.slice(),
    ...rowOps(make),
    ...linearOps(make),
    ...normOps(make),
    ...attentionOps(make),
    ...poolOps(make),
    ...headOps(make),
  };
}

function parameterBlock(count: number): ParameterBlock<T> {
  const values = new Float64Array(count);
  const gradients = new Float64Array(count);
  return {
    at: (offset, rows, cols) => ({
      value: { rows, cols, data: values.subarray(offset, offset + rows * cols) },
      gradient: { rows, cols, data: gradients.subarray(offset, offset + rows * cols) },
    }),
    write: (from) => values.set(from),
    read: (into) => into.set(gradients),
    clearGradients: () => void gradients.fill(0),
  };
}

function rowOps(make: Make): Pick<Backend<T>, 'gather' | 'add' | 'gelu' | 'geluBackward'> {
  return {
    gather(table, rows) {
      const y = make(rows.length, table.cols);
      rows.forEach((row, i) => y.data.set(table.data.subarray(row * table.cols, (row + 1) * table.cols), i * table.cols));
      return y;
    },
    add(x, y) {
      const z = make(x.rows, x.cols, x.data.slice());
      accumulate(z, y);
      return z;
    },
    gelu: (x) => make(x.rows, x.cols, x.data.map((value) => value * normalCdf(value))),
    geluBackward: (dy, x) => make(x.rows, x.cols, x.data.map((value, i) => dy.data[i]! * (normalCdf(value) + value * normalDensity(value)))),
  };
}

function linearOps(make: Make): Pick<Backend<T>, 'linear' | 'linearBackward'> {
  return {
    linear(x, { frozen, lora }) {
      const { weight, bias } = frozen as ReferenceFrozen;
      const y = multiply(make, x, weight, false, true);
      for (let i = 0; i < y.data.length; i += 1) y.data[i]! += bias[i % y.cols]!;
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
  };
}

function normOps(make: Make): Pick<Backend<T>, 'layerNorm' | 'layerNormBackward'> {
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
  };
}

function attentionOps(make: Make): Pick<Backend<T>, 'attention' | 'attentionBackward'> {
  return {
    attention(qkv: T, layout: Layout, heads: number) {
      const d = qkv.cols / 3;
      const y = make(qkv.rows, d);
      const probabilities = make(1, probabilityCount(layout, heads));
      forEachHead(layout, heads, d, (start, length, head, at) => {
        for (let i = 0; i < length; i += 1) {
          const scores = Array.from({ length }, (_, j) => dotProduct(qkv, start + i, head, qkv, start + j, d + head, d / heads) / Math.sqrt(d / heads));
          const most = Math.max(...scores);
          const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
          scores.forEach((score, j) => {
            const p = Math.exp(score - most) / total;
            probabilities.data[at + i * length + j] = p;
            addRow(y, start + i, head, qkv, start + j, 2 * d + head, d / heads, p);
          });
        }
      });
      return { y, saved: { qkv, probabilities } };
    },
    attentionBackward(dy: T, { qkv, probabilities }: AttentionSaved<T>, layout: Layout, heads: number) {
      const d = dy.cols;
      const width = d / heads;
      const dqkv = make(qkv.rows, qkv.cols);
      forEachHead(layout, heads, d, (start, length, head, at) => {
        for (let i = 0; i < length; i += 1) {
          const p = probabilities.data.subarray(at + i * length, at + (i + 1) * length);
          const dp = Array.from(p, (_, j) => dotProduct(dy, start + i, head, qkv, start + j, 2 * d + head, width));
          const mean = dp.reduce((sum, value, j) => sum + value * p[j]!, 0);
          dp.forEach((value, j) => {
            const ds = (p[j]! * (value - mean)) / Math.sqrt(width);
            addRow(dqkv, start + i, head, qkv, start + j, d + head, width, ds);
            addRow(dqkv, start + j, d + head, qkv, start + i, head, width, ds);
            addRow(dqkv, start + j, 2 * d + head, dy, start + i, head, width, p[j]!);
          });
        }
      });
      return dqkv;
    },
  };
}

function poolOps(make: Make): Pick<Backend<T>, 'pool' | 'poolBackward'> {
  return {
    pool(x: T, layout: Layout, pooling: Pooling) {
      const y = make(layout.starts.length - 1, x.cols);
      forEachPooled(layout, pooling, (sequence, row, share) => addRow(y, sequence, 0, x, row, 0, x.cols, share));
      return y;
    },
    poolBackward(dy: T, layout: Layout, pooling: Pooling) {
      const dx = make(layout.starts.at(-1)!, dy.cols);
      forEachPooled(layout, pooling, (sequence, row, share) => addRow(dx, row, 0, dy, sequence, 0, dy.cols, share));
      return dx;
    },
  };
}

function headOps(make: Make): Pick<Backend<T>, 'dense' | 'denseBackward' | 'crossEntropy'> {
  return {
    dense(x: T, weight: Parameter<T>, bias: Parameter<T>) {
      const y = multiply(make, x, weight.value, false, true);
      for (let i = 0; i < y.data.length; i += 1) y.data[i]! += bias.value.data[i % y.cols]!;
      return y;
    },
    denseBackward(dy: T, x: T, weight: Parameter<T>, bias: Parameter<T>) {
      accumulate(weight.gradient, multiply(make, dy, x, true));
      for (let i = 0; i < dy.data.length; i += 1) bias.gradient.data[i % dy.cols]! += dy.data[i]!;
      return multiply(make, dy, weight.value);
    },

    crossEntropy(logits: T, targets: Int32Array, weights: Numbers): Losses<T> {
      const n = logits.cols;
      const dLogits = make(logits.rows, n);
      const perRow = new Float64Array(logits.rows);
      for (let i = 0; i < logits.rows; i += 1) {
        const row = logits.data.subarray(i * n, (i + 1) * n);
        const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
        const logTotal = most + Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
        perRow[i] = logTotal - row[targets[i]!]!;
        row.forEach((value, j) => {
          dLogits.data[i * n + j] = weights[i]! * (Math.exp(value - logTotal) - (j === targets[i] ? 1 : 0));
        });
      }
      return { perRow, dLogits };
    },
  };
}

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

/** a [m, k] times b [k, n]; either may be given transposed. */
function multiply(make: Make, a: T, b: T, transposeA = false, transposeB = false): T {
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

function accumulate(into: T, from: T, scale = 1): void {
  for (let i = 0; i < into.data.length; i += 1) into.data[i]! += scale * from.data[i]!;
}

function columns(make: Make, x: T, from: number, count: number): T {
  const y = make(x.rows, count);
  for (let i = 0; i < x.rows; i += 1) y.data.set(x.data.subarray(i * x.cols + from, i * x.cols + from + count), i * count);
  return y;
}

function addColumns(into: T, from: number, part: T, scale: number): void {
  for (let i = 0; i < part.rows; i += 1) addRow(into, i, from, part, i, 0, part.cols, scale);
}

const normalCdf = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

function dotProduct(a: T, aRow: number, aCol: number, b: T, bRow: number, bCol: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += a.data[aRow * a.cols + aCol + i]! * b.data[bRow * b.cols + bCol + i]!;
  return sum;
}

function addRow(into: T, row: number, col: number, from: T, fromRow: number, fromCol: number, count: number, scale: number): void {
  for (let i = 0; i < count; i += 1) into.data[row * into.cols + col + i]! += scale * from.data[fromRow * from.cols + fromCol + i]!;
}

/** Numbers in the saved probabilities of a batch: heads x length² for each sequence. */
export function probabilityCount({ starts }: Layout, heads: number): number {
  let count = 0;
  for (let i = 1; i < starts.length; i += 1) count += heads * (starts[i]! - starts[i - 1]!) ** 2;
  return count;
}

function forEachHead({ starts }: Layout, heads: number, d: number, visit: (start: number, length: number, column: number, at: number) => void): void {
  let at = 0;
  for (let i = 1; i < starts.length; i += 1) {
    const length = starts[i]! - starts[i - 1]!;
    for (let head = 0; head < heads; head += 1) {
      visit(starts[i - 1]!, length, (head * d) / heads, at);
      at += length * length;
    }
  }
}

function forEachPooled({ starts }: Layout, pooling: Pooling, visit: (sequence: number, row: number, share: number) => void): void {
  for (let i = 0; i + 1 < starts.length; i += 1) {
    const [from, to] = [starts[i]!, pooling === 'mean' ? starts[i + 1]! : starts[i]! + 1];
    for (let row = from; row < to; row += 1) visit(i, row, 1 / (to - from));
  }
}
