/**
 * What all ops are written with. An op either runs at once or, while a function is traced, becomes a node of its graph: the same
 * code does both. Tensors are numbers of the binding; every one that is made is noted in the innermost scope and freed with it.
 */
import { TrimtabError } from '../../../errors.ts';
import type { Frozen, Layout, Parameter, ParameterBlock, Tensor } from '../../ops.ts';
import type { Attribute, Binding, Node, Type } from './binding.ts';
import { BFLOAT16, FLOAT, INT32, INT64, UINT8, tensorAttribute, truthAttribute, typeAttribute, wholeAttribute } from './binding.ts';

/** Id of a tensor or, in a function, 256 x node + output. */
export type Handle = number;

export interface TfTensor extends Tensor {
  readonly kind: 'tensor';
  readonly type: Type;
  readonly handle: Handle;
}

/** A quantised matrix, [rows, cols], on the device. */
export interface TfNf4 {
  readonly rows: number;
  readonly cols: number;
  /** Two to a byte, filled up to whole blocks. */
  readonly codes: TfTensor;
  readonly absmax: TfTensor;
  readonly nested: TfTensor;
  readonly offset: TfTensor;
}

export interface TfFrozen extends Frozen {
  readonly kind: 'frozen';
  /** [outputs, inputs], in the type of products, or quantised parts one below the other. */
  readonly weight: TfTensor | readonly TfNf4[];
  readonly bias: TfTensor | null;
}

export interface TfParameterBlock extends ParameterBlock<TfTensor> {
  readonly count: number;
  /** All values, [count], until the next `assign`. */
  vector(): Handle;
  /** Takes a new vector and keeps it. */
  assign(vector: Handle): void;
  /** Adds to the gradient of the `size` parameters from `offset` on; `more` may have any shape. */
  add(offset: number, size: number, more: Handle): void;
  /** The gradient in pieces: together, in their order, the whole of it. Zeros and sums are tensors of the current scope. */
  gradients(): TfTensor[];
}

export interface TfParameter extends Parameter<TfTensor> {
  readonly kind: 'parameter';
  readonly block: TfParameterBlock;
  /** Of its first number in the block. */
  readonly offset: number;
}

export const NOTHING = -1;
export const OUTPUTS_PER_NODE = 256;

/** A function being traced. */
export interface Trace {
  /** Whether XLA compiles it. */
  readonly xla: boolean;
  readonly nodes: Node[];
  readonly constants: Map<Handle, Handle>;
  /** Parameters to whose gradients the body adds, and what it adds. */
  readonly added: Map<TfParameter, Handle>;
  /** Segment numbers of the rows of each layout among the inputs. */
  readonly segments: Map<Layout, Handle>;
}

export interface Machine {
  readonly binding: Binding;
  /** Type of the operands of products and of what is kept for the backward pass. */
  readonly half: Type;
  trace: Trace | null;
  op(name: string, inputs: readonly (Handle | readonly Handle[])[], attributes?: readonly Attribute[]): Handle;
  ops(name: string, inputs: readonly (Handle | readonly Handle[])[], outputs: number, attributes: readonly Attribute[]): Handle[];
  tensor(handle: Handle, rows: number, cols: number, type?: Type): TfTensor;
  /** Begins to read a float32 tensor. What it gives waits for the numbers, but for no op that is issued later; to be asked before the tensor is freed. */
  reading(handle: Handle): () => Float32Array;
  upload(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], type: Type): Handle;
  /** Frees all that `body` makes but the tensors in its result. */
  scoped<R>(body: () => R): R;
  /** Takes a tensor out of its scope: it lives until `free`. */
  keep(handle: Handle): Handle;
  free(handle: Handle): void;
  live(): number;
  freeAll(): void;
  /** What a constant is: the same text for the same content. */
  contentOf(constant: Handle): string | undefined;
  /** Small constants, made once. */
  scalar(value: number): Handle;
  byte(value: number): Handle;
  /** 0, 1, 2 ... as floats. */
  count(length: number): Handle;
  ones(length: number): Handle;
  /** A table that lives as long as the process. */
  table(values: Float32Array): Handle;
  whole(value: number): Handle;
  wholes(values: readonly number[]): Handle;
  /** One number as [1] of int64: unlike int32 these live on a GPU. */
  long(value: number): Handle;
}

