/**
 * The default backend: our own SIMD kernels (simd/) on one WebAssembly memory, one thread. Several cores are several backends.
 *
 * Frozen weights are kept only in the packed form that the products read, once for each direction, so nothing is ever transposed
 * in a step. Trainable matrices are small and packed anew each time.
 */
import { TrimtabError } from '../../errors.ts';
import type { AttentionSaved, Backend, Frozen, Layout, Linear, LinearSaved, Losses, Norm, NormSaved, Numbers, Parameter, Pooling, Tensor } from '../ops.ts';
import type { Arena } from './simd/arena.ts';
import { createArena } from './simd/arena.ts';
import { PANEL, TILE_ROWS } from './simd/gemm.ts';
import type { Kernels } from './simd/module.ts';
import { instantiate } from './simd/module.ts';

export interface WasmTensor extends Tensor {
  /** Of the first number, in bytes. */
  readonly address: number;
}

interface WasmFrozen extends Frozen {
  readonly forward: Packed;
  readonly backward: Packed | null;
  readonly bias: number;
}

/** B of a product, [k, n], in panels. */
interface Packed {
  readonly address: number;
  readonly k: number;
  readonly n: number;
}

type T = WasmTensor;

const INITIAL_BYTES = 64 * 2 ** 20;
/** Rows of A that all panels of B pass over before the next ones: they stay in the second-level cache. */
const BLOCK_BYTES = 128 * 1024;
const MAX_COLUMNS = 65_536;

/** Whole panels hold the columns of a matrix. */
const padded = (columns: number): number => Math.ceil(columns / PANEL) * PANEL;

/** What the groups of ops share. */
interface Machine {
  readonly arena: Arena;
  readonly kernels: Kernels;
  make(rows: number, cols: number): T;
  /** Packs B, whose element (i, j) lies at from + i kStride + j nStride, to new memory or to an address. */
  pack(from: number, kStride: number, nStride: number, k: number, n: number, scale?: number, to?: number): Packed;
  /** A [rows, k] at an address with a stride in bytes, times B, to C; the sum starts at `start`. */
  multiply(a: Strided, b: Packed, c: Strided, rows: number, start: Strided, transposed?: boolean): void;
  /** Start of a product that adds nothing. */
  readonly zeros: Strided;
}

interface Strided {
  readonly address: number;
  readonly stride: number;
}

const whole = (x: T): Strided => ({ address: x.address, stride: x.cols * 4 });
const column = (x: T, first: number): Strided => ({ address: x.address + first * 4, stride: x.cols * 4 });

export function wasmBackend(): Backend<T> {
  const arena = createArena(INITIAL_BYTES);
  const kernels = instantiate(arena.memory);
  let live = 0;

  const machine: Machine = {
    arena,
    kernels,
    zeros: { address: arena.allocate(MAX_COLUMNS), stride: 0 },
    make(rows, cols) {
      live += 1;
      return { rows, cols, address: arena.allocate(rows * cols) };
    },
    pack(from, kStride, nStride, k, n, scale = 1, to = arena.allocate(k * padded(n))) {
      if (n > MAX_COLUMNS) throw new TrimtabError('bad-data', { what: 'a product', problem: `it has ${n} columns`, right: `at most ${MAX_COLUMNS}` });
      kernels.pack(from, kStride, nStride, k, n, to, scale);
      return { address: to, k, n };
    },
    multiply(a, b, c, rows, start, transposed = false) {
      const kernel = transposed ? kernels.gemmT : kernels.gemm;
      const block = Math.max(1, Math.floor(BLOCK_BYTES / (b.k * 4 * TILE_ROWS))) * TILE_ROWS;
      for (let row = 0; row < rows; row += block) {
        const at = ({ address, stride }: Strided): number => address + row * stride;
        const from = transposed ? a.address + row * 4 : at(a);
        kernel(from, a.stride, b.address, at(start), start.stride, at(c), c.stride, Math.min(block, rows - row), b.n, b.k);
      }
    },
  };

  return {
    name: 'wasm',
    step(body) {
      const before = live;
      try {
        return arena.scoped(body);
      } finally {
        live = before;
      }
    },
    liveTensors: () => live,
    dispose() {
      live = 0;
    },
    ...storageOps(machine),
    ...linearOps(machine),
    ...rowOps(machine),
    ...attentionOps(machine),
    ...poolOps(machine),
    ...headOps(machine),
  };
}

