/** The bundled bases' tokenizers give the ids that Python's give. Golden: models/pretrain/tokenizer_cases.py. */
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baseFolder, golden, readJson } from './bases.ts';

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly decoded: string;
}

function hub(name: 'mini-encoder' | 'mini-decoder'): HubTokenizer {
  const [model, config] = ['tokenizer.json', 'tokenizer_config.json'].map((file) => readJson(join(baseFolder(name), file)) as Record<string, unknown>);
  return new HubTokenizer(model!, config!);
}

const encoder = hub('mini-encoder');
const decoder = hub('mini-decoder');
const decode = (ids: number[]): string => decoder.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
/** JavaScript's \s has it, Unicode's white space has not: the encoder's normaliser takes it away here and keeps it in Python (its card says so). */
const BYTE_ORDER_MARK = '\ufeff';

test('the decoder: same ids, and every text comes back as Python gives it back', () => {
  const cases = golden('decoder-tokens') as Case[];
  expect(cases.length).toBeGreaterThan(40);
  for (const { text, ids, decoded } of cases) {
    expect({ text, ids: text === '' ? [] : decoder.encode(text).ids }).toEqual({ text, ids });
    if (ids.length > 0) expect(decode([...ids])).toBe(decoded);
    expect(decoded).toBe(text);
  }
});

test('the decoder gives back any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (text) => {
    expect(decode(decoder.encode(text).ids)).toBe(text);
  }), { numRuns: 300, seed: 1 });
});

test('the encoder: same ids but for the byte order mark, the known limit', () => {
  const cases = golden('encoder-tokens') as Case[];
  expect(cases.length).toBeGreaterThan(40);
  const different = cases.filter(({ text, ids }) => encoder.encode(text).ids.join() !== ids.join());
  expect(different.map(({ text }) => text)).toEqual(cases.map(({ text }) => text).filter((text) => text.includes(BYTE_ORDER_MARK)));
  expect(different.length).toBe(1);
});
