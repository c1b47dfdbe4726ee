/** What every format is read into, and how: bytes that were verified are still anybody's text. */
import { isUtf8 } from 'node:buffer';
import type { WebhookHeaders } from '../../auth/webhook-signatures.ts';
import { messageOf, TrimtabError } from '../../errors.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Message {
  /** The same when it is sent again. */
  readonly id: string;
  readonly type: string;
  /** Whose retraining it asks for, if it says so. */
  readonly model: string | null;
  /** For a person. */
  readonly why: string;
  readonly evidence: Json;
}

export interface Request {
  /** Names in lower case. */
  readonly headers: WebhookHeaders;
  readonly body: Buffer;
  /** The id that the signature covers; null where it covers none. */
  readonly signedId: string | null;
}

/** Reads a verified request; a message that only informs (a resolved alert, a ping) is left out. Throws `bad-request`. */
export type Parse = (request: Request) => Message[];

const MAX_WORD = 200;
const MAX_WHY = 2_000;
const MAX_DEPTH = 6;
const MAX_MEMBERS = 50;
/** Of one evidence, objects and lists counted too: many small members must not become a large row. */
const MAX_PARTS = 200;
const MAX_TEXT = 500;

/** The body as JSON. Throws `bad-request`. */
export function jsonOf(body: Buffer): unknown {
  try {
    if (!isUtf8(body)) throw new Error('it is not UTF-8');
    return JSON.parse(body.toString()) as unknown;
  } catch (error) {
    throw unreadable('the body', messageOf(error), 'send JSON (content type application/json)');
  }
}

export function unreadable(what: string, problem: string, right: string): TrimtabError {
  return new TrimtabError('bad-request', { what, problem, right });
}

export function objectOf(value: unknown, what: string): Json {
  if (isObject(value)) return value;
  throw unreadable(what, 'it is no JSON object', 'see docs/webhooks.md for what each format carries');
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that can be stored and shown in one line: no control characters, no half of a surrogate pair, not too long. */
export function line(value: unknown, max = MAX_WORD): string {
  // U+0000 is refused by PostgreSQL, line breaks would forge lines of the log
  return typeof value === 'string' ? value.slice(0, max).toWellFormed().replace(/[\u0000-\u001f\u007f]+/g, ' ').trim() : '';
}

/** The reason as a person reads it, or `otherwise`. */
export function reason(value: unknown, otherwise: string): string {
  return line(value, MAX_WHY) || line(otherwise, MAX_WHY);
}

/** A name, or null. */
export function nameOf(value: unknown): string | null {
  return line(value) || null;
}

/** A member that a message cannot do without. Throws `bad-request`. */
export function needed(value: unknown, what: string, right: string): string {
  const text = line(value);
  if (text === '') throw unreadable(what, 'it is missing or no text', right);
  return text;
}

/** Evidence of bounded size, all of it storable: deep, long and many-membered parts are cut off. */
export function bounded(value: unknown): Json {
  let parts = 0;
  const cut = (part: unknown, depth: number): unknown => {
    if (++parts > MAX_PARTS) return '...';
    if (Array.isArray(part)) return depth === MAX_DEPTH ? '...' : part.slice(0, MAX_MEMBERS).map((inner) => cut(inner, depth + 1));
    if (isObject(part)) {
      return depth === MAX_DEPTH ? '...' : Object.fromEntries(Object.entries(part).slice(0, MAX_MEMBERS).map(([key, inner]) => [line(key), cut(inner, depth + 1)]));
    }
    return typeof part === 'string' ? line(part, MAX_TEXT) : part;
  };
  return isObject(value) ? (cut(value, 0) as Json) : value === undefined || value === null ? {} : { value: cut(value, 0) };
}
