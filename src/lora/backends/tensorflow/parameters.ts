/**
 * The flat block of parameters. Tensors never change, so a window holds tensors of its own: the optimizer gives it a new value, and its
 * gradient is nothing until something is added.
 *
 * Windows of one size are stacked while they are worked on: a model of 30 layers has hundreds of windows and a dozen of sizes, and the
 * optimizer's cost, to run and to compile, is by the tensor.
 */
import type { Numbers, ParameterBlock } from '../../ops.ts';
import type { Attribute } from './binding.ts';
import { FLOAT, typeAttribute, wholeAttribute } from './binding.ts';
import type { Handle, Machine, Raw, TfParameter, TfTensor } from './machine.ts';
import { NOTHING } from './machine.ts';

/** Windows of one size; `stack` is [windows, rows x cols]. */
export interface Stack {
  readonly windows: readonly { readonly offset: number }[];
  readonly size: number;
  readonly stack: Handle;
}

export interface TfParameterBlock extends ParameterBlock<TfTensor> {
  readonly count: number;
  /** All values, by size of window. */
  values(): readonly Stack[];
  /** All gradients in the same order: tensors of the current scope. */
  gradients(): Handle[];
  /** Takes new values, in the same order, and keeps them. */
  assign(stacks: readonly Handle[]): void;
  /** Numbers between the host's flat order and stacks. */
  stacked(values: Numbers): Handle[];
  flat(stacks: readonly Handle[], into: Numbers): void;
}

interface Window extends TfParameter {
  readonly offset: number;
  readonly size: number;
}

interface Group {
  readonly windows: Window[];
  readonly size: number;
  stack: Handle;
}

export function parameterBlock(machine: Machine, raw: Raw, count: number): TfParameterBlock {
  const windows: Window[] = [];
  /** What no window covers, and everything until the first use. */
  const host = new Float32Array(count);
  const handles = new Map<TfTensor, Handle>();
  let groups: Group[] | null = null;

  /** Values go to the device when the first one is used: windows come one by one. */
  function placed(): Group[] {
    if (groups !== null) return groups;
    const bySize = Map.groupBy(windows, ({ value }) => `${value.rows} ${value.cols}`);
    groups = [...bySize.values()].map((members) => ({ windows: members, size: members[0]!.size, stack: NOTHING }));
    machine.scoped(() => assign(stacked(machine, groups!, host)));
    return groups;
  }

  /** Back to the host, before another window comes. */
  function take(): void {
    if (groups === null) return;
    flatten(machine, groups, stacksOf(groups), host);
    [...stacksOf(groups), ...handles.values()].forEach(machine.free);
    handles.clear();
    groups = null;
  }

  const lazy = (rows: number, cols: number): TfTensor => {
    const value: TfTensor = {
      ...machine.tensor(NOTHING, rows, cols),
      get handle() {
        placed();
        return handles.get(value)!;
      },
    };
    return value;
  };

  function assign(stacks: readonly Handle[]): void {
    placed().forEach((group, i) => {
      const [{ windows: members }, before] = [group, group.stack];
      const { rows, cols } = members[0]!.value;
      const parts = machine.ops('Unpack', [raw.reshape(stacks[i]!, members.length, rows, cols)], members.length, alongFirst('num', members.length));
      const old = members.flatMap(({ value }) => handles.get(value) ?? []);
      members.forEach(({ value }, j) => handles.set(value, machine.keep(parts[j]!)));
      group.stack = machine.keep(stacks[i]!);
      [...old, ...(before === NOTHING ? [] : [before])].forEach(machine.free);
    });
  }

  const block: TfParameterBlock = {
    count,
    at(offset, rows, cols) {
      take();
      const window: Window = { kind: 'parameter', offset, size: rows * cols, value: lazy(rows, cols), gradient: machine.tensor(NOTHING, rows, cols) };
      windows.push(window);
      return window;
    },
    write(values) {
      host.set(values);
      if (groups !== null) machine.scoped(() => assign(block.stacked(values)));
    },
    readValues(into) {
      into.set(host);
      if (groups !== null) flatten(machine, groups, stacksOf(groups), into);
    },
    read(into) {
      into.fill(0);
      machine.scoped(() => block.flat(block.gradients(), into));
    },
    clearGradients() {
      for (const { gradient } of windows) {
        if (gradient.handle !== NOTHING) machine.free(gradient.handle);
        gradient.handle = NOTHING;
      }
    },
    values: placed,
    gradients: () => placed().map((group) => gradientsOf(machine, raw, group)),
    assign: (stacks) => machine.scoped(() => assign(stacks)),
    stacked: (values) => stacked(machine, placed(), values),
    flat: (stacks, into) => flatten(machine, placed(), stacks, into),
  };
  return block;
}

const stacksOf = (groups: readonly Group[]): Handle[] => groups.map(({ stack }) => stack);

function stacked(machine: Machine, groups: readonly Group[], values: Numbers): Handle[] {
  return groups.map(({ windows, size }) => {
    const all = new Float32Array(windows.length * size);
    windows.forEach(({ offset }, j) => all.set(values.subarray(offset, offset + size), j * size));
    return machine.upload(all, [windows.length, size], FLOAT);
  });
}

function flatten({ binding }: Machine, groups: readonly Group[], stacks: readonly Handle[], into: Numbers): void {
  groups.forEach(({ windows, size }, i) => {
    const all = binding.tensorDataSync(stacks[i]!);
    windows.forEach(({ offset }, j) => into.set(all.subarray(j * size, (j + 1) * size), offset));
  });
}

function gradientsOf(machine: Machine, raw: Raw, { windows, size }: Group): Handle {
  const parts = windows.map(({ gradient: { handle, rows, cols } }) => (handle === NOTHING ? machine.op('Fill', [machine.wholes([rows, cols]), machine.scalar(0)]) : handle));
  return raw.reshape(machine.op('Pack', [parts], alongFirst('N', windows.length)), windows.length, size);
}

const alongFirst = (name: string, count: number): readonly Attribute[] => [wholeAttribute(name, count), typeAttribute('T', FLOAT), wholeAttribute('axis', 0)];
