/** Tokens and chat templates are transformers' own, for each manner of tokenizer in use and for the bases that the product ships. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/vocabulary.ts';
import { createChat } from '../../src/lora/chat.ts';
import { loadTokenizer } from '../../src/lora/tokenizer.ts';
import { spoken } from '../../src/lora/turns.ts';
import { PYTHON, WHERE, python } from './support.ts';

interface Expected {
  readonly texts: readonly { readonly text: string; readonly tokens: readonly number[]; readonly bare: readonly number[]; readonly decoded: string }[];
  readonly chats: readonly { readonly messages: readonly Message[]; readonly tools?: readonly object[]; readonly add_generation_prompt?: boolean; readonly text?: string; readonly tokens?: readonly number[]; readonly mask?: readonly number[]; readonly refused?: string }[];
}

const MADE = ['llama3', 'qwen', 'smollm', 'mistral', 'bert'];
const MODELS = join(import.meta.dirname, '../../models');
const SHIPPED = ['mini-encoder', 'mini-decoder'].filter((name) => existsSync(join(MODELS, name, 'tokenizer.json')));
const LONG = 10_000;

describe.skipIf(PYTHON === null)(`tokens and chats as transformers makes them${WHERE}`, () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'trimtab-peft-'));
    await python('text.py', root, ...SHIPPED.map((name) => join(MODELS, name)));
  }, 600_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  const folderOf = (name: string): string => (SHIPPED.includes(name) ? join(MODELS, name) : join(root, 'tokenizers', name));
  const expectedOf = async (name: string): Promise<Expected> =>
    JSON.parse(await readFile(SHIPPED.includes(name) ? join(root, 'bases', `${name}.json`) : join(folderOf(name), 'expected.json'), 'utf8')) as Expected;

  test.each([...MADE, ...SHIPPED])('%s: tokens, and the text that they decode to', async (name) => {
    const tokenizer = await loadTokenizer(folderOf(name));
    const { texts } = await expectedOf(name);
    const found = texts.map(({ text, bare }) => ({ text, tokens: Array.from(tokenizer.encode(text, LONG).tokens), bare: Array.from(tokenizer.bare(text)), decoded: tokenizer.decode(bare) }));
    expect(found).toEqual(texts);
  });

  test.each([...MADE.filter((name) => name !== 'bert'), ...SHIPPED.filter((name) => name === 'mini-decoder')])('%s: chats are rendered and encoded as by apply_chat_template, with one BOS, and refused where it refuses', async (name) => {
    const tokenizer = await loadTokenizer(folderOf(name));
    const { chats } = await expectedOf(name);
    const chat = createChat(tokenizer)!;
    expect(chats.length).toBeGreaterThan(0);
    for (const { messages, tools, add_generation_prompt: addGenerationPrompt, text, tokens } of chats) {
      const options = { ...(tools === undefined ? {} : { tools }), ...(addGenerationPrompt === undefined ? {} : { addGenerationPrompt }) };
      if (text === undefined) {
        expect(() => chat(messages, options), JSON.stringify(messages)).toThrow();
        continue;
      }
      expect(chat(messages, options)).toBe(text);
      expect(Array.from(tokenizer.bare(text))).toEqual(tokens);
    }
  });

  test.each(MADE.filter((name) => name !== 'bert'))("%s: of a chat the assistant's turns are learnt, each with its end, as transformers masks them where it is told where they are", async (name) => {
    const tokenizer = await loadTokenizer(folderOf(name));
    const chat = createChat(tokenizer)!;
    const masked = (await expectedOf(name)).chats.filter(({ mask }) => mask?.includes(1));
    expect(masked.length).toBeGreaterThan(3);
    for (const { messages, tools, add_generation_prompt: addGenerationPrompt, tokens, mask } of masked) {
      const found = spoken(tokenizer, [tokenizer.eos!], chat, messages, { ...(tools === undefined ? {} : { tools }), ...(addGenerationPrompt === undefined ? {} : { addGenerationPrompt }) });
      expect(found.tokens).toEqual(tokens);
      expect(found.learnt.map(Number), JSON.stringify(messages)).toEqual(mask);
    }
  });
});
