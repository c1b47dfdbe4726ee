/** The bundled decoder: its files fit each other, and our engine computes with them what transformers does. Golden: models/pretrain/chat_cases.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { Base } from '../../src/lora/base.ts';
import { readBase } from '../../src/lora/base.ts';
import { generation as codecOf } from '../../src/lora/codecs/index.ts';
import { canonicalChat, chatIn, taskRules } from '../../src/tasks/index.ts';
import type { Message } from '../../src/vocabulary.ts';
import { createChat } from '../../src/lora/chat.ts';
import { generate } from '../../src/lora/generate.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import { GREEDY } from '../../src/lora/sampling.ts';
import type { Tokenizer } from '../../src/lora/tokenizer.ts';
import { loadTokenizer } from '../../src/lora/tokenizer.ts';
import { baseFolder, golden, readJson } from './bases.ts';

interface Case {
  readonly messages: readonly Message[];
  readonly tools?: readonly object[];
  readonly addGenerationPrompt?: boolean;
  readonly text: string;
  readonly ids: readonly number[];
  readonly answer?: { readonly tokens: readonly number[]; readonly logProbabilities: readonly number[] };
}

const FOLDER = baseFolder('mini-decoder');
const CASES = golden('decoder-chats') as Case[];
let base: Base;
let tokenizer: Tokenizer;
beforeAll(async () => {
  [base, tokenizer] = await Promise.all([readBase(FOLDER, null), loadTokenizer(FOLDER)]);
});

test('the weights are those of the configuration, in f16, finite, and as many as the card says', () => {
  const config = base.config as Record<string, number>;
  const [d, m, layers, vocabulary] = ['hidden_size', 'intermediate_size', 'num_hidden_layers', 'vocab_size'].map((name) => config[name]!) as [number, number, number, number];
  const narrow = config['num_key_value_heads']! * config['head_dim']!;
  const layer = { 'self_attn.q_proj': [d, d], 'self_attn.k_proj': [narrow, d], 'self_attn.v_proj': [narrow, d], 'self_attn.o_proj': [d, d], 'mlp.gate_proj': [m, d], 'mlp.up_proj': [m, d], 'mlp.down_proj': [d, m], input_layernorm: [d], post_attention_layernorm: [d] };
  const wanted = new Map<string, number[]>([['model.embed_tokens.weight', [vocabulary, d]], ['model.norm.weight', [d]]]);
  for (let i = 0; i < layers; i += 1) for (const [name, shape] of Object.entries(layer)) wanted.set(`model.layers.${i}.${name}.weight`, shape);

  expect(new Map([...base.tensors].map(([name, { shape }]) => [name, [...shape]]))).toEqual(wanted);
  let count = 0;
  for (const { dtype, bytes } of base.tensors.values()) {
    expect(dtype).toBe('F16');
    const halves = new Uint16Array(bytes.slice().buffer);
    expect(halves.some((half) => (half & 0x7c00) === 0x7c00)).toBe(false);
    count += halves.length;
  }
  expect(count).toBe(7_999_744);
  expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(count.toLocaleString('en-US'));
});

test('configuration, generation and tokenizer name the same tokens', () => {
  const { model, added_tokens: added } = readJson(join(FOLDER, 'tokenizer.json')) as { model: { vocab: Record<string, number> }; added_tokens: { id: number; content: string }[] };
  const ids = new Set([...Object.values(model.vocab), ...added.map(({ id }) => id)]);
  expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: base.config['vocab_size'] as number }, (_, id) => id));
  const idOf = (mark: string): number => tokenizer.bare(mark)[0]!;
  const [end, turn, pad] = ['<|endoftext|>', '<|im_end|>', '<|pad|>'].map(idOf);
  expect(base.config).toMatchObject({ bos_token_id: end, eos_token_id: turn, pad_token_id: pad });
  expect(readJson(join(FOLDER, 'generation_config.json'))).toMatchObject({ bos_token_id: end, eos_token_id: [turn, end], pad_token_id: pad });
  expect(tokenizer.eos).toBe(turn);
  expect(tokenizer.ends).toEqual([turn, end]);
  expect([tokenizer.opening, tokenizer.closing]).toEqual([[], []]);
});

test('chats are rendered and encoded as transformers does, tools and calls of tools included', () => {
  const chat = createChat(tokenizer)!;
  for (const { messages, tools, addGenerationPrompt, text, ids } of CASES) {
    const rendered = chat(messages, { ...(tools && { tools }), ...(addGenerationPrompt !== undefined && { addGenerationPrompt }) });
    expect(rendered).toBe(text);
    expect([...tokenizer.bare(rendered)]).toEqual(ids);
  }
});

test('what the service stores of a chat and its tools is asked and learnt with the tokens that transformers makes', () => {
  const codec = codecOf({ tokenizer, maxLength: 1024 });
  const asked = CASES.filter(({ addGenerationPrompt }) => addGenerationPrompt !== false);
  expect(asked.some(({ tools }) => tools !== undefined)).toBe(true);
  for (const { messages, tools, ids } of asked) {
    const row = taskRules('generation').toJobRow({ id: 'r', text: canonicalChat({ messages, tools }), label: 'yes' });
    expect([...codec.example(row).row.tokens.subarray(0, ids.length)]).toEqual(ids);
    expect([...codec.question(chatIn(canonicalChat({ messages, tools }))!).row.tokens]).toEqual(ids);
  }
});

test('our engine writes what transformers writes, with the same probabilities', () => {
  const b = wasmBackend();
  const body = architectureOf(base).load(b, base, { loras: [], adjust: (_, weight) => weight, backward: false, output: true });
  const answered = CASES.filter(({ answer }) => answer !== undefined);
  const written = generate(b, body, answered.map(({ ids }) => Int32Array.from(ids)), {
    ...GREEDY, maxTokens: 40, positions: 1024, seed: 1, stop: [], stopTokens: [tokenizer.eos!], decode: (tokens) => tokenizer.decode(tokens),
  });
  expect(answered.length).toBe(4);
  answered.forEach(({ answer }, i) => {
    expect(written[i]!.tokens).toEqual(answer!.tokens);
    written[i]!.logProbabilities.forEach((value, j) => expect(value).toBeCloseTo(answer!.logProbabilities[j]!, 3));
  });
});
