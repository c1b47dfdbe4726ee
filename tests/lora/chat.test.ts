/** Chats of the bundled decoder: the expected texts are transformers 5.24's apply_chat_template(messages, tools=..., tokenize=False). */
import { expect, test } from 'vitest';
import type { Message } from '../../src/vocabulary.ts';
import { createChat } from '../../src/lora/chat.ts';
import { loadTokenizer } from '../../src/lora/tokenizer.ts';

const tokenizer = await loadTokenizer(new URL('../../models/mini-decoder', import.meta.url).pathname);
const chat = createChat(tokenizer)!;

test('plain turns, with signs that markup would escape', () => {
  const messages: Message[] = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi <there> & "you"' }];
  const right = '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi <there> & "you"<|im_end|>\n';
  expect(chat(messages, { addGenerationPrompt: false })).toBe(right);
  expect(chat(messages)).toBe(`${right}<|im_start|>assistant\n`);
});

const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Köln"}}\n</tool_call>';

test.each<string | null>(['', null])('tools, a call (content %j) and its answer', (content) => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const tools = [{ type: 'function', function: { name: 'weather', description: 'Weather of a city.', parameters } }];
  const messages: Message[] = [
    { role: 'user', content: 'Weather in Köln?' },
    { role: 'assistant', content, tool_calls: [{ type: 'function', function: { name: 'weather', arguments: { city: 'Köln' } } }] },
    { role: 'tool', name: 'weather', content: '{"sky": "grey"}' },
  ];
  const schema = '{"type": "function", "function": {"name": "weather", "description": "Weather of a city.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}';
  expect(chat(messages, { tools })).toBe(
    `<|im_start|>system\nYou may call these functions:\n<tools>\n${schema}\n</tools>\nTo call one, answer with its name and arguments as JSON:\n<tool_call>\n{"name": NAME, "arguments": ARGUMENTS}\n</tool_call><|im_end|>\n` +
      `<|im_start|>user\nWeather in Köln?<|im_end|>\n<|im_start|>assistant\n${CALL}<|im_end|>\n<|im_start|>tool\n{"sky": "grey"}<|im_end|>\n<|im_start|>assistant\n`,
  );
});

test('what is learnt behind a prompt is what the template would have written: prompt, completion and end are its tokens', () => {
  const asked: Message[] = [{ role: 'user', content: 'Weather in Köln?' }];
  for (const completion of [CALL, 'Grey, 8 °C.']) {
    const whole = chat([...asked, { role: 'assistant', content: completion }], { addGenerationPrompt: false });
    const learnt = [...tokenizer.bare(chat(asked)), ...tokenizer.bare(completion), tokenizer.eos!];
    // The template closes a turn with its end and a line break, which nobody asks for.
    expect([...tokenizer.bare(whole.trimEnd())]).toEqual(learnt);
  }
});