function storageOps({ arena, make, pack }: Machine): Pick<Backend<T>, 'constant' | 'freeze' | 'parameters' | 'read' | 'gather'> {
  const numbers = (x: T): Float32Array => arena.floats().subarray(x.address / 4, x.address / 4 + x.rows * x.cols);
  return {
    constant(values, rows, cols) {
      const tensor = make(rows, cols);
      numbers(tensor).set(values);
      return tensor;
    },
    freeze(weight, bias, inputs, outputs, backward): WasmFrozen {
      const [forwardAt, backwardAt] = [arena.allocate(inputs * padded(outputs)), backward ? arena.allocate(outputs * padded(inputs)) : 0];
      const biasAt = arena.allocate(padded(outputs));
      arena.floats().set(bias, biasAt / 4);
      // The plain form is only needed while it is packed.
      return arena.scoped(() => {
        const plain: T = { rows: outputs, cols: inputs, address: arena.allocate(outputs * inputs) };
        numbers(plain).set(weight);
        return {
          inputs,
          outputs,
          forward: pack(plain.address, 4, inputs * 4, inputs, outputs, 1, forwardAt),
          backward: backward ? pack(plain.address, inputs * 4, 4, outputs, inputs, 1, backwardAt) : null,
          bias: biasAt,
        };
      });
    },
    parameters(count) {
      const [values, gradients] = [make(1, count), make(1, count)];
      const window = (x: T, offset: number, rows: number, cols: number): T => ({ rows, cols, address: x.address + offset * 4 });
      return {
        at: (offset, rows, cols) => ({ value: window(values, offset, rows, cols), gradient: window(gradients, offset, rows, cols) }),
        write: (from: Numbers) => numbers(values).set(from),
        read: (into: Numbers) => into.set(numbers(gradients)),
        clearGradients: () => void numbers(gradients).fill(0),
      };
    },
    read: (tensor) => numbers(tensor).slice(),
    gather(table, rows) {
      const y = make(rows.length, table.cols);
      const [all, to, from, width] = [arena.floats(), y.address / 4, table.address / 4, table.cols];
      for (let i = 0; i < rows.length; i += 1) all.copyWithin(to + i * width, from + rows[i]! * width, from + (rows[i]! + 1) * width);
      return y;
    },
  };
}

