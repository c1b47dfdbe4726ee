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
  let groups: Group[] | null = null;

  /** Values go to the device when the first one is used: windows come one by one. */
  function placed(): Group[] {
    if (groups !== null) return groups;
    const bySize = Map.groupBy(windows, ({ value }) => `${value.rows} ${value.cols}`);
    groups = [...bySize.values()].map((members) => ({ windows: members, size: members[0]!.size, stack: NOTHING }));
    block.assign(block.stacked(host));
    return groups;
  }

  function take(): void {
    if (groups === null) return;
    block.flat(groups.map(({ stack }) => stack), host);
    for (const { stack, windows: members } of groups) [stack, ...members.map(({ value }) => valueOf(value))].forEach(machine.free);
    groups = null;
  }

  const handles = new WeakMap<TfTensor, Handle>();
  const valueOf = (value: TfTensor): Handle => handles.get(value) ?? NOTHING;
  const lazy = (rows: number, cols: number): TfTensor => {
    const value: TfTensor = {
      ...machine.tensor(NOTHING, rows, cols),
      get handle() {
        placed();
        return valueOf(value);
      },
    };
    return value;
  };

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
      if (groups !== null) block.assign(block.stacked(values));
    },
    readValues(into) {
      into.set(host);
      if (groups !== null) block.flat(groups.map(({ stack }) => stack), into);
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
    gradients: () =>
      placed().map(({ windows: members, size }) => {
        const parts = members.map(({ gradient }) => (gradient.handle === NOTHING ? machine.op('Fill', [machine.wholes([gradient.rows, gradient.cols]), machine.scalar(0)]) : gradient.handle));
        return raw.reshape(machine.op('Pack', [parts], packed(members.length)), members.length, size);
      }),
    assign(stacks) {
      placed().forEach((group, i) => {
        const { windows: members } = group;
        const { rows, cols } = members[0]!.value;
        machine.scoped(() => {
          const parts = machine.ops('Unpack', [raw.reshape(stacks[i]!, members.length, rows, cols)], members.length, unpacked(members.length));
          members.forEach(({ value }, j) => {
            if (valueOf(value) !== NOTHING) machine.free(valueOf(value));
            handles.set(value, machine.keep(parts[j]!));
          });
        });
        if (group.stack !== NOTHING) machine.free(group.stack);
        group.stack = machine.keep(stacks[i]!);
      });
    },
    stacked: (values) =>
      placed().map(({ windows: members, size }) => {
        const all = new Float32Array(members.length * size);
        members.forEach(({ offset }, j) => all.set(values.subarray(offset, offset + size), j * size));
        return machine.upload(all, [members.length, size], FLOAT);
      }),
    flat(stacks, into) {
      placed().forEach(({ windows: members, size }, i) => {
        const all = machine.binding.tensorDataSync(stacks[i]!);
        members.forEach(({ offset }, j) => into.set(all.subarray(j * size, (j + 1) * size), offset));
      });
    },
  };
  return block;
}

const packed = (count: number): readonly Attribute[] => [wholeAttribute('N', count), typeAttribute('T', FLOAT), wholeAttribute('axis', 0)];
const unpacked = (count: number): readonly Attribute[] => [wholeAttribute('num', count), typeAttribute('T', FLOAT), wholeAttribute('axis', 0)];
