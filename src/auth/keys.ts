/** API keys: `trk_` and 32 random bytes. Only their sha256 is kept, which suffices: a random key has nothing to guess. */
import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'trk_';
const SHAPE = /^trk_[A-Za-z0-9_-]{43}$/;
const BEARER = /^Bearer +(\S+) *$/i;

/** A new key; it is shown once and cannot be found again. */
export function newKey(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

/** What is stored and looked up. Finding a hash in an index leaks nothing of the key through time. */
export function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** False for what cannot be a key of ours: refused without asking the database. */
export function looksLikeKey(text: string): boolean {
  return SHAPE.test(text);
}

/** The key of an `Authorization: Bearer <key>` header, or null. */
export function bearerOf(header: string | undefined): string | null {
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? null);
}
