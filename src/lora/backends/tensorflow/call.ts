/**
 * Bodies as functions. The first call with a key and shapes runs the body on placeholders, which notes its ops as the nodes of a
 * TensorFlow function; this and later calls are one dispatch. XLA compiles the function when it first runs.
 *
 * Parameters go in as the block's whole vector and the place where the body's part of it begins, and the gradients that a body adds come
 * out as one vector: functions of other layers differ in that place only, and stay the same function.
 */
import { createHash } from 'node:crypto';
import type { Backend, Layout } from '../../ops.ts';
import type { Attribute, Binding, Type } from './binding.ts';
import { FLOAT, INT64, tensorAttribute, truthAttribute } from './binding.ts';
import type { Layouts } from './layouts.ts';
import type { Handle, Machine, Raw, TfParameter, TfTensor, Trace } from './machine.ts';
import { isTensor, NOTHING, placeholder } from './machine.ts';

type T = TfTensor;

/** `off`: op by op. `function`: one dispatch for all ops of a body. `xla`: the same, compiled. */
export type Compile = 'off' | 'function' | 'xla';

/** What an input tree is made of, in order; the same object twice within one member of the tree is one leaf. */
interface Leaves {
  readonly tensors: T[];
  readonly parameters: TfParameter[];
  readonly layouts: Layout[];
  /** Structure, shapes, types and constants: calls with the same text share a function. */
  text: string;
  /** Whether there is a weight or a parameter in it. */
  lasts: boolean;
}

interface Compiled {
  readonly name: string;
  readonly outputs: number;
  readonly span: Span | null;
  /** Which of the results is the gradient of the span, if any. */
  readonly gradient: number | null;
  result(outputs: readonly Handle[], inputs: readonly T[]): unknown;
}

/** The part of the block's vector that holds a body's parameters. */
interface Span {
  /** Counted from the first of the parameters. */
  readonly start: number;
  readonly size: number;
}

const XLA = [truthAttribute('_XlaMustCompile', true)];
const PLAIN: readonly Attribute[] = [];

/** `mode` may change from call to call. */
export function callOp(machine: Machine, raw: Raw, mode: () => Compile, known: Layouts): Backend<T>['call'] {
  const compiled = new Map<string, Compiled>();
  return <I, O>(key: string, inputs: I, body: (inputs: I) => O): O => {
    const compile = mode();
    if (compile === 'off' || machine.trace !== null) return machine.scoped(() => body(inputs));
    const leaves = leavesOf(key, inputs);
    // Static shapes: without a width the longest sequence would be part of every shape.
    if (leaves.layouts.some(({ width }) => width === undefined)) return machine.scoped(() => body(inputs));
    let found = compiled.get(leaves.text);
    if (found === undefined) compiled.set(leaves.text, (found = trace(machine, raw, compile, key, leaves, inputs, body as (inputs: unknown) => unknown)));
    return run(machine, found, leaves, compile, known) as O;
  };
}

function run(machine: Machine, { name, outputs, span, gradient, result }: Compiled, { tensors, parameters, layouts }: Leaves, compile: Compile, known: Layouts): unknown {
  const handles = tensors.map(({ handle }) => handle);
  const { block, offset } = parameters[0] ?? { block: null, offset: 0 };
  const start = offset + (span?.start ?? 0);
  if (block !== null) handles.push(block.vector(), machine.long(start));
  const results = machine.ops(name, [...handles, ...layouts.map(known.segments)], outputs, compile === 'xla' ? XLA : PLAIN);
  if (gradient !== null) block!.add(start, span!.size, results[gradient]!);
  return result(results, tensors);
}

const noLeaves = (text: string): Leaves => ({ tensors: [], parameters: [], layouts: [], text, lasts: false });

/** Members that hold weights or parameters, walked once: they belong to a model and stay what they are. A layer has dozens of leaves. */
const walked = new WeakMap<object, Leaves>();

/** One number for each text: what is looked up at every call stays short. */
const shortenings = new Map<string, string>();

function shortened(text: string): string {
  let short = shortenings.get(text);
  if (short === undefined) shortenings.set(text, (short = `#${shortenings.size}`));
  return short;
}

