/** Pooling and losses. They run op by op: their shapes change with the number of sequences. */
import type { Backend, Layout, Losses, Numbers, Pooling } from '../../ops.ts';
import { NO_TARGET } from '../../ops.ts';
import { FLOAT, INT64 } from './binding.ts';
import type { Handle, Machine, Raw, TfFrozen, TfTensor } from './machine.ts';
import { wide } from './machine.ts';
import { weightOf } from './weights.ts';

type T = TfTensor;
type LossOps = Pick<Backend<T>, 'pool' | 'poolBackward' | 'crossEntropy' | 'sigmoidCrossEntropy' | 'vocabularyLoss'>;

export interface LossTools {
  readonly machine: Machine;
  readonly raw: Raw;
  readonly call: Backend<T>['call'];
  /** Logits of the vocabulary that may be held at once. */
  readonly mostLogits: number;
}

/** The share of each row in each pooled one, [sequences, rows]. */
function shares({ starts }: Layout, pooling: Pooling): Float32Array {
  const [sequences, rows] = [starts.length - 1, starts.at(-1)!];
  const all = new Float32Array(sequences * rows);
  for (let i = 0; i < sequences; i += 1) {
    const [from, to] = [starts[i]!, starts[i + 1]!];
    if (pooling === 'mean') all.fill(1 / (to - from), i * rows + from, i * rows + to);
    else all[i * rows + (pooling === 'first' ? from : to - 1)] = 1;
  }
  return all;
}

export function lossOps(tools: LossTools): LossOps {
  const { machine, raw } = tools;
  const { tensor, op } = machine;
  const float = (x: T): Handle => raw.as(x, FLOAT);
  const sharesOf = (layout: Layout, pooling: Pooling): Handle => machine.upload(shares(layout, pooling), [layout.starts.length - 1, layout.starts.at(-1)!], FLOAT);
  const column = (values: Float32Array): Handle => machine.upload(values, [values.length, 1], FLOAT);
  const known = (targets: Int32Array, weights: Numbers): Float32Array => Float32Array.from(targets, (target, i) => (target === NO_TARGET ? 0 : weights[i]!));

  return {
    pool: (x, layout, pooling) => machine.scoped(() => tensor(raw.matmul(sharesOf(layout, pooling), float(x)), layout.starts.length - 1, x.cols)),
    poolBackward: (dy, layout, pooling) => machine.scoped(() => tensor(raw.matmul(sharesOf(layout, pooling), float(dy), true), layout.starts.at(-1)!, dy.cols)),

    crossEntropy: (logits, targets, weights) =>
      machine.scoped(() => {
        const labels = machine.upload(wide(targets.map((target) => Math.max(0, target))), [targets.length], INT64);
        const [losses, gradient] = machine.ops('SparseSoftmaxCrossEntropyWithLogits', [float(logits), labels], 2, []) as [Handle, Handle];
        const read = machine.reading(losses);
        const dLogits = tensor(raw.multiply(gradient, column(known(targets, weights))), logits.rows, logits.cols);
        return readLater({ dLogits, losses: tensor(losses, logits.rows, 1) }, () => Float64Array.from(read(), (loss, i) => (targets[i] === NO_TARGET ? 0 : loss)));
      }),

    sigmoidCrossEntropy: (logits, targets, weights): Losses<T> =>
      machine.scoped(() => {
        const [x, y] = [float(logits), machine.upload(Float32Array.from(targets), [logits.rows, logits.cols], FLOAT)];
        // max(x, 0) - x y + log(1 + e^-|x|): exact on both sides.
        const tail = op('Log1p', [op('Exp', [op('Neg', [op('Abs', [x])])])]);
        const losses = raw.mean(raw.add(raw.subtract(op('Relu', [x]), raw.multiply(x, y)), tail));
        const share = column(Float32Array.from({ length: logits.rows }, (_, i) => weights[i]! / logits.cols));
        const read = machine.reading(losses);
        const dLogits = tensor(raw.multiply(raw.subtract(raw.sigmoid(x), y), share), logits.rows, logits.cols);
        return readLater({ dLogits, losses: tensor(losses, logits.rows, 1) }, () => Float64Array.from(read()));
      }),

    vocabularyLoss: (x, output, targets, weights) => machine.scoped(() => vocabularyLoss(tools, x, output as TfFrozen, targets, weights)),
  };
}

