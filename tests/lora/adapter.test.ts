import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ADAPTER_FILES, adapterDigest, adapterFiles } from '../../src/lora/adapter-files.ts';
import type { Adapter } from '../../src/lora/adapter.ts';
import { initialValues, merge, warmStart } from '../../src/lora/adapter.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import { outputs, parseAdapter, trainable } from '../../src/lora/learner.ts';
import { normal, random } from '../../src/lora/random.ts';
import { writeSafetensors } from '../../src/lora/safetensors.ts';
import { toTensors } from '../../src/lora/adapter.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';
import { tinyBase, tinyBatch, tinyPlan } from './tiny.ts';

const base = tinyBase();
const LABELS = ['a', 'b', 'c'];
const HEAD_KEY = 'base_model.model.classifier.weight';
const HEAD_BIAS_KEY = 'base_model.model.classifier.bias';
const plan = tinyPlan(base, LABELS.length, { r: 2, alpha: 8, targets: 'all-linear' });
const uniform = random(1, 'adapter');
const values = Float32Array.from({ length: plan.count }, () => normal(uniform));
const adapter: Adapter = { shape: plan.shape, kind: 'sequence', quantisation: 'none', labels: LABELS, pooling: 'mean', baseDigest: base.digest, maxLength: 16, values };
const files = adapterFiles(plan, adapter, 'base');

test('keys, shapes and number of parameters are those of PEFT for BertForSequenceClassification', () => {
  const keys = [...plan.slots.keys()];
  expect(keys).toContain('base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight');
  expect(keys).toContain('base_model.model.bert.encoder.layer.1.output.dense.lora_B.weight');
  expect(keys).toContain('base_model.model.classifier.bias');
  expect(keys.length).toBe(2 * 6 * 2 + 2);
  // Counted by hand: d 16, m 24; per layer four 16 x 16, one 16 to 24, one 24 to 16; the head.
  expect(plan.count).toBe(2 * 2 * (4 * 32 + 40 + 40) + 3 * 16 + 3);
  expect(plan.slots.get('base_model.model.bert.encoder.layer.0.output.dense.lora_A.weight')).toMatchObject({ rows: 2, cols: 24 });
});

test('targets are matched as PEFT matches them, and one that matches nothing is refused', () => {
  const some = tinyPlan(base, 2, { r: 2, alpha: 4, targets: ['query', 'value'] });
  expect([...some.slots.keys()].filter((key) => key.includes('lora_A')).length).toBe(4);
  expect(() => tinyPlan(base, 2, { r: 2, alpha: 4, targets: ['query', 'uery'] })).toThrow(/"uery" names no linear layer/);
});

test('what is written is read back', () => {
  expect(parseAdapter(base, files, 'x')).toEqual(adapter);
  expect(adapterDigest(files)).toBe(adapterDigest(adapterFiles(plan, adapter, 'elsewhere')));
});

test('a fresh adapter changes nothing: B = 0 is the identity', () => {
  const [backend, batch] = [wasmBackend(), tinyBatch([4, 7], 3)];
  const fresh = initialValues(plan, 1);
  const without = fresh.slice();
  for (const { role, offset, rows, cols } of plan.slots.values()) if (role === 'A') without.fill(0, offset, offset + rows * cols);
  const model = trainable(backend, base, plan);
  model.block.write(fresh);
  const found = outputs(backend, model, batch);
  model.block.write(without);
  expect(found).toEqual(outputs(backend, model, batch));
  expect(fresh.some((value) => value !== 0)).toBe(true);
});

test('merging and unmerging gives the weight back to within rounding; numbers that are not finite are refused, and nothing is changed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 }), fc.integer(), (outputs, inputs, rank, seed) => {
      const draw = random(seed, 'merge');
      const some = (count: number): Float32Array => Float32Array.from({ length: count }, () => normal(draw));
      const [weight, a, b] = [some(outputs * inputs), some(rank * inputs), some(outputs * rank)];
      const back = merge(merge(weight, a, b, rank, 2, 'x'), a, b, rank, -2, 'x');
      weight.forEach((value, i) => expect(back[i]).toBeCloseTo(value, 4));
    }),
  );
  const weight = Float32Array.from([1, 2]);
  expect(() => merge(weight, Float32Array.from([1e30, 0]), Float32Array.from([1e30]), 1, 1, 'layer x')).toThrow(/layer x.*not finite/);
  expect([...weight]).toEqual([1, 2]);
});

const tensors = toTensors(plan, values);
const withWeights = (change: (map: typeof tensors) => void): AdapterFiles => {
  const map = new Map(tensors);
  change(map);
  return { ...files, weights: writeSafetensors(map) };
};
const withJson = (name: 'config' | 'trimtab', change: Record<string, unknown>): AdapterFiles => {
  const bytes = name === 'config' ? files.config : files.extra[ADAPTER_FILES.trimtab]!;
  const changed = Buffer.from(JSON.stringify({ ...(JSON.parse(Buffer.from(bytes).toString()) as object), ...change }));
  return name === 'config' ? { ...files, config: changed } : { ...files, extra: { [ADAPTER_FILES.trimtab]: changed } };
};
const bias = tensors.get(HEAD_BIAS_KEY)!;