export function createMachine(binding: Binding, half: Type): Machine {
  /** What each open scope has made, the innermost last; the first is nobody's. */
  const scopes: Set<Handle>[] = [new Set()];
  const alive = new Set<Handle>();
  const constants = new Map<string, Handle>();
  const contents = new Map<Handle, string>();

  const note = (handle: Handle): Handle => {
    alive.add(handle);
    scopes.at(-1)!.add(handle);
    return handle;
  };
  const constant = (key: string, shape: readonly number[], type: Type, values: () => Float32Array | Int32Array | Uint8Array): Handle => {
    let handle = constants.get(key);
    if (handle === undefined) {
      handle = binding.createTensor(shape, type, values());
      alive.add(handle);
      constants.set(key, handle);
      contents.set(handle, key);
    }
    return machine.trace === null ? handle : tracedConstant(machine.trace, handle);
  };

  const machine: Machine = {
    binding,
    half,
    trace: null,
    op: (name, inputs, attributes = NONE) => machine.ops(name, inputs, 1, attributes)[0]!,
    ops(name, inputs, outputs, attributes) {
      if (machine.trace !== null) return addNode(machine.trace, name, inputs, outputs, attributes);
      return binding.executeOp(name, attributes, inputs.flat(), outputs).map(({ id }) => note(id));
    },
    tensor: (handle, rows, cols, type = FLOAT) => ({ kind: 'tensor', rows, cols, type, handle }),
    reading(handle) {
      binding.prefetch?.(handle);
      return () => binding.tensorDataSync(handle);
    },
    upload(values, shape, type) {
      if (machine.trace !== null) throw new Error('a traced function uploads nothing: what differs from call to call is an input');
      return note(binding.createTensor(shape, type, values));
    },
    scoped(body) {
      const made = new Set<Handle>();
      scopes.push(made);
      let kept = new Set<Handle>();
      try {
        const result = body();
        if (machine.trace === null) kept = handlesIn(result);
        return result;
      } finally {
        scopes.pop();
        for (const handle of made) {
          if (kept.has(handle)) scopes.at(-1)!.add(handle);
          else machine.free(handle);
        }
      }
    },
    keep(handle) {
      for (let i = scopes.length - 1; i >= 0; i -= 1) if (scopes[i]!.delete(handle)) break;
      return handle;
    },
    free(handle) {
      alive.delete(handle);
      binding.deleteTensor(handle);
    },
    live: () => alive.size,
    freeAll() {
      for (const handle of alive) binding.deleteTensor(handle);
      alive.clear();
      constants.clear();
    },
    contentOf: (handle) => contents.get(handle),
    scalar: (value) => constant(`f${value}`, [], FLOAT, () => Float32Array.of(value)),
    count: (length) => constant(`c${length}`, [length], FLOAT, () => Float32Array.from({ length }, (_, i) => i)),
    byte: (value) => constant(`b${value}`, [], UINT8, () => Uint8Array.of(value)),
    ones: (length) => constant(`o${length}`, [length], FLOAT, () => new Float32Array(length).fill(1)),
    table: (values) => constant(`t${values.length}:${values.join()}`, [values.length], FLOAT, () => values),
    whole: (value) => constant(`i${value}`, [], INT32, () => Int32Array.of(value)),
    wholes: (values) => constant(`w${values.join()}`, [values.length], INT32, () => Int32Array.from(values)),
    long: (value) => constant(`l${value}`, [1], INT64, () => wide(Int32Array.of(value))),
  };
  return machine;
}

const NONE: readonly Attribute[] = [];

function addNode({ nodes }: Trace, name: string, inputs: readonly (Handle | readonly Handle[])[], outputs: number, attributes: readonly Attribute[]): Handle[] {
  const node = nodes.push([name, attributes, inputs]) - 1;
  return Array.from({ length: outputs }, (_, i) => node * OUTPUTS_PER_NODE + i);
}

function tracedConstant(trace: Trace, handle: Handle): Handle {
  let node = trace.constants.get(handle);
  if (node === undefined) {
    node = addNode(trace, 'Const', [], 1, [tensorAttribute('value', handle)])[0]!;
    trace.constants.set(handle, node);
  }
  return node;
}

/** An argument of a function. Its shape is not said: it comes with the call. */
export const placeholder = (trace: Trace, type: Type): Handle => addNode(trace, 'Placeholder', [], 1, [typeAttribute('dtype', type)])[0]!;

export const isTensor = (value: object): value is TfTensor => (value as Partial<TfTensor>).kind === 'tensor';

/** The tensors in a tree of plain objects and arrays. */
function handlesIn(value: unknown, found = new Set<Handle>()): Set<Handle> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return found;
  if (isTensor(value)) return found.add(value.handle);
  for (const part of Object.values(value)) handlesIn(part, found);
  return found;
}

/** Pairs of 32 bits, as the binding wants int64: indices that live on the device. */
export function wide(values: Int32Array): Int32Array {
  const pairs = new Int32Array(values.length * 2);
  values.forEach((value, i) => {
    pairs[2 * i] = value;
    pairs[2 * i + 1] = value < 0 ? -1 : 0;
  });
  return pairs;
}

