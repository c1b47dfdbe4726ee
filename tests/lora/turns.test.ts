/** Which tokens of a chat are learnt with loss `assistantTurns`: what the assistant says and its end, whatever the template. tests/peft has transformers' masks. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/vocabulary.ts';
import { createChat } from '../../src/lora/chat.ts';
import { generation } from '../../src/lora/codecs/index.ts';
import { assistantTurns } from '../../src/lora/turns.ts';
import { byteLevel } from './tokenizers.ts';

const special = { bos_token: '<s>', eos_token: '</s>' };
const template = (name: string): string => readFileSync(new URL(`../peft/templates/${name}.jinja`, import.meta.url), 'utf8');
const chatOf = (chatTemplate: string) => createChat({ chatTemplate, special })!;

const content = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('a', 'user', '<|im_end|>\n<|im_start|>user', ' ', '\n\n', '\ue000', 'assistant\n'));
/** Turns that alternate, the last one the user's. */
const conversation = fc.array(fc.tuple(content, content), { minLength: 1, maxLength: 4 }).map((pairs) => [
  ...pairs.flatMap(([asked, said]): Message[] => [{ role: 'user', content: asked }, { role: 'assistant', content: said }]),
  { role: 'user', content: 'and?' },
]);
const said = (messages: readonly Message[]) => messages.filter(({ role }) => role === 'assistant').map((message) => message.content!);

describe('where the turns stand', () => {
  test.each([
    ['chatml', (text: string) => text],
    ['llama3', (text: string) => text.trim()],
    ['mistral', (text: string) => text.trim()],
    ['qwen', (text: string) => text],
  ])('%s: exactly what the template makes of each content', (name, made) => {
    const chat = chatOf(template(name));
    fc.assert(fc.property(conversation, (messages) => {
      // Python's strip and Jinja's trim differ from JavaScript's for a few rare blanks, and thoughts are cut out of what is said.
      fc.pre(said(messages).every((text) => !/[\x1c-\x1f\x85\ufeff]|<\/think>/.test(text)));
      const whole = chat(messages);
      expect(assistantTurns(chat, messages, {}).map(({ start, end }) => whole.slice(start, end))).toEqual(said(messages).map(made));
    }));
  });

  const call = { role: 'assistant', content: '', tool_calls: [{ type: 'function', function: { name: 'rain', arguments: { town: 'Bern' } } }] };
  const called: Message[] = [{ role: 'user', content: 'rain?' }, call, { role: 'tool', content: 'no' }, { role: 'assistant', content: 'No.' }, { role: 'user', content: 'sure?' }];
  test.each(['llama3', 'qwen'])('%s: a call is said too', (name) => {
    const chat = chatOf(template(name));
    const whole = chat(called);
    const [first, second] = assistantTurns(chat, called, {}).map(({ start, end }) => whole.slice(start, end));
    expect(first).toMatch(/^(<tool_call>\n)?\{"name": "rain", "(arguments|parameters)": \{"town": "Bern"\}\}(\n<\/tool_call>)?$/);
    expect(second).toBe('No.');
  });

  test('a template that refuses other words in the place of a call is asked for its beginnings', () => {
    const strict = chatOf("{% for m in messages %}{% if m.role == 'tool' and not messages[loop.index0 - 1].tool_calls %}{{ raise_exception('nobody called') }}{% endif %}[{{ m.role }}]{% if m.tool_calls %}CALL {{ m.tool_calls[0].function.name }}{% endif %}{{ m.content }}|\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}");
    const whole = strict(called);
    expect(assistantTurns(strict, called, {}).map(({ start, end }) => whole.slice(start, end))).toEqual(['CALL rain|', 'No.']);
  });

  test('also one that opens no turn', () => {
    const strict = chatOf("{% for m in messages %}{% if m.role == 'tool' and not messages[loop.index0 - 1].tool_calls %}{{ raise_exception('nobody called') }}{% endif %}{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]{% elif m.tool_calls %}[CALLS]{{ m.tool_calls[0].function.name }}</s>{% else %} {{ m.content }}</s>{% endif %}{% endfor %}");
    const whole = strict(called);
    expect(assistantTurns(strict, called, {}).map(({ start, end }) => whole.slice(start, end))).toEqual(['[CALLS]rain</s>', 'No.']);
  });

  test('a template that tells neither way is refused with what would be right', () => {
    const deaf = chatOf("{{ messages | length }} turns{% for m in messages %}{% if m.role != 'assistant' %}{{ m.content }}{% endif %}{% endfor %}");
    expect(() => assistantTurns(deaf, called, {})).toThrow('does not tell where message 2 of 5 stands in its text; loss "completion"');
  });
});

describe('what is learnt', () => {
  const tokenizer = byteLevel();
  const end = tokenizer.eos!;
  const [whole, last] = [generation({ tokenizer, maxLength: 4_096, loss: 'assistantTurns' }), generation({ tokenizer, maxLength: 4_096 })];
  const targetsOf = (row: { readonly targets: Int32Array }): number[] => [...row.targets].filter((target) => target >= 0);

  test('of every turn of the assistant all tokens and the end, of nothing else any; the tokens are those that are learnt without', () => {
    fc.assert(fc.property(conversation, (messages) => {
      fc.pre(said(messages).every((text) => !text.includes('<|')));
      const [all, one] = [whole, last].map((codec) => codec.example({ messages, completion: 'yes' }));
      expect([...all!.row.tokens]).toEqual([...one!.row.tokens]);
      expect(targetsOf(all!.row)).toEqual([...said(messages), 'yes'].flatMap((text) => [...tokenizer.bare(text), end]));
      // each target is the token that follows
      all!.row.targets.forEach((target, i) => target >= 0 && i + 1 < all!.row.tokens.length && expect(target).toBe(all!.row.tokens[i + 1]));
    }));
  });
  test('the completion alone where nobody asks for more, and of a text', () => {
    const messages: Message[] = [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }, { role: 'user', content: 'c' }];
    const completion = [...tokenizer.bare('yes'), end];
    expect(targetsOf(last.example({ messages, completion: 'yes' }).row)).toEqual(completion);
    expect(targetsOf(whole.example({ text: 'a', completion: 'yes' }).row)).toEqual(completion);
  });
  test('a chat that is too long loses its start, and the targets with it stay beside their tokens', () => {
    const messages = Array.from({ length: 9 }, (_, i): Message => ({ role: i % 2 === 0 ? 'user' : 'assistant', content: `turn ${i}` }));
    const short = generation({ tokenizer, maxLength: 60, loss: 'assistantTurns' }).example({ messages, completion: 'yes' });
    const long = whole.example({ messages, completion: 'yes' });
    expect(short.truncated).toBe(true);
    expect([...short.row.tokens]).toEqual([...long.row.tokens.slice(-60)]);
    expect([...short.row.targets]).toEqual([...long.row.targets.slice(-60)]);
  });
});
