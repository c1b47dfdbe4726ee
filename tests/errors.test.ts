import { expect, test } from 'vitest';
import { CATALOGUE, TrimtabError, type ErrorCode } from '../src/errors.ts';
import { inCatalogue, problemOf } from '../src/http/problems.ts';

const codes = Object.keys(CATALOGUE) as ErrorCode[];
const placeholders = (code: ErrorCode) => [...CATALOGUE[code].text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);

test.each(codes)('%s is a complete entry', (code) => {
  const { status, level, retryable, title, text } = CATALOGUE[code];
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect([400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503]).toContain(status);
  expect(title).toMatch(/^[A-Z].*[^.]$/);
  expect(text).not.toBe('');
  // A caller's fault must not wake anybody; a fault of ours must be seen.
  expect(level === 'error').toBe(code === 'unavailable' || status === 500);
  if (status === 503 || status === 429) expect(retryable).toBe(true);
});

test.each(codes)('%s fills its text and becomes a problem document', (code) => {
  const details = Object.fromEntries(placeholders(code).map((name) => [name, name === 'retryAfter' ? 7 : `<${name}>`]));
  const error = new TrimtabError(code, details, { cause: new Error('inner secret') });
  expect(error.message).not.toMatch(/\{\w+\}/);
  const problem = problemOf(error, 'request-1');
  expect(problem).toMatchObject({ type: `urn:trimtab:error:${code}`, status: error.entry.status, instance: 'request-1', code });
  expect(JSON.stringify(problem)).not.toContain('secret');
  if (error.entry.status === 500) expect(problem.detail).toBe(CATALOGUE.internal.text);
  else expect(problem.detail).toBe(error.message);
  expect('retryAfter' in problem).toBe(error.entry.status === 503 || error.entry.status === 429);
});

test('a detail that is missing stays visible instead of becoming "undefined"', () => {
  expect(new TrimtabError('not-found', { what: 'model' }).message).toBe('there is no model "{id}"');
});

test('a text of a caller is not filled again', () => {
  expect(new TrimtabError('not-found', { what: '{id}', id: 'x' }).message).toBe('there is no {id} "x"');
});

test.each([new Error('x'), 'text', undefined, null, { statusCode: 200 }, { statusCode: 502 }])('anything else thrown is internal: %s', (thrown) => {
  const error = inCatalogue(thrown);
  expect([error.code, error.cause]).toEqual(['internal', thrown]);
});
