import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/lora/tokenizer.ts';
import { writeTinyBase } from './tiny.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  await writeTinyBase(folder, ['hello', 'world']);
});
afterAll(() => rm(folder, { recursive: true }));

test('texts become tokens between [CLS] and [SEP]; long ones keep both', async () => {
  const tokenizer = await loadTokenizer(folder);
  const encode = (text: string, maxLength: number) => [...tokenizer.encode(text, maxLength).tokens];
  expect(encode('Hello world unheard', 16)).toEqual([2, 5, 6, 1, 3]);
  expect(encode('hello hello hello world', 4)).toEqual([2, 5, 5, 3]);
  expect(encode('hello hello hello world', 16)).toEqual([2, 5, 5, 5, 6, 3]);
  expect(encode('', 16)).toEqual([2, 3]);
  expect(tokenizer.encode('hello '.repeat(1e6), 8)).toMatchObject({ tokens: { length: 8 }, truncated: true });
});

test('a tokenizer that cannot be read is refused by name', async () => {
  await writeFile(join(folder, 'tokenizer.json'), '{');
  await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'bad-base' });
});
