/**
 * Tensors on their way to the device and back while it has much to do: each is uploaded behind a long queue of products, used by one more op, deleted
 * at once, and followed by others, so that memory which is given out again too early would be seen. One line of JSON; exit code 1 when a number changed.
 *
 *   node bench/gpu/copies.ts BINDING [--rounds 300]
 */
import { parseArgs } from 'node:util';
import { FLOAT, loadBinding } from '../../src/lora/backends/tensorflow/binding.ts';
import { random } from '../../src/lora/random.ts';

/** Of the products that the device is kept busy with. */
const SIDE = 4096;
const QUEUE = 8;
const UPLOADS = 12;
/** Numbers of a tensor at most: past what is staged, so that both ways are taken. */
const MOST = 3 << 19;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '300' } } });
const binding = loadBinding({ file: positionals[0]!, compileCache: null, cudaDir: null, exact: false });
const uniform = random(1, 'copies');
const run = (op: string, ...inputs: number[]): number => binding.executeOp(op, [], inputs, 1)[0]!.id;
const upload = (numbers: Float32Array): number => binding.createTensor([numbers.length], FLOAT, numbers);

const square = binding.createTensor([SIDE, SIDE], FLOAT, new Float32Array(SIDE * SIDE).fill(1e-4));
const rounds = Number(values.rounds);
let wrong = 0;
let waited = 0;
for (let round = 0; round < rounds; round += 1) {
  for (let i = 0; i < QUEUE; i += 1) binding.deleteTensor(run('MatMul', square, square));
  const before = performance.now();
  const sent = Array.from({ length: UPLOADS }, (_, i) => {
    const numbers = new Float32Array(1 + Math.floor(MOST ** uniform())).fill(round + i / UPLOADS);
    const x = upload(numbers);
    const y = run('AddV2', x, x);
    binding.deleteTensor(x);
    binding.prefetch?.(y);
    return { numbers, y };
  });
  waited += performance.now() - before;
  for (const { numbers, y } of sent) {
    const found = binding.tensorDataSync(y);
    if (found.length !== numbers.length || !found.every((value, i) => value === 2 * numbers[i]!)) wrong += 1;
    binding.deleteTensor(y);
  }
}
console.log(JSON.stringify({ copies: wrong === 0, gpu: binding.isUsingGpuDevice(), rounds, tensors: rounds * UPLOADS, wrong, millisecondsOfUploads: Math.round((10 * waited) / rounds) / 10, live: binding.getNumOfTensors() }));
process.exitCode = wrong === 0 ? 0 : 1;
