/**
 * Where in a rendered chat the assistant's own words stand, whatever the template: it is asked what changes when one message says something else,
 * and where that does not tell (it refuses the other message), what it makes of the chat's beginning.
 */
import { TrimtabError, isTrimtabError } from '../errors.ts';
import type { Message } from '../vocabulary.ts';
import type { ChatOptions, RenderChat } from './chat.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A prompt, and which of its tokens are learnt. */
export interface Prompt {
  readonly tokens: readonly number[];
  readonly learnt: readonly boolean[];
}

/** A chat as a prompt of which the assistant's turns are learnt, each with the token that ends it, if one of `ends` does. */
export function spoken(tokenizer: Pick<Tokenizer, 'placed'>, ends: readonly number[], render: RenderChat, messages: readonly Message[], options: ChatOptions = {}): Prompt {
  const placed = tokenizer.placed(render(messages, options));
  const tokens = Array.from(placed.tokens);
  const learnt = tokens.map(() => false);
  for (const { start, end } of assistantTurns(render, messages, options)) {
    // Tokens of one character's bytes may stand for nothing each: all between the first and the last are of the turn.
    const from = placed.ends.findIndex((at) => at > start);
    const to = placed.starts.findLastIndex((at) => at < end) + 1;
    if (from >= 0) learnt.fill(true, from, ends.includes(tokens[to] ?? -1) ? to + 1 : to);
  }
  return { tokens, learnt };
}

/** UTF-16 units of the rendered text, `end` exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

const FIRST_PRIVATE = 0xe000;

/** One for each message of the assistant, in order. The end of its turn may stand behind. @throws TrimtabError `bad-data` */
export function assistantTurns(render: RenderChat, messages: readonly Message[], options: ChatOptions): Stretch[] {
  const whole = render(messages, options);
  return messages.flatMap(({ role }, i) => {
    if (role !== 'assistant') return [];
    const found = byOtherWords(render, messages, options, i, whole) ?? byBeginnings(render, messages, options, i, whole);
    if (found !== null) return [found];
    throw new TrimtabError('bad-data', {
      what: 'a chat', problem: `the base's chat template does not tell where message ${i + 1} of ${messages.length} stands in its text`, right: 'loss "completion", which asks nothing of earlier turns',
    });
  });
}

/** The token behind a turn of the assistant, if it is one that ends a completion; undefined where the template writes none. */
export function turnEnd(tokenizer: Pick<Tokenizer, 'bare' | 'ends'>, render: RenderChat): number | undefined {
  const messages: Message[] = [{ role: 'user', content: 'a' }, { role: 'assistant', content: markFor('') }];
  const text = attempt(() => render(messages, { addGenerationPrompt: false })) ?? '';
  const behind = text.slice(text.lastIndexOf(markFor('')) + 1);
  const [first] = text === behind ? [] : tokenizer.bare(behind);
  return tokenizer.ends.find((end) => end === first);
}

/** What stands in the place of a mark that the message would say. The mark is no character of the chat, so nothing around it is taken for it. */
function byOtherWords(render: RenderChat, messages: readonly Message[], options: ChatOptions, at: number, whole: string): Stretch | null {
  const mark = markFor(whole);
  const marked = attempt(() => render(messages.with(at, { role: 'assistant', content: mark }), options));
  if (marked === null) return null;
  const start = marked.indexOf(mark);
  const end = whole.length - (marked.length - start - mark.length);
  const isAlone = start >= 0 && marked.indexOf(mark, start + 1) < 0;
  if (!isAlone || end < start || !whole.startsWith(marked.slice(0, start)) || !whole.endsWith(marked.slice(start + mark.length))) return null;
  const opened = openedAt(render, messages, options, at, whole);
  return { start: opened?.isOpen === true ? Math.min(opened.length, start) : start, end };
}

/** What the template makes of the chat before the turn when it asks for one: all behind, empty thoughts too, is for the model to write. */
function openedAt(render: RenderChat, messages: readonly Message[], options: ChatOptions, at: number, whole: string): { readonly length: number; readonly isOpen: boolean } | null {
  const before = (addGenerationPrompt: boolean): string | null => attempt(() => render(messages.slice(0, at), { ...options, addGenerationPrompt }));
  const opened = before(true);
  // Many templates open no turn: then their own words stand behind, and only what the assistant says is known to be its own.
  return opened !== null && whole.startsWith(opened) ? { length: opened.length, isOpen: opened !== before(false) } : null;
}

/** From where its turn is opened to where the chat ends with it. */
function byBeginnings(render: RenderChat, messages: readonly Message[], options: ChatOptions, at: number, whole: string): Stretch | null {
  const opened = openedAt(render, messages, options, at, whole);
  const closed = attempt(() => render(messages.slice(0, at + 1), { ...options, addGenerationPrompt: false }).trimEnd());
  return opened === null || closed === null || closed.length < opened.length || !whole.startsWith(closed) ? null : { start: opened.length, end: closed.length };
}

function markFor(text: string): string {
  let code = FIRST_PRIVATE;
  while (text.includes(String.fromCharCode(code))) code += 1;
  return String.fromCharCode(code);
}

function attempt(work: () => string): string | null {
  try {
    return work();
  } catch (error) {
    if (isTrimtabError(error, 'bad-data')) return null;
    throw error;
  }
}