/** Rows of a chunk of a vocabulary's logits come in multiples of this, so that few shapes are compiled. */
const CHUNK_STEP = 128;

function vocabularyLoss(tools: LossTools, x: T, output: TfFrozen, targets: Int32Array, weights: Numbers): ReturnType<LossOps['vocabularyLoss']> {
  const { machine, raw } = tools;
  const { tensor } = machine;
  const rows = Int32Array.from(targets.keys()).filter((row) => targets[row] !== NO_TARGET);
  const perRow = new Float64Array(targets.length);
  const upTo = (count: number): number => Math.ceil(count / CHUNK_STEP) * CHUNK_STEP;
  const most = Math.max(CHUNK_STEP, Math.floor(tools.mostLogits / output.outputs / CHUNK_STEP) * CHUNK_STEP);
  const chunks = Math.ceil(rows.length / most);
  const size = upTo(Math.ceil(rows.length / Math.max(1, chunks)));

  const done = Array.from({ length: chunks }, (_, i) => {
    const part = rows.subarray(i * size, (i + 1) * size);
    const padded = (at: (row: number) => number): Int32Array => Int32Array.from({ length: size }, (_, j) => (j < part.length ? at(part[j]!) : 0));
    const weight = Float32Array.from({ length: size }, (_, j) => (j < part.length ? weights[part[j]!]! : 0));
    const inputs = {
      x,
      output,
      rows: tensor(machine.upload(wide(padded((row) => row)), [size], INT64), size, 1, INT64),
      targets: tensor(machine.upload(wide(padded((row) => targets[row]!)), [size], INT64), size, 1, INT64),
      weights: tensor(machine.upload(weight, [size, 1], FLOAT), size, 1),
    };
    const { losses, dx } = tools.call('vocabularyLoss', inputs, (given) => chunkLoss(machine, raw, given));
    return { part, losses, dx, read: machine.reading(losses.handle) };
  });
  // Rows without a target take the zero row behind the chunks.
  const place = new Int32Array(targets.length).fill(chunks * size);
  done.forEach(({ part }, i) => part.forEach((row, j) => (place[row] = i * size + j)));
  const nothing = machine.op('Fill', [machine.wholes([1, x.cols]), machine.scalar(0)]);
  const all = raw.concat([...done.map(({ dx }) => dx.handle), nothing], 0, FLOAT);
  const dx = tensor(raw.gather(all, machine.upload(wide(place), [place.length], INT64)), x.rows, x.cols);
  return readLater({ dx, losses: done.map(({ losses }) => losses) }, () => {
    for (const { part, read } of done) {
      const values = read();
      part.forEach((row, j) => (perRow[row] = values[j]!));
    }
    return perRow;
  });
}

/**
 * `perRow` when it is asked for, within the step: reading waits for the device, which would have nothing to do until the backward pass is issued.
 * It is no part of what a scope looks through for tensors; `losses`, from which it is read, is.
 */
function readLater<R extends object>(result: R, read: () => Float64Array): R & { readonly perRow: Float64Array } {
  let perRow: Float64Array | null = null;
  return Object.defineProperty(result, 'perRow', { get: () => (perRow ??= read()), enumerable: false }) as R & { readonly perRow: Float64Array };
}

interface Chunk {
  readonly x: T;
  readonly output: TfFrozen;
  readonly rows: T;
  readonly targets: T;
  readonly weights: T;
}

/** Losses of some rows, and the gradient of their weighted sum. */
function chunkLoss(machine: Machine, raw: Raw, { x, output, rows, targets, weights }: Chunk): { losses: T; dx: T } {
  const { half, tensor, ops } = machine;
  const table = weightOf(machine, raw, output);
  const chosen = raw.gather(raw.as(x, half), rows.handle);
  const logits = raw.cast(raw.matmul(chosen, table, false, true), half, FLOAT);
  const [losses, gradient] = ops('SparseSoftmaxCrossEntropyWithLogits', [logits, targets.handle], 2, []) as [Handle, Handle];
  const dLogits = raw.cast(raw.multiply(gradient, weights.handle), FLOAT, half);
  return { losses: tensor(losses, rows.rows, 1), dx: tensor(raw.cast(raw.matmul(dLogits, table), half, FLOAT), rows.rows, x.cols) };
}
