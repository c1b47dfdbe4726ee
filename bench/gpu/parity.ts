/**
 * Parity on the device in full float32: every op against the float64 reference, and every golden case of PyTorch, op by op and
 * compiled. One line of JSON; exit code 1 when a number is out of its limit.
 *
 *   node bench/gpu/parity.ts BINDING [--compiled PATTERN] [--cuda DIR] [--cache DIR]
 *
 * Each case that is compiled takes seconds; PATTERN says which are.
 */
import { parseArgs } from 'node:util';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import type { Compile } from '../../src/lora/backends/tensorflow/call.ts';
import type { TensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { tensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { CASE_NAMES, readCase } from '../../tests/lora/golden-cases.ts';
import { CASES, LOSSES, numbers, runCase, runLoss, worst } from '../../tests/lora/op-cases.ts';
import { compare } from '../../tests/tensorflow/golden.ts';

/** The limits of the CPU's tests. */
const OPS = 2e-6;
const GOLDEN = { loss: 1e-5, outputs: 1e-5, gradient: 5e-5 } as const;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { compiled: { type: 'string', default: '.' }, cuda: { type: 'string' }, cache: { type: 'string' } } });
const create = (compile: Compile): TensorflowBackend => tensorflowBackend({ file: positionals[0]!, compileCache: values.cache ?? null, cudaDir: values.cuda ?? null, exact: true, products: 'float32', compile });
const over: string[] = [];
const note = (name: string, found: number, limit: number): number => {
  if (!(found < limit)) over.push(`${name}: ${found}`);
  return found;
};

const ops = create('off');
let worstOp = 0;
for (const [name, one] of Object.entries(CASES)) {
  const x = numbers(one.x[0] * one.x[1], 1);
  const [right, found] = [runCase(referenceBackend(), one, x), runCase(ops, one, x)];
  worstOp = Math.max(worstOp, note(name, worst(found.y, right.y), OPS), note(`${name} backward`, worst(found.dx, right.dx), OPS));
}
for (const [name, one] of Object.entries(LOSSES)) {
  const x = numbers(one.x[0] * one.x[1], 1);
  const [right, found] = [runLoss(referenceBackend(), one, x), runLoss(ops, one, x)];
  worstOp = Math.max(worstOp, note(name, worst(found.perRow, right.perRow), OPS), note(`${name} backward`, worst(found.dx, right.dx), OPS));
}
const device = ops.name;
ops.dispose();

const golden: Record<string, Record<string, number>> = {};
for (const compile of ['off', 'xla'] as const) {
  const most = { loss: 0, outputs: 0, gradient: 0 };
  for (const name of CASE_NAMES.filter((each) => compile === 'off' || new RegExp(values.compiled).test(each))) {
    const b = create(compile);
    const found = compare(b, await readCase(name));
    for (const part of ['loss', 'outputs', 'gradient'] as const) most[part] = Math.max(most[part], note(`${name}, compile ${compile}, ${part}`, found[part], GOLDEN[part]));
    b.dispose();
  }
  golden[compile] = most;
}
console.log(JSON.stringify({ parity: over.length === 0, device, cases: CASE_NAMES.length, worstOp, golden, over }));
process.exitCode = over.length === 0 ? 0 : 1;
