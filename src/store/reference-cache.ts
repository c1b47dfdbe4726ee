/** Decoded references by id: they never change, and decoding one costs more than a batch of rows or the closing of a pane. */
import { TrimtabError } from '../errors.ts';
import { decodeReference, type ReferenceBody } from '../profile/index.ts';
import type { Queryable } from './postgres.ts';
import { getReference } from './references.ts';

export type References = (db: Queryable, id: string) => Promise<ReferenceBody>;

const KEPT = 16;

/** Throws `not-found`. */
export function createReferences(): References {
  const kept = new Map<string, ReferenceBody>();
  return async (db, id) => {
    const there = kept.get(id);
    if (there !== undefined) return there;
    const stored = await getReference(db, id);
    if (stored === null) throw new TrimtabError('not-found', { what: 'reference', id });
    const body = decodeReference(stored.body);
    const [oldest] = kept.keys();
    if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(id, body);
    return body;
  };
}
