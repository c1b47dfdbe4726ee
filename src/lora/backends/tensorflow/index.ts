/**
 * The TensorFlow backend, on a CPU or a GPU: raw ops through tfjs-node's binding, hand-written backward passes, no tape. The same code
 * runs op by op, or traced into functions that XLA compiles (call.ts).
 *
 * On a GPU products are bfloat16; parameters, residual stream, statistics of norms, softmax and losses are float32.
 */
import type { Backend } from '../../ops.ts';
import { isQuantised } from '../../quantise.ts';
import { attentionOps } from './attention.ts';
import type { Binding, BindingOptions } from './binding.ts';
import { BFLOAT16, FLOAT, loadBinding } from './binding.ts';
import type { Compile } from './call.ts';
import { callOp } from './call.ts';
import { CUDNN_CAPABILITY, cudnnAttention } from './cudnn.ts';
import { fusedOps, KERNELS } from './fused.ts';
import { createLayouts } from './layouts.ts';
import { linearOps } from './linear.ts';
import { lossOps } from './losses.ts';
import type { Machine, Raw, TfFrozen, TfParameterBlock, TfTensor } from './machine.ts';
import { createMachine, NOTHING, rawOps } from './machine.ts';
import { normOps } from './norms.ts';
import type { Optimizer } from './optimizer.ts';
import { adamw } from './optimizer.ts';
import { parameterBlock } from './parameters.ts';
import { rowOps } from './rows.ts';
import { uploadNf4 } from './weights.ts';

export interface ComputeOptions {
  /** Of products: by default bfloat16 on a GPU and float32 on a CPU. */
  readonly products?: 'float32' | 'bfloat16';
  /** By default `xla` on a GPU and `off` on a CPU. */
  readonly compile?: Compile;
  /** Of one function, where layers become functions. */
  readonly layersPerCall?: number;
  /** By default cuDNN's fused kernels where they fit (cudnn.ts). */
  readonly attention?: 'fused' | 'plain';
  /** Logits of a vocabulary held at once; by default 2^28 on a GPU (2 GB with their gradient) and 2^24 on a CPU. */
  readonly mostLogits?: number;
}

export type TensorflowOptions = BindingOptions & ComputeOptions;

/** Each call costs the host half a millisecond a step, and each layer of a function half a second of the first step, when it is compiled (H200). */
const LAYERS_PER_CALL = 5;

export interface TensorflowBackend extends Backend<TfTensor> {
  readonly gpu: boolean;
  /** Whether `call` makes functions, which want layouts with a width. */
  readonly compiles: boolean;
  /** Whether layers are computed by our kernels for a CPU (fused.ts). */
  readonly kernels: boolean;
  /** Whether several threads of a process may each have a backend. */
  readonly threadSafe: boolean;
  /** Runs `body` without functions. */
  opByOp<R>(body: () => R): R;
  parameters(count: number): TfParameterBlock;
  /** A table of normal numbers made on the device, for benches of shapes whose weights nobody has. */
  randomTable(rows: number, cols: number, deviation: number, seed: number): TfTensor;
  /** A frozen weight of such numbers, without bias. */
  freezeRandom(inputs: number, outputs: number, deviation: number, seed: number): TfFrozen;
  /** AdamW on the device, over all of a block. */
  optimizer(block: TfParameterBlock): Optimizer;
}

export type { TfTensor } from './machine.ts';

/** Throws `bad-config` when the engine does not load. */
export const tensorflowBackend = (options: TensorflowOptions): TensorflowBackend => backendOver(loadBinding(options), options);

