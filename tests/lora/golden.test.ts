/** Parity with PyTorch, transformers and PEFT: golden/make.py made the numbers and the files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ADAPTER_FILES, parseHeader, refuseAdapter } from '../../src/lora/adapter-files.ts';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import { readBase } from '../../src/lora/base.ts';
import { pack } from '../../src/lora/batches.ts';
import { accumulate, logits, merged, parseAdapter, planClassifier, trainable } from '../../src/lora/classifier.ts';
import { parseSafetensors, toFloat32 } from '../../src/lora/safetensors.ts';
import { createTeam } from '../../src/lora/team.ts';
import { train } from '../../src/lora/train.ts';

interface Golden {
  readonly tokens: readonly number[][];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly logits: readonly number[][];
  readonly perRow: readonly number[];
  readonly loss: number;
  readonly training: { readonly steps: number; readonly rate: number; readonly warmup: number; readonly weightDecay: number; readonly losses: readonly number[] };
}

const here = join(import.meta.dirname, 'golden');
const golden = JSON.parse(await readFile(join(here, 'golden.json'), 'utf8')) as Golden;
const base = await readBase(join(here, 'base'), null);
const trimtab = { version: 1, labels: ['a', 'b', 'c', 'd', 'e'], pooling: 'mean', baseDigest: base.digest, maxLength: 24 };
const files = {
  config: await readFile(join(here, 'adapter', ADAPTER_FILES.config)),
  weights: await readFile(join(here, 'adapter', ADAPTER_FILES.weights)),
  extra: { [ADAPTER_FILES.trimtab]: Buffer.from(JSON.stringify(trimtab)) },
};
const adapter = parseAdapter(base, files, 'golden');
const plan = planClassifier(base, adapter.shape, 5);
const rows = golden.tokens.map((tokens, i) => ({ tokens: Int32Array.from(tokens), target: golden.targets[i]!, weight: golden.weights[i]! }));
const batch = pack(rows, Infinity, golden.weights.reduce((a, b) => a + b))[0]!;

const refuse = refuseAdapter('golden');
const gradients = parseSafetensors(await readFile(join(here, 'gradients.safetensors')), refuse);

/** The largest difference, as a share of the largest number. */
function distance(found: ArrayLike<number>, right: ArrayLike<number>): number {
  let [worst, most] = [0, 0];
  for (let i = 0; i < right.length; i += 1) {
    worst = Math.max(worst, Math.abs(found[i]! - right[i]!));
    most = Math.max(most, Math.abs(right[i]!));
  }
  return worst / most;
}

test("PEFT's own files are an adapter of ours: zero missing keys, zero unexpected ones", () => {
  expect(parseHeader(files, refuse).shape).toMatchObject({ r: 4, alpha: 6 });
  expect(plan.slots.size).toBe(gradients.size);
});

test.each([['reference', referenceBackend], ['wasm', wasmBackend]] as const)('%s: logits, losses and every gradient are those of PyTorch', (_, create) => {
  const backend = create();
  const model = trainable(backend as ReturnType<typeof wasmBackend>, base, plan, 'mean');
  model.block.write(adapter.values);
  expect(distance(logits(backend as ReturnType<typeof wasmBackend>, model, batch), golden.logits.flat())).toBeLessThan(2e-6);
  const { loss, perRow } = accumulate(backend as ReturnType<typeof wasmBackend>, model, batch);
  expect(loss).toBeCloseTo(golden.loss, 5);
  expect(distance(perRow, golden.perRow)).toBeLessThan(2e-6);
  const found = new Float64Array(plan.count);
  model.block.read(found);
  for (const [name, tensor] of gradients) {
    const { offset, rows: height, cols } = plan.slots.get(name)!;
    expect(distance(found.subarray(offset, offset + height * cols), toFloat32(name, tensor, refuse).values), name).toBeLessThan(1e-5);
  }
});

test('merged into the weights, the adapter predicts as PyTorch does', () => {
  const backend = wasmBackend();
  expect(distance(logits(backend, merged(backend, base, plan, 'mean', adapter.values), batch), golden.logits.flat())).toBeLessThan(5e-6);
});

test('twelve steps of AdamW with clipping, warm-up and linear decay give the losses of PyTorch', async () => {
  const { steps, rate, warmup, weightDecay, losses } = golden.training;
  const team = await createTeam({ base, plan, pooling: 'mean', use: 'train', workers: 1, values: adapter.values });
  const found: number[] = [];
  // One batch an epoch: its rows come in another order each time, and the loss does not care.
  await train(team, rows, { epochs: steps, batchSize: rows.length, learningRate: rate, warmup, weightDecay, schedule: 'linear', seed: 1 }, ({ loss }) => found.push(loss));
  expect(found.length).toBe(steps);
  found.forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 4));
});
