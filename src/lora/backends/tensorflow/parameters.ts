/**
 * The flat block of parameters. A window holds its own tensors, since tensors never change: `write` and the optimizer give it a new
 * value, and its gradient is nothing until something is added.
 */
import type { Numbers, ParameterBlock } from '../../ops.ts';
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfParameter, TfTensor } from './machine.ts';
import { NOTHING } from './machine.ts';

export interface TfParameterBlock extends ParameterBlock<TfTensor> {
  readonly count: number;
  /** All values, [count]. */
  flat(): Handle;
  /** All gradients, [count]. */
  gradients(): Handle;
  /** Takes new values, a tensor that it keeps from now on. */
  assign(flat: Handle): void;
}

interface Window extends TfParameter {
  readonly offset: number;
}

export function parameterBlock(machine: Machine, raw: Raw, count: number): TfParameterBlock {
  const windows: Window[] = [];
  let flat = machine.keep(machine.upload(new Float32Array(count), [count], FLOAT));

  /** Sizes of the windows and of what lies between them, in order. */
  function pieces(): { size: number; window: Window | null }[] {
    const found: { size: number; window: Window | null }[] = [];
    let at = 0;
    const gap = (to: number): void => void (to > at && found.push({ size: to - at, window: null }));
    for (const window of windows.toSorted((a, b) => a.offset - b.offset)) {
      gap(window.offset);
      const size = window.value.rows * window.value.cols;
      found.push({ size, window });
      at = window.offset + size;
    }
    gap(count);
    return found;
  }

  function refresh(window: Window, piece: Handle): void {
    const { rows, cols, handle } = window.value;
    if (handle !== NOTHING) machine.free(handle);
    window.value.handle = machine.keep(raw.reshape(piece, rows, cols));
  }

  function assign(values: Handle): void {
    machine.free(flat);
    flat = machine.keep(values);
    machine.scoped(() => {
      const parts = pieces();
      if (windows.length > 0) raw.split(flat, parts.map(({ size }) => size), 0).forEach((piece, i) => void (parts[i]!.window !== null && refresh(parts[i]!.window!, piece)));
    });
  }

  const copyOut = (handle: Handle, into: Numbers): void => into.set(machine.binding.tensorDataSync(handle));

  const block: TfParameterBlock = {
    count,
    at(offset, rows, cols) {
      const tensor = (): TfTensor => machine.tensor(NOTHING, rows, cols);
      const window: Window = { kind: 'parameter', offset, value: tensor(), gradient: tensor() };
      windows.push(window);
      machine.scoped(() => refresh(window, machine.op('Slice', [flat, machine.wholes([offset]), machine.wholes([rows * cols])])));
      return window;
    },
    write: (values) => assign(machine.upload(Float32Array.from(values), [count], FLOAT)),
    readValues: (into) => copyOut(flat, into),
    read: (into) => machine.scoped(() => copyOut(block.gradients(), into)),
    clearGradients() {
      for (const { gradient } of windows) {
        if (gradient.handle !== NOTHING) machine.free(gradient.handle);
        gradient.handle = NOTHING;
      }
    },
    flat: () => flat,
    gradients() {
      const parts = pieces().map(({ size, window }) => (window === null || window.gradient.handle === NOTHING ? machine.op('Fill', [machine.wholes([size]), machine.scalar(0)]) : raw.reshape(window.gradient.handle, size)));
      return raw.concat(parts, 0, FLOAT);
    },
    assign,
  };
  return block;
}
