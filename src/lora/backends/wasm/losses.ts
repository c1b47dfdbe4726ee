/** What stands on the hidden states: pooling, and the losses. */
import type { Backend, Frozen, Layout, Losses, Numbers, Pooling } from '../../ops.ts';
import { NO_TARGET } from '../../ops.ts';
import type { Machine, WasmFrozen, WasmTensor } from './machine.ts';
import { padded, whole } from './machine.ts';

type T = WasmTensor;

/** Numbers of one chunk of logits over a vocabulary. */
const CHUNK = 2 ** 21;
const MOST_ROWS = 240;

const rowAt = (x: T, i: number): number => x.address + i * x.cols * 4;

export function poolOps({ kernels, cleared }: Machine): Pick<Backend<T>, 'pool' | 'poolBackward'> {
  const eachPooled = ({ starts }: Layout, pooling: Pooling, visit: (sequence: number, token: number, share: number) => void): void => {
    for (let i = 0; i + 1 < starts.length; i += 1) {
      const [first, end] = [starts[i]!, starts[i + 1]!];
      const from = pooling === 'last' ? end - 1 : first;
      const to = pooling === 'first' ? first + 1 : end;
      for (let token = from; token < to; token += 1) visit(i, token, 1 / (to - from));
    }
  };
  return {
    pool(x: T, layout: Layout, pooling: Pooling) {
      const y = cleared(layout.starts.length - 1, x.cols);
      eachPooled(layout, pooling, (sequence, token, share) => kernels.addScaled(rowAt(x, token), rowAt(y, sequence), share, x.cols * 4));
      return y;
    },
    poolBackward(dy: T, layout: Layout, pooling: Pooling) {
      const dx = cleared(layout.starts.at(-1)!, dy.cols);
      eachPooled(layout, pooling, (sequence, token, share) => kernels.addScaled(rowAt(dy, sequence), rowAt(dx, token), share, dy.cols * 4));
      return dx;
    },
  };
}

export function lossOps(machine: Machine): Pick<Backend<T>, 'crossEntropy' | 'sigmoidCrossEntropy' | 'vocabularyLoss'> {
  const { arena, make, cleared } = machine;
  return {
    crossEntropy(logits: T, targets: Int32Array, weights: Numbers): Losses<T> {
      const n = logits.cols;
      const dLogits = cleared(logits.rows, n);
      const perRow = new Float64Array(logits.rows);
      const all = arena.floats();
      for (let i = 0; i < logits.rows; i += 1) {
        if (targets[i] === NO_TARGET) continue;
        const [from, to] = [rowAt(logits, i) / 4, rowAt(dLogits, i) / 4];
        let [most, total] = [-Infinity, 0];
        for (let j = 0; j < n; j += 1) most = Math.max(most, all[from + j]!);
        for (let j = 0; j < n; j += 1) total += Math.exp(all[from + j]! - most);
        const logTotal = most + Math.log(total);
        for (let j = 0; j < n; j += 1) all[to + j] = weights[i]! * (Math.exp(all[from + j]! - logTotal) - (j === targets[i] ? 1 : 0));
        perRow[i] = logTotal - all[from + targets[i]!]!;
      }
      return { perRow, dLogits };
    },
    sigmoidCrossEntropy(logits: T, targets: Numbers, weights: Numbers): Losses<T> {
      const n = logits.cols;
      const dLogits = make(logits.rows, n);
      const perRow = new Float64Array(logits.rows);
      const [all, from, to] = [arena.floats(), logits.address / 4, dLogits.address / 4];
      for (let at = 0; at < logits.rows * n; at += 1) {
        const [x, i] = [all[from + at]!, Math.floor(at / n)];
        // log(1 + e^x) - target x, from the side on which nothing overflows.
        perRow[i]! += (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - targets[at]! * x) / n;
        all[to + at] = (weights[i]! * (1 / (1 + Math.exp(-x)) - targets[at]!)) / n;
      }
      return { perRow, dLogits };
    },
    vocabularyLoss(x: T, output: Frozen, targets: Int32Array, weights: Numbers) {
      const frozen = output as WasmFrozen;
      const perRow = new Float64Array(x.rows);
      const dx = frozen.backward === null ? null : cleared(x.rows, x.cols);
      const taught = Array.from(targets.keys()).filter((i) => targets[i] !== NO_TARGET);
      const size = Math.max(1, Math.min(MOST_ROWS, Math.floor(CHUNK / padded(frozen.outputs))));
      for (let from = 0; from < taught.length; from += size) {
        const rows = taught.slice(from, from + size);
        arena.scoped(() => lossOfChunk(machine, x, frozen, rows, targets, weights, perRow, dx));
      }
      return { perRow, dx };
    },
  };
}

/** Fills perRow and dx of some rows. */
function lossOfChunk({ arena, kernels, multiply, zeros }: Machine, x: T, { forward, backward, bias, inputs, outputs }: WasmFrozen, rows: readonly number[], targets: Int32Array, weights: Numbers, perRow: Float64Array, dx: T | null): void {
  const matrix = (cols: number): T => ({ rows: rows.length, cols, address: arena.allocate(rows.length * cols) });
  const [chosen, logits] = [matrix(inputs), matrix(padded(outputs))];
  const all = arena.floats();
  rows.forEach((row, i) => all.copyWithin(rowAt(chosen, i) / 4, rowAt(x, row) / 4, rowAt(x, row + 1) / 4));
  multiply(whole(chosen), forward(), whole(logits), rows.length, bias);
  const most = rows.map((_, i) => indexOfMost(all, rowAt(logits, i) / 4, outputs));
  const logit = (i: number, j: number): number => all[rowAt(logits, i) / 4 + j]!;
  // How far the target lies below the likeliest token, before logits become probabilities.
  const gaps = rows.map((row, i) => logit(i, most[i]!) - logit(i, targets[row]!));
  kernels.softmax(logits.address, rows.length, outputs * 4, 0, logits.cols * 4, logits.cols * 4, 1);
  // The likeliest token's probability is never too small for its logarithm.
  rows.forEach((row, i) => (perRow[row] = gaps[i]! - Math.log(logit(i, most[i]!))));
  if (dx === null) return;
  rows.forEach((row, i) => (all[rowAt(logits, i) / 4 + targets[row]!]! -= 1));
  multiply(whole(logits), backward!(), whole(chosen), rows.length, zeros);
  rows.forEach((row, i) => kernels.addScaled(rowAt(chosen, i), rowAt(dx, row), weights[row]!, inputs * 4));
}

function indexOfMost(all: Float32Array, from: number, count: number): number {
  let most = 0;
  for (let j = 1; j < count; j += 1) if (all[from + j]! > all[from + most]!) most = j;
  return most;
}
