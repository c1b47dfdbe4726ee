/** Where numbers come from and go to. */
import type { Backend, Numbers } from '../../ops.ts';
import { isQuantised } from '../../quantise.ts';
import type { Machine, WasmFrozen, WasmTensor } from './machine.ts';
import { padded } from './machine.ts';
import type { Unpacked } from './nf4.ts';
import { holdNf4 } from './nf4.ts';

type T = WasmTensor;

export function storageOps(machine: Machine): Pick<Backend<T>, 'constant' | 'table' | 'tied' | 'freeze' | 'parameters' | 'read'> {
  const { arena, make, pack, zeros } = machine;
  const numbers = (x: T): Float32Array => arena.floats().subarray(x.address / 4, x.address / 4 + x.rows * x.cols);
  const holdFloats = (weight: Numbers, inputs: number, outputs: number, backward: boolean): Unpacked => {
    const [forwardAt, backwardAt] = [arena.allocate(inputs * padded(outputs)), backward ? arena.allocate(outputs * padded(inputs)) : 0];
    // The plain form is only needed while it is packed.
    return arena.scoped(() => {
      const plain: T = { rows: outputs, cols: inputs, address: arena.allocate(outputs * inputs) };
      numbers(plain).set(weight);
      const across = pack(plain.address, 4, inputs * 4, inputs, outputs, 1, forwardAt);
      const along = backward ? pack(plain.address, inputs * 4, 4, outputs, inputs, 1, backwardAt) : across;
      return { forward: () => across, backward: () => along };
    });
  };
  const constant = (values: Numbers, rows: number, cols: number): T => {
    const tensor = make(rows, cols);
    numbers(tensor).set(values);
    return tensor;
  };
  const freeze: Backend<T>['freeze'] = (weight, bias, inputs, outputs, backward): WasmFrozen => {
    const biasAt = bias === null ? zeros.address : arena.allocate(padded(outputs));
    if (bias !== null) arena.floats().set(bias, biasAt / 4);
    const held = isQuantised(weight) ? holdNf4(machine, weight, inputs, outputs) : holdFloats(weight, inputs, outputs, backward);
    return { inputs, outputs, forward: held.forward, backward: backward ? held.backward : null, bias: { address: biasAt, stride: 0 } };
  };
  return {
    constant,
    table: constant,
    // A copy: the memory may move while room for the packed form is made.
    tied: (table, backward) => freeze(numbers(table).slice(), null, table.cols, table.rows, backward),
    freeze,
    parameters(count) {
      const [values, gradients] = [make(1, count), make(1, count)];
      const window = (x: T, offset: number, rows: number, cols: number): T => ({ rows, cols, address: x.address + offset * 4 });
      return {
        at: (offset, rows, cols) => ({ value: window(values, offset, rows, cols), gradient: window(gradients, offset, rows, cols) }),
        write: (from: Numbers) => numbers(values).set(from),
        readValues: (into: Numbers) => into.set(numbers(values)),
        read: (into: Numbers) => into.set(numbers(gradients)),
        clearGradients: () => void numbers(gradients).fill(0),
      };
    },
    read: (tensor) => numbers(tensor).slice(),
  };
}
