/** What is told of a job's memory before it starts. bench/memory.ts measures whole processes against it. */
import { expect, test } from 'vitest';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import { createArena } from '../../src/lora/backends/simd/arena.ts';
import { countingMachine } from '../../src/lora/backends/wasm/counting.ts';
import { createMachine } from '../../src/lora/backends/wasm/machine.ts';
import { pack } from '../../src/lora/batches.ts';
import { accumulate, outputs, trainable } from '../../src/lora/learner.ts';
import type { MemoryQuestion } from '../../src/lora/memory.ts';
import { checkMemory, frozenBytes, predictMemory } from '../../src/lora/memory.ts';
import { DECODER, ENCODER, JOBS, outlineOf, planOf, rowsOf } from './tiny-jobs.ts';

test.each(JOBS)('%s, %#: an outline counts to the byte what the real model takes', (_name, base, kind, quantisation) => {
  const plan = planOf(base, kind, quantisation);
  const arena = createArena(2 ** 20);
  let most = 0;
  const real = createMachine({
    ...arena,
    allocate(count) {
      const address = arena.allocate(count);
      // As the arena does: whole cache lines.
      most = Math.max(most, address + Math.ceil((count * 4) / 64) * 64);
      return address;
    },
  });
  const counting = countingMachine();
  for (const [machine, from] of [[real, base], [counting.machine, outlineOf(base)]] as const) {
    const backend = wasmBackend(machine);
    const learner = trainable(backend, from, plan);
    for (const batch of pack(rowsOf(plan), Infinity, 1)) {
      accumulate(backend, learner, batch);
      outputs(backend, learner, batch);
    }
  }
  expect(counting.peak()).toBe(most);
});

const question = (changes: Partial<MemoryQuestion> = {}): MemoryQuestion => ({ base: outlineOf(ENCODER), plan: planOf(ENCODER, 'sequence', 'none'), use: 'train', tensorflow: null, workers: 1, batchTokens: 512, longest: 32, rows: 100, dataBytes: 1e5, answers: null, ...changes });
const bytes = (changes: Partial<MemoryQuestion>): number => predictMemory(question(changes)).bytes;

test('more of anything needs more; the parts are the whole; an outline tells what the weights tell', () => {
  const { parts, bytes: all } = predictMemory(question());
  expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBe(all);
  expect(predictMemory(question({ base: ENCODER }))).toEqual(predictMemory(question()));
  for (const more of [{ workers: 2 }, { batchTokens: Infinity, longest: 64 }, { dataBytes: 1e6 }, { rows: 1000 }]) expect(bytes(more)).toBeGreaterThan(all);
  for (const less of [{ use: 'predict' as const }, { batchTokens: 64 }]) expect(bytes(less)).toBeLessThan(all);
});

test('answers are written by a team of their own, whose caches grow with them', () => {
  const plan = planOf(DECODER, 'vocabulary', 'none');
  const parts = (changes: Partial<MemoryQuestion>): ReturnType<typeof predictMemory>['parts'] => predictMemory(question({ base: DECODER, plan, batchTokens: 32, ...changes })).parts;
  const predicting = (rows: number, tokens: number): number => parts({ use: 'predict', answers: { rows, tokens } }).activations;
  expect(parts({}).writing).toBe(0);
  // What trained is still there while the writer loads; threads that trained have gone.
  expect(parts({ answers: { rows: 16, tokens: 8 } }).writing).toBeGreaterThanOrEqual(parts({ use: 'predict' }).frozen);
  expect(parts({ workers: 2, answers: { rows: 16, tokens: 8 } }).writing).toBe(0);
  expect(predicting(16, 32)).toBeGreaterThan(predicting(1, 32));
  expect(predicting(16, 32)).toBeGreaterThan(predicting(16, 8));
  // Sixteen at a time, whatever the exam's length; and none longer than the base's positions.
  expect(predicting(1000, 32)).toBe(predicting(16, 32));
  expect(predicting(16, 1000)).toBe(predicting(16, 32));
});

test('a quantised base holds less, and the result says how much', () => {
  const [plain, nf4] = [planOf(ENCODER, 'sequence', 'none'), planOf(ENCODER, 'sequence', 'nf4')];
  const linear = 2 * (4 * 64 * 64 + 2 * 64 * 128);
  expect(frozenBytes(plain, 'train', 'wasm')).toEqual({ floatBytes: 8 * linear, frozenBytes: 8 * linear });
  expect(frozenBytes(nf4, 'train', 'wasm').floatBytes).toBe(8 * linear);
  expect((8 * frozenBytes(nf4, 'train', 'wasm').frozenBytes) / linear).toBeCloseTo(4.127, 1);
  // TensorFlow reads one copy in both directions.
  expect(frozenBytes(plain, 'train', 'tensorflow')).toEqual({ floatBytes: 4 * linear, frozenBytes: 4 * linear });
  // To predict, the adapter is merged into floats.
  expect(frozenBytes(nf4, 'predict', 'wasm')).toEqual({ floatBytes: 4 * linear, frozenBytes: 4 * linear });
  const saved = predictMemory(question({ plan: plain })).parts.frozen - predictMemory(question({ plan: nf4 })).parts.frozen;
  const { floatBytes, frozenBytes: held } = frozenBytes(nf4, 'train', 'wasm');
  expect(Math.abs(saved - (floatBytes - held))).toBeLessThan(0.01 * floatBytes);
});

