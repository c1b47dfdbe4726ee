/** @tensorflow/tfjs-node's own N-API binding over TensorFlow's C API, as `engine install` builds it, with our additions (native/). */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TrimtabError, messageOf } from '../../../errors.ts';

/** TensorFlow's numbers of types. */
export const FLOAT = 1;
export const INT32 = 3;
export const UINT8 = 4;
export const INT64 = 9;
export const BFLOAT16 = 14;
export type Type = typeof FLOAT | typeof INT32 | typeof UINT8 | typeof INT64 | typeof BFLOAT16;

/** TF_AttrType of the C API. */
const ATTRIBUTE = { string: 0, int: 1, bool: 3, type: 4, shape: 5, tensor: 6 } as const;

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | number | boolean | readonly number[] | readonly (readonly number[])[];
}

const attribute = (kind: keyof typeof ATTRIBUTE) => (name: string, value: Attribute['value']): Attribute => ({ name, type: ATTRIBUTE[kind], value });
export const wholeAttribute = attribute('int');
export const wholesAttribute = attribute('int');
export const truthAttribute = attribute('bool');
export const typeAttribute = attribute('type');
export const textAttribute = attribute('string');
/** Lists, in functions only. */
export const typesAttribute = attribute('type');
export const shapesAttribute = attribute('shape');
/** A constant of a function: the id of a tensor. */
export const tensorAttribute = attribute('tensor');

/** One op of a function: its name, its attributes, its inputs as 256 x node + output, or lists of those. */
export type Node = readonly [op: string, attributes: readonly Attribute[], inputs: readonly (number | readonly number[])[]];

export interface Binding {
  readonly TF_Version: string;
  /** Version of native/kernels.h and what it is included by; absent in an engine that was installed before there were any. */
  readonly kernels?: number;
  /** Absent in an engine that was installed before several threads of a process could each have a backend: there only one may. */
  readonly threadSafe?: number;
  /** Int64 values as pairs of 32 bits, low before high. */
  createTensor(shape: readonly number[], type: Type, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  /** Waits for the device. Float32 and int32 only. */
  tensorDataSync(id: number): Float32Array;
  /** On a GPU begins to read a tensor: its data then waits for no op that is executed later. Absent in an engine of an earlier release. */
  prefetch?(id: number): void;
  executeOp(op: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): { readonly id: number }[];
  addFunction(name: string, nodes: readonly Node[], inputs: readonly number[], outputs: readonly number[]): string;
  isUsingGpuDevice(): boolean;
  /** Of the GPU: 90 for 9.0; 0 on a CPU. Absent in an engine of an earlier release. */
  computeCapability?(): number;
  getNumOfTensors(): number;
  /** The next tensor gets this id or a free one behind it. */
  startIdsAt(id: number): void;
  /** Has an effect before the first call of any other function only, of any thread. */
  setEnvironment(name: string, value: string): void;
}

export interface BindingOptions {
  /** tfjs_binding.node of an installed engine. */
  readonly file: string;
  /** Where XLA keeps what it compiled, or null. */
  readonly compileCache: string | null;
  /** Folder with bin/ptxas and nvvm/libdevice of a CUDA toolkit, which XLA needs on a GPU. */
  readonly cudaDir: string | null;
  /** Products of float32 matrices in full float32 on a GPU, at a seventh of the speed. */
  readonly exact: boolean;
  /** Cores to compute on, where that is a CPU: by default all. Several backends share them out, one each; a single one spreads its ops over them. */
  readonly cores?: number;
}

const bindings = new Map<string, Binding>();

/** One per process: TensorFlow reads its flags once, so later options change nothing. @throws TrimtabError `bad-config` */
export function loadBinding({ file, compileCache, cudaDir, exact, cores }: BindingOptions): Binding {
  const loaded = bindings.get(file);
  if (loaded !== undefined) return loaded;
  const binding = requireBinding(file);
  const xla = ['--xla_gpu_enable_triton_gemm=false', '--xla_gpu_dot_merger_threshold_mb=0', '--xla_gpu_enable_command_buffer=', ...(cudaDir === null ? [] : [`--xla_gpu_cuda_data_dir=${cudaDir}`])];
  const environment = {
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // Compiling with Triton's products did not end within a minute in bfloat16 (TensorFlow 2.21, H100). Merging products of one input would
    // copy each frozen weight beside its adapter's A, and cut the result apart again: a tenth of a step (H200). Graphs of CUDA: a function runs for all layers
    // in turn, so that each of its graphs has to be updated for other memory at each launch, and that costs the host more than to launch the kernels (H200, 135M:
    // 20.5 ms a step with graphs, 14.5 without, where the card computes for 14).
    XLA_FLAGS: xla.join(' '),
    // the driver's own cache holds what it makes of kernels that were built for an older GPU; without a home folder, as in a job, it has none
    ...(compileCache === null ? {} : { TF_XLA_FLAGS: `--tf_xla_persistent_cache_directory=${compileCache}`, CUDA_CACHE_PATH: join(compileCache, 'driver') }),
    ...(exact ? { NVIDIA_TF32_OVERRIDE: '0' } : {}),
    ...(cores === undefined ? {} : { TF_NUM_INTRAOP_THREADS: String(binding.threadSafe === undefined ? cores : 1) }),
  };
  for (const [name, value] of Object.entries(environment)) binding.setEnvironment(name, value);
  bindings.set(file, binding);
  return binding;
}

function requireBinding(file: string): Binding {
  try {
    return createRequire(import.meta.url)(file) as Binding;
  } catch (error) {
    throw new TrimtabError('bad-config', { problems: `the tensorflow engine does not load (${messageOf(error)}); install it with: npm run cli -- engine install` });
  }
}
