/** Content-addressed objects: adapters, datasets, exams, records. An object's name is the sha256 of its bytes. */
import { canonicalJson } from '../../canonical.ts';

export interface ObjectStore {
  /** Stores bytes and returns their digest (64 hex digits); storing them again changes nothing. */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws TrimtabError `not-found`, or `bad-data` when the bytes no longer match their digest */
  get(digest: string): Promise<Uint8Array>;
  has(digest: string): Promise<boolean>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Stores a value as canonical JSON: equal values are one object. */
export async function putJson(objects: ObjectStore, value: unknown): Promise<string> {
  return objects.put(encoder.encode(canonicalJson(value)));
}

/** Reads what `putJson` stored; the caller knows its type, since it knows where the digest came from. */
export async function getJson<T>(objects: ObjectStore, digest: string): Promise<T> {
  return JSON.parse(decoder.decode(await objects.get(digest))) as T;
}

/** Stores rows as JSONL, one canonical line each, in the order given. */
export async function putLines(objects: ObjectStore, rows: readonly unknown[]): Promise<string> {
  return objects.put(encoder.encode(rows.map((row) => canonicalJson(row) + '\n').join('')));
}

/** Reads what `putLines` stored. */
export async function getLines<T>(objects: ObjectStore, digest: string): Promise<T[]> {
  const text = decoder.decode(await objects.get(digest));
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
