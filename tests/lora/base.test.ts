import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { readBase } from '../../src/lora/base.ts';
import { bertConfig, loadBert } from '../../src/lora/models/bert.ts';
import { writeSafetensors } from '../../src/lora/safetensors.ts';
import { loadTokenizer } from '../../src/lora/tokenizer.ts';
import { TINY, tinyBase, tinyTensors, writeTinyBase } from './tiny.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'base-'));
  await writeTinyBase(folder, ['hello', 'world']);
});
afterAll(() => rm(folder, { recursive: true }));

const load = (tensors: ReturnType<typeof tinyTensors>): void => {
  loadBert(referenceBackend(), { ...tinyBase(), file: writeSafetensors(tensors) }, { loras: [], adjust: (_, weight) => weight, backward: false });
};

test('a base is what its folder holds, and only with the digest that was asked for', async () => {
  const base = await readBase(folder, null);
  expect(bertConfig(base)).toMatchObject({ d: 16, m: 24, layers: 2, heads: 2, vocabulary: 50, positions: 32 });
  expect((await readBase(folder, base.digest)).digest).toBe(base.digest);
  await expect(readBase(folder, 'f'.repeat(64))).rejects.toMatchObject({ code: 'bad-base' });
});

test.each([
  [{ model_type: 'roberta' }, /model_type "roberta"; "bert"/],
  [{ hidden_act: 'gelu_new' }, /hidden_act "gelu_new"/],
  [{ position_embedding_type: 'relative_key' }, /"relative_key"/],
  [{ num_attention_heads: 3 }, /hidden_size 16 is not a multiple of num_attention_heads 3/],
  [{ num_hidden_layers: 0 }, /num_hidden_layers 0/],
  [{ vocab_size: '50' }, /vocab_size "50"/],
])('config %j is refused', (change, message) => {
  const base = tinyBase();
  expect(() => bertConfig({ ...base, config: { ...base.config, ...change } })).toThrow(message);
});

test('missing, surplus and misshapen tensors are refused; those of other heads are left alone', () => {
  const change = (edit: (tensors: ReturnType<typeof tinyTensors>) => void): ReturnType<typeof tinyTensors> => {
    const tensors = tinyTensors(TINY, 1);
    edit(tensors);
    return tensors;
  };
  const pooler = { shape: [16, 16], values: new Float32Array(256) };
  expect(() => load(change((tensors) => tensors.set('pooler.dense.weight', pooler)))).not.toThrow();
  expect(() => load(change((tensors) => tensors.delete('encoder.layer.1.output.dense.bias')))).toThrow(/"encoder.layer.1.output.dense.bias" is missing/);
  expect(() => load(change((tensors) => tensors.set('encoder.layer.2.output.dense.bias', pooler)))).toThrow(/"encoder.layer.2.output.dense.bias" has no place/);
  expect(() => load(change((tensors) => tensors.set('encoder.layer.0.output.dense.weight', pooler)))).toThrow(/shape \[16, 16\]; \[16, 24\]/);
});

test('texts become tokens between [CLS] and [SEP]; long ones keep both', async () => {
  const tokenizer = await loadTokenizer(folder);
  expect([...tokenizer.encode('Hello world unheard', 16)]).toEqual([2, 5, 6, 1, 3]);
  expect([...tokenizer.encode('hello hello hello world', 4)]).toEqual([2, 5, 5, 3]);
  expect([...tokenizer.encode('hello hello hello world', 16)]).toEqual([2, 5, 5, 5, 6, 3]);
  expect([...tokenizer.encode('', 16)]).toEqual([2, 3]);
  expect(tokenizer.encode('hello '.repeat(1e6), 8).length).toBe(8);
});

test('a tokenizer that cannot be read is refused by name', async () => {
  await writeFile(join(folder, 'tokenizer.json'), '{');
  await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'bad-base' });
});
