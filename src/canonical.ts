/** One byte form for a value, and its digest: what content addresses, hash chains and idempotent ids are made of. */
import { createHash } from 'node:crypto';

/**
 * JSON with sorted keys and no spaces, so that equal values have equal bytes. Members that are undefined are left out, as
 * JSON does; a number that is not finite throws, since JSON would make it null and two different values equal.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sortedFinite);
}

function sortedFinite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value} (at "${key}")`);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const members = value as Record<string, unknown>;
  // a plain assignment to "__proto__" would lose that member
  return Object.fromEntries(Object.keys(members).sort().map((name) => [name, members[name]]));
}

/** sha256 of bytes, or of a string's UTF-8, as 64 hex digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
