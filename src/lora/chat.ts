/** Chats as the text that a base was trained on: its own Jinja template, rendered as transformers' apply_chat_template does. */
import { Template } from '@huggingface/jinja';
import { TrimtabError, messageOf } from '../errors.ts';
import type { Message } from '../vocabulary.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface ChatOptions {
  /** JSON schemas of the functions that may be called. */
  readonly tools?: readonly object[];
  /** Opens the assistant's turn; true where a completion follows. */
  readonly addGenerationPrompt?: boolean;
}

export type RenderChat = (messages: readonly Message[], options?: ChatOptions) => string;

/** Null where the base has no template. The rendered text spells out the special tokens, BOS included: encode it bare. */
export function createChat({ chatTemplate, special }: Pick<Tokenizer, 'chatTemplate' | 'special'>): RenderChat | null {
  if (chatTemplate === null) return null;
  const template = attempt(() => new Template(chatTemplate));
  return (messages, { tools, addGenerationPrompt = true } = {}) =>
    // transformers names tools and documents always: templates ask whether they are none, not whether they are there.
    attempt(() => template.render({ ...special, messages, tools: tools ?? null, documents: null, add_generation_prompt: addGenerationPrompt }));
}

/** A template may refuse roles or their order by itself (raise_exception). */
function attempt<R>(work: () => R): R {
  try {
    return work();
  } catch (cause) {
    throw new TrimtabError('bad-data', { what: 'a chat', problem: `the base's chat template says: ${messageOf(cause)}`, right: 'messages in an order and of roles that the template knows' }, { cause });
  }
}
