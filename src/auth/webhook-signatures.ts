/**
 * How a webhook proves where it comes from, checked on the raw bytes against every secret that is valid. Standard Webhooks 1.0.0:
 * HMAC-SHA256 of `id.timestamp.body`, in base64, within five minutes; GitHub: HMAC-SHA256 of the body, in hex. Whether something
 * was missing, old or wrong is not told: the answer is true or false.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { MINUTE, SECOND, type WebhookAuth } from '../vocabulary.ts';

export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SignedRequest {
  /** Names in lower case. */
  readonly headers: WebhookHeaders;
  readonly body: Uint8Array;
  readonly now: Date;
}

export const TOLERANCE_MS = 5 * MINUTE;
const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
/** Each signature in the header costs a comparison; nobody rotates more secrets than this at once. */
const MAX_SIGNATURES = 16;
// a point would let the signed text be cut at another place
const ID = /^[A-Za-z0-9_:-]{1,200}$/;
const TIMESTAMP = /^[0-9]{1,12}$/;

/** The `webhook-signature` of a message by each secret, the newest first: a receiver that rotates knows one of them. */
export function signWebhook(secrets: readonly string[], message: { readonly id: string; readonly timestamp: number; readonly body: Uint8Array | string }): string {
  return secrets.map((secret) => `v1,${standardMac(secret, message).toString('base64')}`).join(' ');
}

/** True when one of the secrets vouches for the request. */
export function isWebhookFrom(auth: WebhookAuth, secrets: readonly string[], request: SignedRequest): boolean {
  return VERIFY[auth](secrets, request);
}

const VERIFY: Readonly<Record<WebhookAuth, (secrets: readonly string[], request: SignedRequest) => boolean>> = {
  standard(secrets, { headers, body, now }) {
    const [id, timestamp, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headerOf(headers, name));
    if (!ID.test(id ?? '') || !TIMESTAMP.test(timestamp ?? '') || given === undefined) return false;
    const age = Math.abs(now.getTime() - Number(timestamp) * SECOND);
    const macs = given.split(' ', MAX_SIGNATURES).filter((part) => part.startsWith('v1,')).map((part) => Buffer.from(part.slice('v1,'.length), 'base64'));
    const wanted = secrets.map((secret) => standardMac(secret, { id: id as string, timestamp: Number(timestamp), body }));
    return age <= TOLERANCE_MS && anyEqual(wanted, macs);
  },
  github(secrets, { headers, body }) {
    const given = /^sha256=([0-9a-f]{64})$/.exec(headerOf(headers, 'x-hub-signature-256') ?? '')?.[1];
    return given !== undefined && anyEqual(secrets.map((secret) => createHmac('sha256', secret).update(body).digest()), [Buffer.from(given, 'hex')]);
  },
  bearer(secrets, { headers }) {
    const given = /^Bearer +(\S+) *$/i.exec(headerOf(headers, 'authorization') ?? '')?.[1];
    return given !== undefined && anyEqual(secrets.map(digest), [digest(given)]);
  },
  basic(secrets, { headers }) {
    const given = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(headerOf(headers, 'authorization') ?? '')?.[1];
    return given !== undefined && anyEqual(secrets.map(digest), [digest(Buffer.from(given, 'base64'))]);
  },
};

/** A new secret: 32 random bytes in the form that the scheme wants; `user` is the name of a basic one. */
export function newWebhookSecret(auth: WebhookAuth, user: string): string {
  const bytes = randomBytes(SECRET_BYTES);
  if (auth === 'standard') return PREFIX + bytes.toString('base64');
  return auth === 'basic' ? `${user}:${bytes.toString('base64url')}` : bytes.toString('base64url');
}

/** What is wrong with a secret that somebody brings along, or null. */
export function secretProblem(auth: WebhookAuth, secret: string): string | null {
  if (auth === 'standard') {
    const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) ? keyOf(secret).length : 0;
    return bytes >= 24 && bytes <= 64 ? null : 'it should be whsec_ and 24 to 64 random bytes in base64';
  }
  if (auth === 'basic') return /^[^:\s]{1,100}:[\x21-\x7e]{16,200}$/.test(secret) ? null : 'it should be user:password, the password of 16 characters or more without spaces';
  const shape = auth === 'github' ? /^[\x20-\x7e]{16,200}$/ : /^[\x21-\x7e]{16,200}$/;
  return shape.test(secret) ? null : 'it should have 16 to 200 plain characters, and no space in a bearer token';
}

function standardMac(secret: string, { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: Uint8Array | string }): Buffer {
  return createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest();
}

const keyOf = (secret: string) => Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
const digest = (secret: string | Uint8Array) => createHash('sha256').update(secret).digest();

/** Compares all with all, whatever was found: time tells nothing of which secret fits. */
function anyEqual(wanted: readonly Buffer[], given: readonly Buffer[]): boolean {
  let found = false;
  for (const mac of wanted) for (const other of given) if (other.length === mac.length && timingSafeEqual(mac, other)) found = true;
  return found;
}

/** A header that must not be there twice. */
export function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
