/**
 * Refuses JSON that PostgreSQL would: U+0000 and unpaired surrogates in text, and nesting without end. Without this a caller's
 * bad character would come back as an internal error. Rows of ingest are looked at one by one there.
 */
import type { FastifyInstance } from 'fastify';
import { TrimtabError } from '../../errors.ts';
import { isJsonObject } from '../schemas/json.ts';

const MAX_DEPTH = 32;

export function refuseUnstorable(scope: FastifyInstance): void {
  scope.addHook('preValidation', async (request) => {
    const problem = request.body === undefined ? null : unstorable(request.body);
    if (problem !== null) throw new TrimtabError('bad-request', { what: 'the body', problem, right: 'send well-formed text, nested 32 deep at most' });
  });
}

/** What is wrong and where, or null. Walks with a list, not by calls: a body of a million brackets must not end the stack. */
export function unstorable(body: unknown): string | null {
  const open: { readonly value: unknown; readonly at: string; readonly depth: number }[] = [{ value: body, at: '', depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, at, depth } = next;
    if (typeof value === 'string' && !isStorable(value)) return `${at || '/'} holds U+0000 or an unpaired surrogate`;
    if (!Array.isArray(value) && !isJsonObject(value)) continue;
    if (depth === MAX_DEPTH) return `${at.slice(0, 40)}... is nested more than ${MAX_DEPTH} deep`;
    for (const [key, inner] of Object.entries(value)) {
      if (!isStorable(key)) return `a key in ${at || '/'} holds U+0000 or an unpaired surrogate`;
      if (typeof inner === 'string' || typeof inner === 'object') open.push({ value: inner, at: `${at}/${key}`, depth: depth + 1 });
    }
  }
  return null;
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
