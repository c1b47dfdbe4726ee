/** What of a text is learnt: completions and their end, never the prompt; one BOS; the base's own chat template. */
import { expect, test } from 'vitest';
import { generation } from '../../../src/lora/codecs/index.ts';
import { byteLevel, byteLevelFiles, metaspace } from '../tokenizers.ts';
import { createTokenizer } from '../../../src/lora/tokenizer.ts';

const chatty = byteLevel();
const plain = metaspace();
const targetsOf = (row: { readonly targets: Int32Array }): number[] => [...row.targets].filter((target) => target >= 0);

test('the end of a completion is learnt, also where the base pads with it', () => {
  const { config } = byteLevelFiles();
  expect(config['pad_token']).toBe(config['eos_token']);
  for (const tokenizer of [chatty, plain]) {
    const { row } = generation({ tokenizer, maxLength: 64 }).example({ text: 'play', completion: 'yes' });
    expect(targetsOf(row)).toEqual([...tokenizer.bare('yes'), tokenizer.eos]);
    expect(row.targets.at(-1)).toBe(tokenizer.eos);
  }
});

test('nothing of the prompt is learnt, and each target stands where its token is asked for', () => {
  const { row } = generation({ tokenizer: plain, maxLength: 64 }).example({ text: 'play', completion: 'yes' });
  const prompt = [...plain.opening, ...plain.bare('play\n')];
  const answer = [...plain.bare('yes'), plain.eos!];
  expect([...row.tokens]).toEqual([...prompt, ...answer.slice(0, -1)]);
  expect([...row.targets]).toEqual([...prompt.slice(1).map(() => -1), ...answer]);
});

test('one BOS: put in front where there is no template, and left to the template where there is one', () => {
  const bos = plain.opening[0]!;
  const count = (tokens: Int32Array): number => tokens.filter((token) => token === bos).length;
  expect(count(generation({ tokenizer: plain, maxLength: 64 }).question('play').row.tokens)).toBe(1);
  const templated = { ...plain, chatTemplate: "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}" };
  const { row } = generation({ tokenizer: templated, maxLength: 64 }).example({ text: 'play', completion: 'yes' });
  expect(count(row.tokens)).toBe(1);
  expect(row.tokens[0]).toBe(bos);
});

test('a text is a chat of one message to a base with a template, and what is asked is what was learnt', () => {
  const codec = generation({ tokenizer: chatty, maxLength: 64 });
  const asked = codec.question('play').row.tokens;
  expect([...codec.question({ messages: [{ role: 'user', content: 'play' }] }).row.tokens]).toEqual([...asked]);
  expect([...asked]).toEqual([...chatty.bare('<|start|>user\nplay<|end|>\n<|start|>assistant\n')]);
  expect([...codec.example({ text: 'play', completion: 'yes' }).row.tokens.subarray(0, asked.length)]).toEqual([...asked]);
});

test('a prompt that is too long loses its start, keeps its BOS and the whole completion, and says so', () => {
  const codec = generation({ tokenizer: plain, maxLength: 16 });
  const { row, truncated } = codec.example({ text: 'abc '.repeat(40), completion: 'yes' });
  expect(truncated).toBe(true);
  expect(row.tokens.length).toBe(16);
  expect(row.tokens[0]).toBe(plain.opening[0]);
  expect(targetsOf(row)).toEqual([...plain.bare('yes'), plain.eos]);
  expect(codec.example({ text: 'abc', completion: 'yes' }).truncated).toBe(false);
});

test('a completion that is longer than the context is cut, and then its end is not learnt', () => {
  const { row, truncated } = generation({ tokenizer: plain, maxLength: 16 }).example({ text: 'a', completion: 'b'.repeat(40) });
  expect(truncated).toBe(true);
  expect(row.tokens.length).toBe(16);
  expect(row.targets).not.toContain(plain.eos);
});

test('a base without an end of text cannot be trained to end', () => {
  const { model, config } = byteLevelFiles();
  const { eos_token: _, ...rest } = config;
  expect(() => generation({ tokenizer: createTokenizer('x', model, rest), maxLength: 16 })).toThrow(/names no end of a text/);
  expect(() => generation({ tokenizer: plain, maxLength: 16 }).question({ messages: [{ role: 'user', content: 'a' }] })).toThrow(/no chat template/);
});

test('all tokens that generation_config.json names end an answer, and of them the template\'s own is learnt', () => {
  const { model, config } = byteLevelFiles();
  const [end, start] = [0, 1];
  const other: Record<string, unknown> = { ...config, eos_token: '<|start|>' };
  const codecOf = (given: object, generation_?: object) => generation({ tokenizer: createTokenizer('x', model, { ...given }, { ...generation_ }), maxLength: 64 });
  const learnt = (codec: ReturnType<typeof generation>) => codec.example({ text: 'play', completion: 'yes' }).row.targets.at(-1);
  const both = codecOf(other, { eos_token_id: [end] });
  expect(both.stopTokens).toEqual([start, end]);
  expect(learnt(both)).toBe(end);
  expect([both.text([...chatty.bare('yes'), end]), both.text([...chatty.bare('yes'), start])]).toEqual(['yes', 'yes']);
  // where nobody names the template's end, a model would never stop at it
  expect(learnt(codecOf(other))).toBe(start);
  const { chat_template: _, ...templateless } = other;
  expect(learnt(codecOf(templateless, { eos_token_id: [end, start] }))).toBe(start);
  const { eos_token: __, ...nameless } = config;
  expect(codecOf(nameless, { eos_token_id: end })).toMatchObject({ stopTokens: [end] });
  expect(() => codecOf(config, { eos_token_id: [end, 9_999] })).toThrow('its generation_config.json has eos_token_id 9999, which is no token; one id, or a list of ids');
  expect(codecOf(config, { eos_token_id: null }).stopTokens).toEqual([end]);
});

test('what a template refuses is an error of the data, in its words', () => {
  const strict = { ...plain, chatTemplate: "{{ raise_exception('roles must alternate') }}" };
  expect(() => generation({ tokenizer: strict, maxLength: 16 }).question('a')).toThrow(/roles must alternate/);
});