test.each([
  ['a missing tensor', withWeights((map) => map.delete(HEAD_KEY)), /classifier.weight" is missing/],
  ['an unexpected tensor', withWeights((map) => map.set('base_model.model.score.weight', bias)), /score.weight" has no place/],
  ['a wrong shape', withWeights((map) => map.set(HEAD_BIAS_KEY, { shape: [1, 3], values: bias.values })), /shape \[1,3\]/],
  ['a number that is not finite', withWeights((map) => map.set(HEAD_BIAS_KEY, { shape: [3], values: Float32Array.from([0, NaN, 0]) })), /not finite/],
  ['weights that are no safetensors', { ...files, weights: new Uint8Array(3) }, /3 bytes/],
  ['another rank', withJson('config', { r: 3 }), /lora_A.weight" has shape/],
  ['a rank that is no number', withJson('config', { r: '2' }), /r "2"/],
  ['another method', withJson('config', { peft_type: 'IA3' }), /"IA3"/],
  ['DoRA', withJson('config', { use_dora: true }), /use_dora true/],
  ['rsLoRA that is no flag', withJson('config', { use_rslora: 1 }), /use_rslora 1/],
  ['another task', withJson('config', { task_type: 'TOKEN_CLS' }), /"TOKEN_CLS"/],
  ['an unknown head', withJson('trimtab', { head: 'tail' }), /head "tail"/],
  ['an unknown form of the base', withJson('trimtab', { quantisation: 'int3' }), /quantisation "int3"/],
  ['a rank pattern', withJson('config', { rank_pattern: { query: 4 } }), /rank_pattern/],
  ['an unknown field that does something', withJson('config', { use_tomorrow: 1 }), /use_tomorrow 1/],
  ['other trained modules', withJson('config', { modules_to_save: ['classifier', 'pooler'] }), /modules_to_save/],
  ['another base', withJson('trimtab', { baseDigest: '0'.repeat(64) }), /trained on a base with digest 000/],
  ['a label twice', withJson('trimtab', { labels: ['a', 'a', 'b'] }), /different labels/],
  ['a label too few', withJson('trimtab', { labels: ['a', 'b'] }), /classifier.weight" has shape/],
  ['an unknown pooling', withJson('trimtab', { pooling: 'max' }), /pooling "max"/],
  ['more tokens than the base has positions', withJson('trimtab', { maxLength: 33 }), /maxLength 33; at most 32/],
  ['a later version', withJson('trimtab', { version: 2 }), /version 2/],
  ['no trimtab.json', { ...files, extra: {} }, /trimtab.json is missing/],
  ['JSON that is none', { ...files, config: Buffer.from('{') }, /adapter_config.json is not JSON/],
])('%s is refused by name', (_, bad, message) => {
  expect(() => parseAdapter(base, bad, 'x')).toThrow(message);
});

test('a warm start keeps the head row of each label by its name and starts new ones fresh', () => {
  const wider = tinyPlan(base, 4, { r: 2, alpha: 8, targets: 'all-linear' });
  const started = warmStart(wider, ['c', 'new', 'a', 'b'], adapter, plan, LABELS, 5);
  const [head, headBias, oldHead] = [wider.slots.get(HEAD_KEY)!, wider.slots.get(HEAD_BIAS_KEY)!, plan.slots.get(HEAD_KEY)!];
  const row = (all: Float32Array, offset: number, i: number): number[] => [...all.subarray(offset + i * 16, offset + (i + 1) * 16)];
  [2, -1, 0, 1].forEach((old, i) => {
    if (old >= 0) expect(row(started, head.offset, i)).toEqual(row(values, oldHead.offset, old));
    else expect(row(started, head.offset, i)).toEqual(row(initialValues(wider, 5), head.offset, i));
    expect(started[headBias.offset + i]).toBe(old >= 0 ? values[plan.slots.get(HEAD_BIAS_KEY)!.offset + old] : 0);
  });
  expect([...started.subarray(0, head.offset)]).toEqual([...values.subarray(0, oldHead.offset)]);
});

test.each([
  ['rank', { r: 4, alpha: 8, targets: 'all-linear' }],
  ['scale', { r: 2, alpha: 4, targets: 'all-linear' }],
  ['set of layers', { r: 2, alpha: 8, targets: ['query'] }],
] as const)('a warm start from another %s is refused', (_, shape) => {
  expect(() => warmStart(tinyPlan(base, 3, shape), LABELS, adapter, plan, LABELS, 5)).toThrow(/its shape is r 2, alpha 8 on query, key/);
});
