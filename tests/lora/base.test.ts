import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WeightReader } from '../../src/lora/base.ts';
import { combineDigests, outlineBase, readBase, readWeights, storedTensors, weightFiles } from '../../src/lora/base.ts';
import type { FloatTensor } from '../../src/lora/safetensors.ts';
import { writeSafetensors } from '../../src/lora/safetensors.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'base-'));
});
afterAll(() => rm(root, { recursive: true }));

const WORDS = 'embeddings.word_embeddings.weight';
const tensor = (shape: number[], first: number): FloatTensor => ({ shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i) });
const ALL = new Map([
  [WORDS, tensor([3, 2], 1)],
  ['embeddings.LayerNorm.weight', tensor([2], 10)],
  ['encoder.layer.0.output.dense.weight', tensor([2, 4], 100)],
]);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A folder of its own; `files` are names and contents. */
async function folder(files: Readonly<Record<string, Uint8Array | object | string>>): Promise<string> {
  const path = await mkdtemp(join(root, 'folder-'));
  await mkdir(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), content instanceof Uint8Array || typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}

const part = (...names: string[]): Uint8Array => writeSafetensors(new Map([...ALL].filter(([name]) => names.includes(name))));
const [one, two, three] = [...ALL.keys()] as [string, string, string];
const [A, B] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const index = (map: object): object => ({ metadata: { total_size: 64 }, weight_map: map });
const config = { model_type: 'bert' };
const sharded = (changes: Readonly<Record<string, Uint8Array | object | string>> = {}): Promise<string> =>
  folder({ 'config.json': config, [A]: part(one, two), [B]: part(three), 'model.safetensors.index.json': index({ [one]: A, [three]: B, [two]: A }), ...changes });

test('one file: its tensors in shared memory, its own digest, and no other digest passes', async () => {
  const file = writeSafetensors(ALL);
  const path = await folder({ 'config.json': config, 'model.safetensors': file });
  const base = await readBase(path, null);
  expect(base.config).toEqual(config);
  expect([...base.tensors.keys()]).toEqual([...ALL.keys()]);
  expect([...base.tensors.values()].every(({ bytes }) => bytes.buffer instanceof SharedArrayBuffer)).toBe(true);
  expect(base.digest).toBe(sha256(file));
  expect((await readBase(path, base.digest)).digest).toBe(base.digest);
  await expect(readBase(path, 'f'.repeat(64))).rejects.toThrow(/digest [0-9a-f]{64}; the digest that was asked for, f{64}/);
});

test('shards: the same tensors, one digest over all of them', async () => {
  const path = await sharded();
  const base = await readBase(path, null);
  const weights = readWeights(base, WORDS);
  for (const [name, { shape, values }] of ALL) expect([...weights.take(name, ...shape).values]).toEqual([...values]);
  expect(await weightFiles(path)).toEqual([A, B]);
  expect(base.digest).toBe(combineDigests([sha256(part(one, two)), sha256(part(three))]));
  expect(base.digest).toBe(sha256(Buffer.from(sha256(part(one, two)) + sha256(part(three)))));
  const other = await readBase(await sharded({ [B]: writeSafetensors(new Map([[three, tensor([2, 4], 101)]])) }), null);
  expect(other.digest).not.toBe(base.digest);
});

test('an outline has every shape and no bytes, of one file and of shards', async () => {
  for (const path of [await folder({ 'config.json': config, 'model.safetensors': writeSafetensors(ALL) }), await sharded()]) {
    const { tensors, digest } = await outlineBase(path);
    expect(digest).toBe('');
    for (const [name, { shape }] of ALL) expect(tensors.get(name)).toMatchObject({ dtype: 'F32', shape, bytes: { byteLength: 0 } });
  }
});

test.each([
  ['no config', { 'model.safetensors': new Uint8Array(8) }, /config.json cannot be read/],
  ['a config that is no JSON', { 'config.json': '{', 'model.safetensors': new Uint8Array(8) }, /config.json is not JSON/],
  ['a config that is a list', { 'config.json': [], 'model.safetensors': new Uint8Array(8) }, /config.json is not an object/],
  ['no weights', { 'config.json': config }, /model.safetensors.index.json cannot be read .* a folder with config.json and model.safetensors/],
  ['an index without a map', { 'config.json': config, 'model.safetensors.index.json': {} }, /no weight_map/],
  ['an index that leads out of the folder', { 'config.json': config, 'model.safetensors.index.json': index({ a: '../b.safetensors' }) }, /the file "..\/b.safetensors"/],
])('%s is refused', async (_, files, message) => {
  const path = await folder(files);
  await expect(readBase(path, null)).rejects.toThrow(message);
  await expect(outlineBase(path)).rejects.toThrow(message);
});

