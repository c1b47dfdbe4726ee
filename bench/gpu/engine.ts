/**
 * Our training of the shapes of peft_eager.py, one line of JSON for each.
 *
 *   node bench/gpu/engine.ts BINDING SHAPE... [--batch 8] [--length 512] [--steps 20] [--products bfloat16|float32] [--quantised] [--layers N] [--attention plain] [--profile] [--cuda DIR] [--cache DIR]
 *
 * Every token is a target; r 16 on all linear layers, AdamW with clipping; the batch is one of random tokens, as there. --profile: see profile.ts.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { planAdapter, initialValues } from '../../src/lora/adapter.ts';
import type { TensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { tensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { createTensorflowTeam } from '../../src/lora/backends/tensorflow/team.ts';
import { loadBinding } from '../../src/lora/backends/tensorflow/binding.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import { random } from '../../src/lora/random.ts';
import { profile } from './profile.ts';
import type { Shape } from './random-model.ts';
import { randomised, SHAPES, zeroBase } from './random-model.ts';

const WARM_STEPS = 3;
const RATE = 1e-4;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: 'string', default: '8' },
    length: { type: 'string', default: '512' },
    steps: { type: 'string', default: '20' },
    products: { type: 'string', default: 'bfloat16' },
    compile: { type: 'string', default: 'xla' },
    logits: { type: 'string' },
    layers: { type: 'string' },
    attention: { type: 'string', default: 'fused' },
    quantised: { type: 'boolean', default: false },
    cuda: { type: 'string' },
    cache: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});
const [file, ...shapes] = positionals;
process.env['BINDING'] = file;
for (const name of shapes) console.log(JSON.stringify(await measure(name, SHAPES[name]!)));

async function measure(name: string, shape: Shape): Promise<Record<string, unknown>> {
  const [batch, length, steps] = [Number(values.batch), Number(values.length), Number(values.steps)];
  const started = performance.now();
  const seconds = (): number => Math.round(performance.now() - started) / 1000;
  const options = {
    file: values.profile ? fileURLToPath(new URL('profile-binding.cjs', import.meta.url)) : file!,
    compileCache: values.cache ?? null,
    cudaDir: values.cuda ?? null,
    exact: values.products === 'float32',
    products: values.products as 'float32' | 'bfloat16',
    compile: values.compile as 'xla',
    attention: values.attention as 'fused',
    ...(values.layers === undefined ? {} : { layersPerCall: Number(values.layers) }),
    ...(values.logits === undefined ? {} : { mostLogits: Number(values.logits) }),
  };
  const plain = tensorflowBackend(options);
  const backend = randomised(plain, shape, values.quantised) as TensorflowBackend;
  const base = zeroBase(shape);
  const plan = planAdapter(architectureOf(base), { kind: 'vocabulary', outputs: 0, pooling: 'last' }, { r: 16, alpha: 32, targets: 'all-linear' });
  const team = await createTensorflowTeam({ ...options, backend, base, plan, use: 'train', values: initialValues(plan, 1), microBatch: batch * length });
  const loaded = seconds();
  const loadedGB = memory();
  const uniform = random(1, 'tokens');
  const rows = Array.from({ length: batch }, (): EncodedRow => {
    const tokens = Int32Array.from({ length }, () => Math.floor(uniform() * shape.vocab_size));
    return { tokens, targets: Int32Array.from(tokens, (_, i) => (i + 1 < length ? tokens[i + 1]! : -1)), weight: 1 };
  });
  const losses: number[] = [];
  /** As train() goes: a step begins before the one before it has been waited for. */
  const run = async (count: number): Promise<number> => {
    const before = performance.now();
    let last: (() => { readonly loss: number }) | null = null;
    for (let i = 0; i < count; i += 1) {
      const report = await team.begin!(rows, RATE);
      if (last !== null) losses.push(last().loss);
      last = report;
    }
    losses.push(last!().loss);
    return performance.now() - before;
  };
  const firstStep = (await run(1)) / 1000;
  await run(WARM_STEPS - 1);
  const milliseconds = (await run(steps)) / steps;
  const live = plain.liveTensors();
  const result = {
    engine: 'trimtab',
    shape: name,
    device: plain.name,
    products: values.products,
    quantised: values.quantised,
    compile: values.compile,
    attention: values.attention,
    layersPerCall: plain.layersPerCall,
    tokensPerSecond: Math.round((batch * length * 1000) / milliseconds),
    millisecondsPerStep: Math.round(milliseconds * 10) / 10,
    loadSeconds: loaded,
    loadedGB,
    firstStepSeconds: Math.round(firstStep * 1000) / 1000,
    memoryGB: memory(),
    trainable: plan.count,
    liveTensors: live,
    losses: [losses[0], losses.at(-1)],
    ...(values.profile ? { profile: await profile(loadBinding(options), () => team.step(rows, RATE)) } : {}),
  };
  await team.close();
  return result;
}

/** What the driver says is taken on the card: all that TensorFlow has reserved, of which part may be free. */
function memory(): number | null {
  try {
    return Number(execFileSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'], { encoding: 'utf8' }).split('\n')[0]) / 1024;
  } catch {
    return null;
  }
}