/** TensorFlow's ops by short names, over handles. */
export interface Raw {
  add(x: Handle, y: Handle): Handle;
  subtract(x: Handle, y: Handle): Handle;
  multiply(x: Handle, y: Handle): Handle;
  divide(x: Handle, y: Handle): Handle;
  /** Over the last axis, which stays with size 1. */
  sum(x: Handle): Handle;
  mean(x: Handle): Handle;
  rsqrt(x: Handle): Handle;
  sigmoid(x: Handle): Handle;
  matmul(x: Handle, y: Handle, transposeX?: boolean, transposeY?: boolean): Handle;
  /** Over the last two axes. */
  batchMatmul(x: Handle, y: Handle, transposeX?: boolean, transposeY?: boolean): Handle;
  /** Of matrices in the type of products, the result in float32: compiled by XLA it is never rounded to bfloat16 on the way. */
  batchMatmulFloat(x: Handle, y: Handle, transposeX?: boolean, transposeY?: boolean): Handle;
  reshape(x: Handle, ...shape: number[]): Handle;
  split(x: Handle, sizes: readonly number[], axis: number): Handle[];
  concat(parts: readonly Handle[], axis: number, type: Type): Handle;
  cast(x: Handle, from: Type, to: Type): Handle;
  gather(x: Handle, rows: Handle): Handle;
  /** A tensor in another type. */
  as(x: TfTensor, type: Type): Handle;
}

const turnings = (first: string, second: string): readonly (readonly (readonly Attribute[])[])[] =>
  [false, true].map((x) => [false, true].map((y): readonly Attribute[] => (x || y ? [truthAttribute(first, x), truthAttribute(second, y)] : NONE)));
const PRODUCTS = turnings('transpose_a', 'transpose_b');
const BATCHES = turnings('adj_x', 'adj_y');
const FLOAT_BATCHES = BATCHES.map((row) => row.map((attributes) => [...attributes, typeAttribute('Tout', FLOAT)]));
const KEEP_AXIS = [truthAttribute('keep_dims', true)];
const TO: Readonly<Record<Type, readonly Attribute[]>> = {
  [FLOAT]: [typeAttribute('DstT', FLOAT)],
  [INT32]: [typeAttribute('DstT', INT32)],
  [UINT8]: [typeAttribute('DstT', UINT8)],
  [INT64]: [typeAttribute('DstT', INT64)],
  [BFLOAT16]: [typeAttribute('DstT', BFLOAT16)],
};

/** Attribute lists, each built once. */
export function remember<A extends readonly (string | number)[]>(build: (...args: A) => readonly Attribute[]): (...args: A) => readonly Attribute[] {
  const built = new Map<string, readonly Attribute[]>();
  return (...args) => {
    const key = args.join();
    let list = built.get(key);
    if (list === undefined) built.set(key, (list = build(...args)));
    return list;
  };
}
const concatAttributes = remember((count: number, type: number) => [wholeAttribute('N', count), typeAttribute('T', type)]);
const splitAttributes = remember((count: number) => [wholeAttribute('num_split', count)]);

export function rawOps(machine: Machine): Raw {
  const { op } = machine;
  const raw: Raw = {
    add: (x, y) => op('AddV2', [x, y]),
    subtract: (x, y) => op('Sub', [x, y]),
    multiply: (x, y) => op('Mul', [x, y]),
    divide: (x, y) => op('RealDiv', [x, y]),
    sum: (x) => op('Sum', [x, machine.whole(-1)], KEEP_AXIS),
    mean: (x) => op('Mean', [x, machine.whole(-1)], KEEP_AXIS),
    rsqrt: (x) => op('Rsqrt', [x]),
    sigmoid: (x) => op('Sigmoid', [x]),
    matmul: (x, y, transposeX = false, transposeY = false) => op('MatMul', [x, y], PRODUCTS[Number(transposeX)]![Number(transposeY)]),
    batchMatmul: (x, y, transposeX = false, transposeY = false) => op('BatchMatMulV2', [x, y], BATCHES[Number(transposeX)]![Number(transposeY)]),
    batchMatmulFloat(x, y, transposeX = false, transposeY = false) {
      // Of V3 from bfloat16 to float32 TensorFlow has no kernel but XLA's.
      if (machine.half === FLOAT || machine.trace?.xla !== true) return raw.cast(raw.batchMatmul(x, y, transposeX, transposeY), machine.half, FLOAT);
      return op('BatchMatMulV3', [x, y], FLOAT_BATCHES[Number(transposeX)]![Number(transposeY)]);
    },
    reshape: (x, ...shape) => op('Reshape', [x, machine.wholes(shape)]),
    split: (x, sizes, axis) => (sizes.length === 1 ? [x] : machine.ops('SplitV', [x, machine.wholes(sizes), machine.whole(axis)], sizes.length, splitAttributes(sizes.length))),
    concat: (parts, axis, type) => (parts.length === 1 ? parts[0]! : op('ConcatV2', [parts, machine.whole(axis)], concatAttributes(parts.length, type))),
    cast: (x, from, to) => (from === to ? x : op('Cast', [x], TO[to])),
    gather: (x, rows) => op('GatherV2', [x, rows, machine.whole(0)]),
    as: (x, type) => raw.cast(x.handle, x.type, type),
  };
  return raw;
}

/** What an op cannot do on this backend. */
export function refuse(problem: string, right: string): never {
  throw new TrimtabError('bad-data', { what: 'the tensorflow backend', problem, right });
}