/** Over any binding: TensorFlow's, or one that only counts (counting.ts). */
export function backendOver(binding: Binding, { products, compile, mostLogits, layersPerCall, attention }: ComputeOptions = {}): TensorflowBackend {
  const gpu = binding.isUsingGpuDevice();
  const machine = createMachine(binding, (products ?? (gpu ? 'bfloat16' : 'float32')) === 'bfloat16' ? BFLOAT16 : FLOAT);
  const raw = rawOps(machine);
  const layouts = createLayouts(machine, raw);
  const chosen = compile ?? (gpu ? 'xla' : 'off');
  let mode = chosen;
  const call = callOp(machine, raw, () => mode, layouts);
  const linear = linearOps(machine, raw);
  const kernels = !gpu && chosen === 'off' && machine.half === FLOAT && binding.kernels === KERNELS;
  const plain = attentionOps(machine, raw, layouts);
  const fuses = gpu && machine.half === BFLOAT16 && attention !== 'plain' && (binding.computeCapability?.() ?? 0) >= CUDNN_CAPABILITY;

  return {
    name: gpu ? 'tensorflow on a GPU' : 'tensorflow',
    gpu,
    compiles: chosen !== 'off',
    kernels,
    threadSafe: binding.threadSafe !== undefined,
    opByOp(body) {
      mode = 'off';
      try {
        return body();
      } finally {
        mode = chosen;
      }
    },
    step(body) {
      try {
        return machine.scoped(() => {
          const result = body();
          // A scope keeps the tensors of its result; a step keeps none.
          return () => result;
        })();
      } finally {
        layouts.forget();
      }
    },
    call,
    layersPerCall: chosen === 'off' ? 1 : (layersPerCall ?? LAYERS_PER_CALL),
    liveTensors: machine.live,
    dispose: machine.freeAll,
    ...storageOps(machine, raw),
    optimizer: (block) => adamw(machine, raw, call, block),
    ...rowOps(machine, raw),
    ...linear,
    ...normOps(machine, raw),
    ...plain,
    ...(fuses ? cudnnAttention(machine, raw, layouts, plain) : {}),
    ...lossOps({ machine, raw, call, mostLogits: mostLogits ?? (gpu ? 2 ** 28 : 2 ** 24) }),
    ...(kernels ? fusedOps(machine, raw, layouts, linear) : {}),
  };
}

function storageOps(machine: Machine, raw: Raw): Pick<TensorflowBackend, 'constant' | 'table' | 'tied' | 'freeze' | 'randomTable' | 'freezeRandom' | 'parameters' | 'read'> {
  const { tensor, half } = machine;
  const constant = (values: Float32Array | Float64Array, rows: number, cols: number): TfTensor => tensor(machine.upload(values instanceof Float32Array ? values : new Float32Array(values), [rows, cols], FLOAT), rows, cols);
  const rounded = (make: () => TfTensor): TfTensor =>
    machine.scoped(() => {
      const x = make();
      return tensor(raw.as(x, half), x.rows, x.cols, half);
    });
  const randomTable: TensorflowBackend['randomTable'] = (rows, cols, deviation, seed) =>
    rounded(() => tensor(raw.multiply(machine.op('StatelessRandomNormal', [machine.wholes([rows, cols]), machine.wholes([seed, 1])]), machine.scalar(deviation)), rows, cols));
  return {
    constant,
    table: (values, rows, cols) => rounded(() => constant(values, rows, cols)),
    tied: (table): TfFrozen => ({ kind: 'frozen', inputs: table.cols, outputs: table.rows, weight: table, bias: null }),
    freeze: (weight, bias, inputs, outputs): TfFrozen => ({
      kind: 'frozen',
      inputs,
      outputs,
      weight: isQuantised(weight) ? weight.map((part) => uploadNf4(machine, part)) : rounded(() => constant(weight, outputs, inputs)),
      bias: bias === null ? null : rounded(() => constant(bias, 1, outputs)),
    }),
    randomTable,
    freezeRandom: (inputs, outputs, deviation, seed) => ({ kind: 'frozen', inputs, outputs, weight: randomTable(outputs, inputs, deviation, seed), bias: null }),
    parameters: (count) => parameterBlock(machine, raw, count),
    read(x) {
      if (x.handle === NOTHING) return new Float32Array(x.rows * x.cols);
      return machine.scoped(() => machine.binding.tensorDataSync(raw.as(x, FLOAT)));
    },
  };
}