test('a missing shard, one that is cut off, one without its tensor, one with a tensor too many: each is refused by name', async () => {
  const missing = await sharded();
  await rm(join(missing, B));
  const cut = await sharded();
  await truncate(join(cut, A), (await readFile(join(cut, A))).length - 5);
  const cutInHeader = await sharded();
  await truncate(join(cutInHeader, B), 20);
  const cases: [string, RegExp][] = [
    [missing, /model-00002-of-00002.safetensors cannot be read \(ENOENT/],
    [cut, /model-00001-of-00002.safetensors: the tensors need 32 bytes, but only 27 follow the header: the file is cut off/],
    [cutInHeader, /model-00002-of-00002.safetensors: the header claims \d+ bytes of a file of 20/],
    [await sharded({ [A]: part(one) }), /model-00001-of-00002.safetensors has no tensor "embeddings.LayerNorm.weight"/],
    [await sharded({ [B]: part(two, three) }), /model-00002-of-00002.safetensors has tensor "embeddings.LayerNorm.weight"; .*: model-00001/],
    [await sharded({ [B]: writeSafetensors(new Map([[three, tensor([2, 4], 0)], ['toString', tensor([1], 0)]])) }), /has tensor "toString"; .*: nothing/],
  ];
  for (const [path, message] of cases) {
    await expect(readBase(path, null)).rejects.toMatchObject({ code: 'bad-base' });
    await expect(readBase(path, null)).rejects.toThrow(message);
    await expect(outlineBase(path)).rejects.toThrow(message);
  }
});

const reader = (tensors: ReadonlyMap<string, FloatTensor>): WeightReader => readWeights({ path: 'here', config, tensors: storedTensors(tensors), digest: '' }, WORDS);
const prefixed = (prefix: string, ...more: [string, FloatTensor][]): Map<string, FloatTensor> => new Map([...[...ALL].map(([name, value]): [string, FloatTensor] => [prefix + name, value]), ...more]);
const takeAll = (weights: WeightReader): void => [...ALL].forEach(([name, { shape }]) => weights.take(name, ...shape));
const HEADS = /^(pooler\.|cls\.|lm_head\.)/;

test.each(['', 'bert.', 'model.'])('behind the prefix "%s" are the bare names; heads that are known to be unused are left alone', (prefix) => {
  const weights = reader(prefixed(prefix, [`${prefix}pooler.dense.weight`, tensor([2, 2], 0)], ['cls.predictions.bias', tensor([3], 0)]));
  expect(weights.prefix).toBe(prefix);
  expect([weights.has(one), weights.has('encoder.layer.9')]).toEqual([true, false]);
  takeAll(weights);
  expect(weights.has(one)).toBe(false);
  expect(() => weights.finish(HEADS)).not.toThrow();
});

test('a language head stands outside the prefix', () => {
  const weights = reader(prefixed('model.', ['lm_head.weight', tensor([3, 2], 7)]));
  expect([weights.hasOutside('lm_head.weight'), weights.has('lm_head.weight'), weights.hasOutside(one)]).toEqual([true, false, false]);
  expect([...weights.takeOutside('lm_head.weight', 3, 2).values]).toEqual([7, 8, 9, 10, 11, 12]);
});

test('missing, surplus, misshapen, ambiguous and integer tensors are refused by name', () => {
  const weights = reader(prefixed('bert.', ['bert.encoder.layer.7.output.dense.weight', tensor([2, 4], 0)]));
  expect(() => weights.take(three, 4, 2)).toThrow(/"bert.encoder.layer.0.output.dense.weight" has shape \[2, 4\]; \[4, 2\] as config.json says/);
  expect(() => weights.take('encoder.layer.1.output.dense.weight', 2, 4)).toThrow(/"bert.encoder.layer.1.output.dense.weight" is missing/);
  weights.take(one, 3, 2);
  weights.take(two, 2);
  expect(() => weights.finish(HEADS)).toThrow(/"bert.encoder.layer.7.output.dense.weight" has no place/);
  expect(() => reader(new Map([[two, tensor([2], 0)]]))).toThrow(/no tensor is "embeddings.word_embeddings.weight"/);
  expect(() => reader(new Map([[`a.${one}`, tensor([3, 2], 0)], [`b.${one}`, tensor([3, 2], 0)]]))).toThrow(/several tensors are/);
  const integers = { path: 'here', config, tensors: new Map([[one, { dtype: 'I32' as const, shape: [1, 1], bytes: new Uint8Array(4) }]]), digest: '' };
  expect(() => readWeights(integers, WORDS).take(one, 1, 1)).toThrow(/"embeddings.word_embeddings.weight" is I32; F32, F16 or BF16/);
});

test("TensorFlow's names of a norm are today's, and what is taken is the caller's own", () => {
  const tensors = new Map([[WORDS, tensor([3, 2], 1)], ['embeddings.LayerNorm.gamma', tensor([2], 5)], ['embeddings.LayerNorm.beta', tensor([2], 6)]]);
  const weights = reader(tensors);
  expect([...weights.take('embeddings.LayerNorm.weight', 2).values]).toEqual([5, 6]);
  expect([...weights.take('embeddings.LayerNorm.bias', 2).values]).toEqual([6, 7]);
  const base = { path: 'here', config, tensors: storedTensors(tensors), digest: '' };
  readWeights(base, WORDS).take(WORDS, 3, 2).values.fill(0);
  expect(readWeights(base, WORDS).take(WORDS, 3, 2).values[0]).toBe(1);
});

test('large tensors share one room; an outline reads none of them', async () => {
  const weights = reader(prefixed('model.'));
  const room = weights.room(8);
  weights.takeInto(room, three, 2, 4);
  expect([...room]).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
  const again = weights.room(6);
  weights.takeInto(again, one, 3, 2);
  expect(again.buffer).toBe(room.buffer);
  expect([...again]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(() => weights.takeInto(again, one, 3, 2)).toThrow(/"model.embeddings.word_embeddings.weight" is missing/);
  const outline = readWeights(await outlineBase(await sharded()), WORDS);
  expect(outline.room(1e12).length).toBe(0);
  outline.takeInto(outline.room(8), three, 2, 4);
  expect(() => outline.takeInto(outline.room(8), two, 3)).toThrow(/has shape \[2\]/);
});
