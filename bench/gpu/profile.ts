/** What a step asks of TensorFlow's binding, and where its time goes. */
import type { Binding } from '../../src/lora/backends/tensorflow/binding.ts';
import { INT32 } from '../../src/lora/backends/tensorflow/binding.ts';

/** Ops that are no functions are one entry. Milliseconds; `wait` is of another step, in which each function is waited for. */
interface Spent {
  calls: number;
  inputs: number;
  outputs: number;
  issue: number;
  wait: number;
}

export interface Profile {
  readonly made: number;
  readonly madeBytes: number;
  readonly freed: number;
  readonly reads: number;
  /** Milliseconds that the host waited for numbers, and of the whole step. */
  readonly reading: number;
  readonly step: number;
  readonly spent: Readonly<Record<string, Spent>>;
}

/** `binding` is that of profile-binding.cjs. */
export async function profile(binding: Binding, step: () => Promise<unknown>): Promise<Profile> {
  const replace = (functions: Partial<Binding>): void => {
    for (const [name, value] of Object.entries(functions)) Object.defineProperty(binding, name, { value, configurable: true });
  };
  const { executeOp, tensorDataSync, deleteTensor, createTensor } = binding;
  const spent: Record<string, Spent> = {};
  const counts = { made: 0, madeBytes: 0, freed: 0, reads: 0, reading: 0 };
  const [flat, axis] = [[-1], [0]].map((values) => createTensor.call(binding, [1], INT32, Int32Array.from(values))) as [number, number];
  /** All functions have float32 numbers first. */
  const waitFor = (id: number): void => {
    const [all] = executeOp.call(binding, 'Reshape', [], [id, flat], 1);
    const [sum] = executeOp.call(binding, 'Sum', [], [all!.id, axis], 1);
    tensorDataSync.call(binding, sum!.id);
    [all, sum].forEach((made) => deleteTensor.call(binding, made!.id));
  };
  let waiting = false;
  replace({
    executeOp: (name, attributes, inputs, outputs) => {
      const isFunction = /_[0-9a-f]{16}$/.test(name);
      const entry = (spent[isFunction ? name.slice(0, -17) : 'ops'] ??= { calls: 0, inputs: 0, outputs: 0, issue: 0, wait: 0 });
      const before = performance.now();
      const found = executeOp.call(binding, name, attributes, inputs, outputs);
      if (!waiting) {
        entry.issue += performance.now() - before;
        entry.calls += 1;
        entry.inputs += inputs.length;
        entry.outputs += outputs;
      } else if (isFunction) {
        waitFor(found[0]!.id);
        entry.wait += performance.now() - before;
      }
      return found;
    },
    createTensor: (shape, type, values) => {
      counts.made += 1;
      counts.madeBytes += values.byteLength;
      return createTensor.call(binding, shape, type, values);
    },
    deleteTensor: (id) => {
      counts.freed += 1;
      deleteTensor.call(binding, id);
    },
    tensorDataSync: (id) => {
      const before = performance.now();
      const values = tensorDataSync.call(binding, id);
      counts.reads += 1;
      counts.reading += performance.now() - before;
      return values;
    },
  });
  const began = performance.now();
  await step();
  const whole = { ...counts, step: performance.now() - began };
  waiting = true;
  await step();
  replace({ executeOp, tensorDataSync, deleteTensor, createTensor });
  [flat, axis].forEach((id) => deleteTensor.call(binding, id));
  return { ...whole, spent };
}