function linearOps({ make, pack, multiply, zeros }: Machine): Pick<Backend<T>, 'linear' | 'linearBackward'> {
  return {
    linear(x, { frozen, lora }) {
      const { forward, bias, inputs, outputs } = frozen as WasmFrozen;
      const y = make(x.rows, outputs);
      multiply(whole(x), forward, whole(y), x.rows, { address: bias, stride: 0 });
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
      if (dx !== null) multiply(whole(dy), backward!, whole(dx), dy.rows, zeros);
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

function rowOps({ make, kernels }: Machine): Pick<Backend<T>, 'add' | 'layerNorm' | 'layerNormBackward' | 'gelu' | 'geluBackward'> {
  const bytes = (x: T): number => Math.ceil((x.rows * x.cols) / 4) * 16;
  return {
    add(x, y) {
      const z = make(x.rows, x.cols);
      kernels.add(x.address, y.address, z.address, bytes(x));
      return z;
    },
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

function attentionOps(machine: Machine): Pick<Backend<T>, 'attention' | 'attentionBackward'> {
  const { make, arena } = machine;
  return {
    attention(qkv: T, layout: Layout, heads: number) {
      const d = qkv.cols / 3;
      const y = make(qkv.rows, d);
      const probabilities = make(1, scoreCount(layout, heads));
      eachHead(layout, heads, d, (head) => arena.scoped(() => attend(machine, head, qkv, y, probabilities)));
      return { y, saved: { qkv, probabilities } };
    },
    attentionBackward(dy: T, { qkv, probabilities }: AttentionSaved<T>, layout: Layout, heads: number) {
      const dqkv = make(qkv.rows, qkv.cols);
      eachHead(layout, heads, dy.cols, (head) => arena.scoped(() => attendBackward(machine, head, qkv, probabilities, dy, dqkv)));
      return dqkv;
    },
  };
}

/** One head of one sequence. */
interface Head {
  readonly start: number;
  readonly length: number;
  /** First column in a matrix of d columns. */
  readonly column: number;
  readonly width: number;
  /** Where its scores begin, in floats. */
  readonly scores: number;
}

/** Rows of scores are whole panels, so that no product of theirs has a ragged edge. */
function scoreCount({ starts }: Layout, heads: number): number {
  let count = 0;
  for (let i = 1; i < starts.length; i += 1) count += heads * (starts[i]! - starts[i - 1]!) * padded(starts[i]! - starts[i - 1]!);
  return count;
}

function eachHead({ starts }: Layout, heads: number, d: number, visit: (head: Head) => void): void {
  const width = d / heads;
  let scores = 0;
  for (let i = 1; i < starts.length; i += 1) {
    const [start, length] = [starts[i - 1]!, starts[i]! - starts[i - 1]!];
    for (let first = 0; first < d; first += width) {
      visit({ start, length, column: first, width, scores });
      scores += length * padded(length);
    }
  }
}

/** The rows and columns of a head in `x`, in its block-th d columns. */
const at = ({ start, column: first }: Head, x: T, block = 0, d = x.cols): Strided => ({ address: x.address + (start * x.cols + block * d + first) * 4, stride: x.cols * 4 });

/** y = softmax(q kᵀ / √width) v */
function attend({ kernels, pack, multiply, zeros }: Machine, head: Head, qkv: T, y: T, probabilities: T): void {
  const { length, width } = head;
  const [q, k, v] = [0, 1, 2].map((block) => at(head, qkv, block, y.cols)) as [Strided, Strided, Strided];
  const scores = { address: probabilities.address + head.scores * 4, stride: padded(length) * 4 };
  multiply(q, { ...pack(k.address, 4, k.stride, width, length), n: padded(length) }, scores, length, zeros);
  kernels.softmax(scores.address, length, length * 4, scores.stride, 1 / Math.sqrt(width));
  multiply(scores, pack(v.address, v.stride, 4, length, width), at(head, y), length, zeros);
}

function attendBackward({ arena, kernels, pack, multiply, zeros }: Machine, head: Head, qkv: T, probabilities: T, dyAll: T, dqkv: T): void {
  const { length, width } = head;
  const blocks = (x: T): [Strided, Strided, Strided] => [0, 1, 2].map((block) => at(head, x, block, dyAll.cols)) as [Strided, Strided, Strided];
  const [[q, k, v], [dq, dk, dv], dy] = [blocks(qkv), blocks(dqkv), at(head, dyAll)];
  const p = { address: probabilities.address + head.scores * 4, stride: padded(length) * 4 };
  const ds = { address: arena.allocate(length * padded(length)), stride: p.stride };
  const rows = (x: Strided): Packed => pack(x.address, x.stride, 4, length, width);
  multiply(p, rows(dy), dv, length, zeros, true);
  multiply(dy, { ...pack(v.address, 4, v.stride, width, length), n: padded(length) }, ds, length, zeros);
  kernels.softmaxBackward(p.address, ds.address, length, length * 4, p.stride, 1 / Math.sqrt(width));
  multiply(ds, rows(k), dq, length, zeros);
  multiply(ds, rows(q), dk, length, zeros, true);
}

function poolOps({ arena, kernels, make }: Machine): Pick<Backend<T>, 'pool' | 'poolBackward'> {
  const cleared = (rows: number, cols: number): T => {
    const x = make(rows, cols);
    arena.floats().fill(0, x.address / 4, x.address / 4 + rows * cols);
    return x;
  };
  const row = (x: T, i: number): number => x.address + i * x.cols * 4;
  const eachPooled = ({ starts }: Layout, pooling: Pooling, visit: (sequence: number, token: number, share: number) => void): void => {
    for (let i = 0; i + 1 < starts.length; i += 1) {
      const [from, to] = [starts[i]!, pooling === 'mean' ? starts[i + 1]! : starts[i]! + 1];
      for (let token = from; token < to; token += 1) visit(i, token, 1 / (to - from));
    }
  };
  return {
    pool(x: T, layout: Layout, pooling: Pooling) {
      const y = cleared(layout.starts.length - 1, x.cols);
      eachPooled(layout, pooling, (sequence, token, share) => kernels.addScaled(row(x, token), row(y, sequence), share, x.cols * 4));
      return y;
    },
    poolBackward(dy: T, layout: Layout, pooling: Pooling) {
      const dx = cleared(layout.starts.at(-1)!, dy.cols);
      eachPooled(layout, pooling, (sequence, token, share) => kernels.addScaled(row(dy, sequence), row(dx, token), share, dy.cols * 4));
      return dx;
    },
  };
}

function headOps({ arena, make, pack, multiply, zeros }: Machine): Pick<Backend<T>, 'dense' | 'denseBackward' | 'crossEntropy'> {
  return {
    dense(x: T, { value: weight }: Parameter<T>, bias: Parameter<T>) {
      const y = make(x.rows, weight.rows);
      multiply(whole(x), pack(weight.address, 4, weight.cols * 4, weight.cols, weight.rows), whole(y), x.rows, { address: bias.value.address, stride: 0 });
      return y;
    },
    denseBackward(dy: T, x: T, { value: weight, gradient }: Parameter<T>, bias: Parameter<T>) {
      const dx = make(x.rows, x.cols);
      multiply(whole(dy), pack(weight.address, weight.cols * 4, 4, weight.rows, weight.cols), whole(dx), dy.rows, zeros);
      multiply(whole(dy), pack(x.address, x.cols * 4, 4, x.rows, x.cols), whole(gradient), dy.cols, whole(gradient), true);
      const [all, from, to] = [arena.floats(), dy.address / 4, bias.gradient.address / 4];
      for (let i = 0; i < dy.rows * dy.cols; i += 1) all[to + (i % dy.cols)]! += all[from + i]!;
      return dx;
    },
    crossEntropy(logits: T, targets: Int32Array, weights: Numbers): Losses<T> {
      const n = logits.cols;
      const dLogits = make(logits.rows, n);
      const perRow = new Float64Array(logits.rows);
      const all = arena.floats();
      for (let i = 0; i < logits.rows; i += 1) {
        const [from, to] = [logits.address / 4 + i * n, dLogits.address / 4 + i * n];
        let [most, total] = [-Infinity, 0];
        for (let j = 0; j < n; j += 1) most = Math.max(most, all[from + j]!);
        for (let j = 0; j < n; j += 1) total += Math.exp(all[from + j]! - most);
        const logTotal = most + Math.log(total);
        for (let j = 0; j < n; j += 1) all[to + j] = weights[i]! * (Math.exp(all[from + j]! - logTotal) - (j === targets[i] ? 1 : 0));
        perRow[i] = logTotal - all[from + targets[i]!]!;
      }
      return { perRow, dLogits };
    },
  };
}
