/** The text of an example or an input. */
import { TrimtabError } from '../../errors.ts';
import type { Example, Input } from './codec.ts';

/** @throws TrimtabError `bad-data` for a chat: only generation knows them. */
export function textOf(given: Example | Input): string {
  const text = typeof given === 'string' ? given : 'text' in given ? given.text : undefined;
  if (text === undefined) throw new TrimtabError('bad-data', { what: 'an input', problem: 'it has no text', right: 'a text; chats are for generation' });
  return text;
}