function leavesOf(key: string, inputs: unknown): Leaves {
  const leaves = noLeaves(key);
  for (const [name, member] of Object.entries(inputs as object)) {
    const object = typeof member === 'object' && member !== null ? (member as object) : null;
    let part = object === null ? undefined : walked.get(object);
    if (part === undefined) {
      collect(member, (part = noLeaves('')), new Map());
      if (object !== null && part.lasts) walked.set(object, (part = { ...part, text: shortened(part.text) }));
    }
    leaves.text += `;${name}${part.text}`;
    // Where parameters of several members stand to each other is part of the function.
    if (part.parameters.length > 0 && leaves.parameters.length > 0) leaves.text += `@${part.parameters[0]!.offset - leaves.parameters[0]!.offset}`;
    leaves.tensors.push(...part.tensors);
    leaves.parameters.push(...part.parameters);
    leaves.layouts.push(...part.layouts);
  }
  return leaves;
}

/** Walks a tree in a fixed order; `seen` gives each object met its number. */
function collect(value: unknown, leaves: Leaves, seen: Map<object, number>): void {
  if (typeof value !== 'object' || value === null) {
    leaves.text += `|${String(value)}`;
    return;
  }
  const before = seen.get(value);
  if (before !== undefined) {
    leaves.text += `|=${before}`;
    return;
  }
  seen.set(value, seen.size);
  if (isTensor(value)) {
    leaves.text += `|t${value.type}:${value.rows}x${value.cols}`;
    leaves.tensors.push(value);
  } else if (isParameter(value)) {
    leaves.parameters.push(value);
    leaves.text += `|p${value.value.rows}x${value.value.cols}@${value.offset - leaves.parameters[0]!.offset}`;
    leaves.lasts = true;
  } else if (isLayout(value)) {
    leaves.text += `|l${value.starts.at(-1)!}/${value.width}${value.single === true ? '!' : ''}`;
    leaves.layouts.push(value);
  } else {
    if (isFrozen(value)) leaves.lasts = true;
    leaves.text += '|{';
    for (const name in value) {
      leaves.text += `,${name}`;
      collect((value as Record<string, unknown>)[name], leaves, seen);
    }
    leaves.text += '}';
  }
}

const isParameter = (value: object): value is TfParameter => (value as { kind?: string }).kind === 'parameter';
const isFrozen = (value: object): boolean => (value as { kind?: string }).kind === 'frozen';
const isLayout = (value: object): value is Layout => (value as Partial<Layout>).starts instanceof Int32Array;

function trace(machine: Machine, raw: Raw, compile: Exclude<Compile, 'off'>, key: string, leaves: Leaves, inputs: unknown, body: (inputs: unknown) => unknown): Compiled {
  const tracing: Trace = { xla: compile === 'xla', nodes: [], constants: new Map(), added: new Map(), segments: new Map() };
  const symbols = new Map<object, object>();
  const arguments_: Handle[] = [];
  const argument = (type: Type): Handle => {
    const handle = placeholder(tracing, type);
    arguments_.push(handle);
    return handle;
  };
  for (const tensor of leaves.tensors) symbols.set(tensor, machine.tensor(argument(tensor.type), tensor.rows, tensor.cols, tensor.type));
  machine.trace = tracing;
  try {
    const windows = leaves.parameters.length === 0 ? null : windowsOf(machine, raw, leaves.parameters, (size) => machine.op(SLICE[compile], [argument(FLOAT), argument(INT64), machine.long(size)]));
    windows?.twins.forEach((twin, i) => symbols.set(leaves.parameters[i]!, twin));
    for (const layout of leaves.layouts) {
      const twin: Layout = { ...layout };
      symbols.set(layout, twin);
      tracing.segments.set(twin, argument(FLOAT));
    }
    const outputs: Handle[] = [];
    const read = reader(body(substitute(inputs, symbols)), arguments_.slice(0, leaves.tensors.length), outputs);
    const gradient = windows === null || tracing.added.size === 0 ? null : outputs.push(windows.gradient(tracing.added)) - 1;
    const name = register(machine, key, tracing, arguments_, outputs);
    return { name, outputs: outputs.length, span: windows, gradient, result: read };
  } finally {
    machine.trace = null;
  }
}

/** XLA compiles Slice anew for each beginning: to it, that is a constant. */
const SLICE: Readonly<Record<Exclude<Compile, 'off'>, string>> = { function: 'Slice', xla: 'XlaDynamicSlice' };

