/** Checks that the tasks share. All name the field, what is wrong with it and what would be right. */
import { TrimtabError } from '../errors.ts';

/** Longest label, in code points. */
export const MAX_LABEL = 200;
/** Longest text of a truth or an answer, in code points. */
export const MAX_ANSWER = 65_536;

export function bad(what: string, problem: string, right: string): TrimtabError {
  return new TrimtabError('bad-data', { what, problem, right });
}

/** A text that PostgreSQL can store. @throws TrimtabError `bad-data` */
export function textOf(value: unknown, what: string, limit: number, least = 1): string {
  const right = `it must be a text of ${least} to ${limit.toLocaleString('en-US')} characters`;
  if (typeof value !== 'string') throw bad(what, `it is ${kindOf(value)}`, right);
  if (value.length < least || (value.length > limit && [...value].length > limit)) throw bad(what, `it has ${value.length} characters`, right);
  if (value.includes('\0')) throw bad(what, 'it has the character U+0000', 'remove it: it cannot be stored');
  if (!value.isWellFormed()) throw bad(what, 'it has half a surrogate pair', 'send whole characters');
  return value;
}

export function listOf(value: unknown, what: string, right: string, limit: number): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(what, `it is ${kindOf(value)}`, right);
  if (value.length > limit) throw bad(what, `it has ${value.length} members`, `at most ${limit.toLocaleString('en-US')} are taken`);
  return value;
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value of a JSON text; undefined of any other. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The most frequent of some canonical strings; of several the first by code unit, so that no order of rows matters. */
export function mostFrequent(values: readonly string[]): string | null {
  const times = new Map<string, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  let most: [string, number] | null = null;
  for (const [value, n] of times) if (most === null || n > most[1] || (n === most[1] && value < most[0])) most = [value, n];
  return most?.[0] ?? null;
}

/** @throws TrimtabError `bad-spec` */
export function unknownMetric(metric: string, metrics: readonly string[]): TrimtabError {
  return new TrimtabError('bad-spec', { problems: `/gates/metric "${metric}" is unknown for this task; it has: ${metrics.join(', ')}` });
}

/** F1 of two sets from their sizes and what they share; two empty sets are equal. Harmonic mean of precision and recall. */
export function f1(shared: number, one: number, other: number): number {
  return one + other === 0 ? 1 : (2 * shared) / (one + other);
}