const KERNELS = { kernels: true, members: 1 };

test('TensorFlow on a CPU: a copy of the model for each member, and its libraries once', () => {
  const { parts, bytes: all } = predictMemory(question({ tensorflow: KERNELS }));
  const onWasm = predictMemory(question()).parts;
  expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBe(all);
  // Once, where wasm packs linear layers for both directions; each tensor may end with a part of a line of 64 bytes.
  const stored = 4 * [...ENCODER.tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  expect(parts.frozen).toBeLessThanOrEqual(stored + 64 * ENCODER.tensors.size);
  expect(parts.frozen).toBeGreaterThan(0.9 * stored);
  expect(onWasm.frozen).toBeGreaterThan(1.5 * parts.frozen);
  expect(parts.runtime).toBeGreaterThan(onWasm.runtime);
  // The workers of an engine of one member are threads of its ops.
  const { frozen, adapter, activations } = predictMemory(question({ tensorflow: KERNELS, workers: 8 })).parts;
  expect([frozen, adapter, activations]).toEqual([parts.frozen, parts.adapter, parts.activations]);
  const of = (workers: number): typeof parts => predictMemory(question({ tensorflow: { ...KERNELS, members: workers }, workers, batchTokens: 512 * workers })).parts;
  const [two, three] = [of(2), of(3)];
  expect([two.frozen, two.activations]).toEqual([2 * parts.frozen, 2 * parts.activations]);
  expect(three.adapter - two.adapter).toBe(two.adapter - parts.adapter);
  expect(three.runtime - two.runtime).toBeLessThan(0.5 * parts.runtime);
  for (const more of [{ batchTokens: Infinity, longest: 64 }, { dataBytes: 1e6 }, { rows: 1000 }, { tensorflow: { ...KERNELS, kernels: false } }]) expect(bytes({ tensorflow: KERNELS, ...more })).toBeGreaterThan(all);
  expect(bytes({ tensorflow: KERNELS, use: 'predict' })).toBeLessThan(all);
});

test('TensorFlow on a CPU: NF4 is held packed, and what a pass keeps is the sum of both', () => {
  const [plain, nf4] = [planOf(ENCODER, 'sequence', 'none'), planOf(ENCODER, 'sequence', 'nf4')].map((plan) => predictMemory(question({ tensorflow: KERNELS, plan })).parts);
  const { floatBytes, frozenBytes: held } = frozenBytes(planOf(ENCODER, 'sequence', 'nf4'), 'train', 'tensorflow');
  expect(Math.abs(plain!.frozen - nf4!.frozen - (floatBytes - held))).toBeLessThan(0.02 * floatBytes);
  // The merged weights of all layers are floats in both.
  expect(nf4!.activations).toBeGreaterThanOrEqual(plain!.activations);
  expect(plain!.activations).toBeGreaterThan(floatBytes);
});

test('TensorFlow on a CPU: an exam makes full micro-batches, and answers are written by members of our own', () => {
  const small = { tensorflow: KERNELS, batchTokens: 8, longest: 8 };
  const activations = (changes: Partial<MemoryQuestion>): number => predictMemory(question({ ...small, ...changes })).parts.activations;
  expect(activations({ rows: 128 })).toBeGreaterThan(activations({ rows: 1 }));
  expect(activations({ rows: 1000 })).toBe(activations({ rows: 128 }));

  const plan = planOf(DECODER, 'vocabulary', 'none');
  const answering = { base: DECODER, plan, batchTokens: 32, answers: { rows: 16, tokens: 8 } };
  const wasm = predictMemory(question({ ...answering, use: 'predict' })).parts;
  const { parts } = predictMemory(question({ ...answering, tensorflow: KERNELS }));
  expect(parts.writing).toBe(wasm.frozen + wasm.adapter + wasm.activations + wasm.writing);
  // What predicts text is on wasm alone.
  expect(predictMemory(question({ ...answering, tensorflow: KERNELS, use: 'predict' })).parts).toEqual({ ...wasm, runtime: parts.runtime });
});

test('a job that does not fit is refused with both numbers and with what would help', () => {
  const prediction = predictMemory(question({ workers: 2 }));
  const onTensorflow = predictMemory(question({ tensorflow: KERNELS }));
  expect(() => checkMemory(onTensorflow, onTensorflow.bytes, 1)).not.toThrow();
  expect(() => checkMemory(onTensorflow, onTensorflow.bytes - 1, 1)).toThrow(/needs about \d+ MiB of memory/);
  expect(() => checkMemory(prediction, prediction.bytes, 2)).not.toThrow();
  expect(() => checkMemory(prediction, null, 2)).not.toThrow();
  const needed = Math.ceil(prediction.bytes / 2 ** 20);
  expect(() => checkMemory(prediction, 100 * 2 ** 20, 2)).toThrow(new RegExp(`needs about ${needed} MiB of memory, and 100 MiB are there .*fewer workers`));
  expect(() => checkMemory(prediction, 100 * 2 ** 20, 2, (limit) => [`another machine than one of ${limit} bytes`])).toThrow(/fewer workers, another machine than one of 104857600 bytes/);
  try {
    checkMemory(prediction, 1, 2);
  } catch (error) {
    expect(error).toMatchObject({ code: 'too-little-memory', entry: { retryable: false } });
  }
});