interface Windows extends Span {
  /** In the order of the parameters. */
  readonly twins: readonly TfParameter[];
  /** [size], zero where nothing was added. */
  gradient(added: ReadonlyMap<TfParameter, Handle>): Handle;
}

/** The parameters as parts of what `take` gives: a stretch of their block's vector. */
function windowsOf(machine: Machine, raw: Raw, parameters: readonly TfParameter[], take: (size: number) => Handle): Windows {
  const sizeOf = ({ value }: TfParameter): number => value.rows * value.cols;
  const sorted = [...parameters].sort((a, b) => a.offset - b.offset);
  const first = sorted[0]!.offset;
  if (sorted.some(({ block }) => block !== sorted[0]!.block)) throw new Error('the parameters of one call are of one block');
  const pieces: { readonly size: number; readonly parameter: TfParameter | null }[] = [];
  let at = first;
  for (const parameter of sorted) {
    if (parameter.offset > at) pieces.push({ size: parameter.offset - at, parameter: null });
    pieces.push({ size: sizeOf(parameter), parameter });
    at = parameter.offset + sizeOf(parameter);
  }
  const size = at - first;
  const part = take(size);
  const twins = new Map(
    sorted.map((parameter) => {
      const { rows, cols } = parameter.value;
      const flat = machine.op('Slice', [part, machine.wholes([parameter.offset - first]), machine.wholes([rows * cols])]);
      return [parameter, { ...parameter, value: machine.tensor(raw.reshape(flat, rows, cols), rows, cols), gradient: machine.tensor(NOTHING, rows, cols) }];
    }),
  );
  return {
    start: first - parameters[0]!.offset,
    size,
    twins: parameters.map((parameter) => twins.get(parameter)!),
    gradient(added) {
      const flat = pieces.map(({ size: length, parameter }) => {
        const handle = parameter === null ? undefined : added.get(twins.get(parameter)!);
        return handle === undefined ? machine.op('Fill', [machine.wholes([length]), machine.scalar(0)]) : raw.reshape(handle, length);
      });
      return raw.concat(flat, 0, FLOAT);
    },
  };
}

/** The tree again with other leaves; what is met twice stays one object. */
function substitute(value: unknown, symbols: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = symbols.get(value);
  if (known !== undefined) return known;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([] as unknown as Record<string, unknown>) : {};
  symbols.set(value, copy);
  for (const name in value) copy[name] = substitute((value as Record<string, unknown>)[name], symbols);
  return copy;
}

type Read = Compiled['result'];

/**
 * How a body's result is made of its function's outputs. A tensor that is an input is that input again, not a copy; one that stands
 * twice in the result is one output.
 */
function reader(value: unknown, inputs: readonly Handle[], outputs: Handle[]): Read {
  if (typeof value !== 'object' || value === null) return () => value;
  if (isTensor(value)) {
    const { handle, rows, cols, type } = value;
    const input = inputs.indexOf(handle);
    if (input >= 0) return (_, given) => given[input]!;
    let at = outputs.indexOf(handle);
    if (at < 0) at = outputs.push(handle) - 1;
    return (results): T => ({ kind: 'tensor', rows, cols, type, handle: results[at]! });
  }
  const parts = Object.entries(value).map(([name, part]) => [name, reader(part, inputs, outputs)] as const);
  if (Array.isArray(value)) return (results, given) => parts.map(([, read]) => read(results, given));
  return (results, given) => Object.fromEntries(parts.map(([name, read]) => [name, read(results, given)]));
}

/** Names are made of the content: the same in every process, so that a compile cache finds them again, and never one name for two functions. */
function register({ binding, contentOf }: Machine, key: string, { nodes }: Trace, inputs: readonly Handle[], outputs: readonly Handle[]): string {
  const plain = nodes.map(([op, attributes, from]) => [op, attributes.map(({ name, type, value }) => [name, type, type === TENSOR ? contentOf(value as number) : value]), from]);
  const digest = createHash('sha256').update(JSON.stringify([plain, inputs, outputs])).digest('hex').slice(0, 16);
  const name = `${key.replaceAll(/\W/g, '_')}_${digest}`;
  let names = registered.get(binding);
  if (names === undefined) registered.set(binding, (names = new Set()));
  if (!names.has(name)) {
    binding.addFunction(name, nodes, inputs, outputs);
    names.add(name);
  }
  return name;
}

const registered = new WeakMap<Binding, Set<string>>();
const TENSOR = tensorAttribute('', 0).type;
