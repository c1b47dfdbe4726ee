/**
 * Generation: a prompt and its completion, which is learnt; of a chat with loss `assistantTurns` also what the assistant said before. A turn ends as
 * the base's template ends it, else with EOS; its end is learnt like any other token, whatever the base pads with: a model that never sees its end never stops.
 */
import { TrimtabError } from '../../errors.ts';
import { createChat, type RenderChat } from '../chat.ts';
import type { Loss } from '../../vocabulary.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { spoken, turnEnd, type Prompt } from '../turns.ts';
import type { Codec, EncodedExample, Example, Input } from './codec.ts';

/** Stands between a text and its completion where the base has no chat template. */
const SEPARATOR = '\n';

export interface GenerationCodec extends Codec {
  /** What was generated behind a prompt, as text: a stop token is no part of it. */
  text(tokens: readonly number[]): string;
  /** Tokens that end a completion. */
  readonly stopTokens: readonly number[];
}

export interface GenerationOptions {
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  /** What of a row is learnt. */
  readonly loss?: Loss;
}

export function generation({ tokenizer, maxLength, loss = 'completion' }: GenerationOptions): GenerationCodec {
  const chat = createChat(tokenizer);
  const { ends, opening } = tokenizer;
  const end = (chat === null ? undefined : turnEnd(tokenizer, chat)) ?? ends[0];
  if (end === undefined) throw new TrimtabError('bad-base', { base: 'in use', problem: 'its tokenizer names no end of a text', right: 'eos_token in tokenizer_config.json or eos_token_id in generation_config.json, a token of the vocabulary' });

  /** A template spells out its BOS itself: encoding that with special tokens around would give two. */
  const promptTokens = (input: Input): number[] => {
    if (chat !== null) return [...tokenizer.bare(chat(...turnsOf(input)))];
    if (typeof input === 'string') return [...opening, ...tokenizer.bare(input + SEPARATOR)];
    throw new TrimtabError('bad-data', { what: 'an input', problem: 'it is a chat, and the base has no chat template', right: 'a text, or a base with chat_template in tokenizer_config.json' });
  };
  const lesson = (input: Input): Prompt => {
    if (loss === 'assistantTurns' && chat !== null) return spoken(tokenizer, ends, chat, ...turnsOf(input));
    const tokens = promptTokens(input);
    return { tokens, learnt: tokens.map(() => false) };
  };
  /** Keeps the opening tokens and the end of the prompt: what was asked last stands there. */
  const fit = ({ tokens, learnt }: Prompt, room: number): Prompt => {
    if (tokens.length <= room) return { tokens, learnt };
    const kept = room > opening.length && opening.every((token, i) => tokens[i] === token) ? opening.length : 0;
    const cut = <T>(all: readonly T[]): T[] => [...all.slice(0, kept), ...all.slice(all.length - Math.max(0, room - kept))];
    return { tokens: cut(tokens), learnt: cut(learnt) };
  };

  const encode = (input: Input, completion: string, weight: number): EncodedExample => {
    const prompt = lesson(input);
    const answer = [...tokenizer.bare(completion), end];
    // The last target needs no token of its own; at least one token stands before the completion.
    const fitted = fit(prompt, Math.max(1, maxLength + 1 - answer.length));
    const all = [...fitted.tokens, ...answer].slice(0, maxLength + 1);
    const targets = all.slice(1).map((token, i) => (fitted.learnt[i + 1] ?? true) ? token : -1);
    const row = { tokens: Int32Array.from(all.slice(0, -1)), targets: Int32Array.from(targets), weight };
    return { row, truncated: prompt.tokens.length + answer.length > maxLength + 1, inexact: 0, known: true, units: null };
  };

  return {
    example: (example) => encode(inputOf(example), example.completion!, example.weight ?? 1),
    question(input) {
      const prompt = promptTokens(input);
      const tokens = Int32Array.from(fit({ tokens: prompt, learnt: [] }, maxLength).tokens);
      return { row: { tokens, targets: new Int32Array(tokens.length).fill(-1), weight: 1 }, truncated: prompt.length > maxLength, inexact: 0, known: false, units: null };
    },
    text: (tokens) => tokenizer.decode(ends.includes(tokens.at(-1) ?? -1) ? tokens.slice(0, -1) : tokens),
    stopTokens: ends,
    answer: () => null,
  };
}

/** A text is a chat of one message. */
function turnsOf(input: Input): Parameters<RenderChat> {
  if (typeof input === 'string') return [[{ role: 'user', content: input }]];
  return [input.messages, input.tools === undefined ? {} : { tools: input.tools }];
}

const inputOf = ({ text, messages, tools }: Example): Input => (messages === undefined ? text! : { messages, ...(tools === undefined ? {} : { tools }) });
