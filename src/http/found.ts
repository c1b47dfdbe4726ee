import { TrimtabError } from '../errors.ts';

/** The thing, or `not-found`. */
export function found<T>(thing: T | null, what: string, id: string): T {
  if (thing === null) throw new TrimtabError('not-found', { what, id });
  return thing;
}
