/**
 * The oracle: every op in plain float64 loops, slow and short enough to be read against its formula. Other backends are tested
 * against this one, and this one against finite differences.
 */
import type { Backend, ParameterBlock } from '../ops.ts';
import { plain } from '../quantise.ts';
import { attentionOps } from './reference/attention.ts';
import { linearOps } from './reference/linear.ts';
import { lossOps, poolOps } from './reference/losses.ts';
import { normOps } from './reference/norms.ts';
import { rowOps } from './reference/rows.ts';
import type { Make, ReferenceFrozen, ReferenceTensor } from './reference/tensor.ts';

export type { ReferenceTensor } from './reference/tensor.ts';

type T = ReferenceTensor;

export function referenceBackend(): Backend<T> {
  let live = 0;
  const make: Make = (rows, cols, data = new Float64Array(rows * cols)) => {
    live += 1;
    return { rows, cols, data };
  };

  return {
    name: 'reference',
    step(body) {
      const before = live;
      try {
        return body();
      } finally {
        live = before;
      }
    },
    layersPerCall: 1,
    call: (_key, inputs, body) => body(inputs),
    liveTensors: () => live,
    dispose() {
      live = 0;
    },
    constant: (values, rows, cols) => make(rows, cols, Float64Array.from(values)),
    table: (values, rows, cols) => make(rows, cols, Float64Array.from(values)),
    tied: (table): ReferenceFrozen => ({ inputs: table.cols, outputs: table.rows, weight: table, bias: null }),
    freeze(weight, bias, inputs, outputs): ReferenceFrozen {
      return { inputs, outputs, weight: make(outputs, inputs, Float64Array.from(plain(weight))), bias: bias === null ? null : Float64Array.from(bias) };
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
    ...lossOps(make),
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
    readValues: (into) => into.set(values),
    read: (into) => into.set(gradients),
    clearGradients: () => void gradients.fill(0),
  };
}
