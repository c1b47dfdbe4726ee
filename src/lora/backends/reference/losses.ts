/** What stands on the hidden states: pooling, and the losses. */
import type { Backend, Frozen, Layout, Losses, Numbers, Pooling } from '../../ops.ts';
import { NO_TARGET } from '../../ops.ts';
import type { Make, ReferenceFrozen, ReferenceTensor } from './tensor.ts';
import { addRow, multiply } from './tensor.ts';

type T = ReferenceTensor;

export function poolOps(make: Make): Pick<Backend<T>, 'pool' | 'poolBackward'> {
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

export function lossOps(make: Make): Pick<Backend<T>, 'crossEntropy' | 'sigmoidCrossEntropy' | 'vocabularyLoss'> {
  const crossEntropy = (logits: T, targets: Int32Array, weights: Numbers): Losses<T> => {
    const n = logits.cols;
    const dLogits = make(logits.rows, n);
    const perRow = new Float64Array(logits.rows);
    for (let i = 0; i < logits.rows; i += 1) {
      if (targets[i] === NO_TARGET) continue;
      const row = logits.data.subarray(i * n, (i + 1) * n);
      const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const logTotal = most + Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
      perRow[i] = logTotal - row[targets[i]!]!;
      row.forEach((value, j) => {
        dLogits.data[i * n + j] = weights[i]! * (Math.exp(value - logTotal) - (j === targets[i] ? 1 : 0));
      });
    }
    return { perRow, dLogits };
  };
  return {
    crossEntropy,
    sigmoidCrossEntropy(logits: T, targets: Numbers, weights: Numbers): Losses<T> {
      const n = logits.cols;
      const dLogits = make(logits.rows, n);
      const perRow = new Float64Array(logits.rows);
      logits.data.forEach((x, at) => {
        const i = Math.floor(at / n);
        // log(1 + e^x) - target x, from the side on which nothing overflows.
        perRow[i]! += (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - targets[at]! * x) / n;
        dLogits.data[at] = (weights[i]! * (1 / (1 + Math.exp(-x)) - targets[at]!)) / n;
      });
      return { perRow, dLogits };
    },
    vocabularyLoss(x: T, output: Frozen, targets: Int32Array, weights: Numbers) {
      const { weight } = output as ReferenceFrozen;
      const { perRow, dLogits } = crossEntropy(multiply(make, x, weight, false, true), targets, weights);
      return { perRow, dx: multiply(make, dLogits, weight) };
    },
  };
}

function forEachPooled({ starts }: Layout, pooling: Pooling, visit: (sequence: number, row: number, share: number) => void): void {
  for (let i = 0; i + 1 < starts.length; i += 1) {
    const [first, end] = [starts[i]!, starts[i + 1]!];
    const from = pooling === 'last' ? end - 1 : first;
    const to = pooling === 'first' ? first + 1 : end;
    for (let row = from; row < to; row += 1) visit(i, row, 1 / (to - from));
  }
}
