import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, sha256 } from '../src/canonical.ts';

test('keys are sorted at every depth and undefined members left out', () => {
  expect(canonicalJson({ b: [{ z: 1, a: 'x' }], a: undefined, A: null })).toBe('{"A":null,"b":[{"a":"x","z":1}]}');
});

test('it reads back as the same value, whatever the order of keys', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
    expect(canonicalJson(reversed(value))).toBe(text);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  }));
});

test('dates become ISO text; numbers that JSON has not are refused', () => {
  expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  expect(() => canonicalJson({ x: [Number.NaN] })).toThrow(/no NaN/);
  expect(() => canonicalJson(Number.POSITIVE_INFINITY)).toThrow(/no Infinity/);
});

test('sha256 of FIPS 180-2, B.1', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256(new TextEncoder().encode('abc'))).toBe(sha256('abc'));
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}
