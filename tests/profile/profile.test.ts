import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCURACY, addEncoded, decodeProfile, decodeReference, emptyProfile, encodeProfile, encodeReference, merge, NO_COLUMNS, observeOutcome, observePrediction, subtract, UNIT } from '../../src/profile/index.ts';
import { observed, PLAIN, REFERENCE, referenceOf, row, WIDE, WIDE_ROWS, wideRow } from './support.ts';

const rows = fc.array(row, { maxLength: 30 });
const of = (some: Parameters<typeof observed>[1]) => observed(REFERENCE, some);

describe.each([{ what: 'labels and texts', reference: REFERENCE, rows }, { what: 'columns of every kind and parts', reference: WIDE, rows: fc.array(wideRow, { maxLength: 12 }) }])('the laws of profiles of $what', ({ reference, rows }) => {
  const of = (some: Parameters<typeof observed>[1]) => observed(reference, some);
  const runs = { numRuns: reference === WIDE ? 40 : 100 };
  it('merge(a, b) is the profile of both, bit for bit, and in any order', () => {
    fc.assert(fc.property(rows, rows, rows, (a, b, c) => {
      expect(merge(of(a), of(b))).toEqual(of([...a, ...b]));
      expect(merge(of(b), of(a))).toEqual(merge(of(a), of(b)));
      expect(merge(merge(of(a), of(b)), of(c))).toEqual(merge(of(a), merge(of(b), of(c))));
      expect(encodeProfile(merge(of(a), of(b)))).toEqual(encodeProfile(of([...b, ...a])));
    }), runs);
  });
  it('subtract(merge(a, b), b) is a', () => {
    fc.assert(fc.property(rows, rows, (a, b) => {
      expect(subtract(merge(of(a), of(b)), of(b))).toEqual(of(a));
    }), runs);
  });
  it('decode(encode(a)) is a', () => {
    fc.assert(fc.property(rows, (a) => {
      expect(decodeProfile(encodeProfile(of(a)))).toEqual(of(a));
    }), runs);
  });
  it('addEncoded(a, encode(b)) is merge(a, b)', () => {
    fc.assert(fc.property(rows, rows, (a, b) => {
      expect(addEncoded(of(a), encodeProfile(of(b)))).toEqual(merge(of(a), of(b)));
    }), runs);
  });
});

describe('a profile', () => {
  it('keeps counts of billions', () => {
    let profile = of([{ id: '1', text: 'unknown words', label: 'new', confidence: 0.999, trueLabel: 'a' }]);
    for (let i = 0; i < 30; i++) profile = merge(profile, profile);
    expect(profile.rows).toBe(2 ** 30);
    expect(decodeProfile(encodeProfile(profile))).toEqual(profile);
  });
});

it('refuses to subtract what was not added, and to add what has another shape', () => {
  const one = of([{ id: '1', text: '', label: 'a', confidence: 0.5, trueLabel: 'a' }]);
  expect(() => subtract(emptyProfile(REFERENCE), one)).toThrow(/a count would be -1/);
  expect(() => merge(one, emptyProfile(referenceOf([])))).toThrow(/different bins or labels/);
});

it('counts each kind of value where it belongs', () => {
  const profile = of([
    { id: '1', text: 'raise the limit', label: 'a', confidence: 0.75, trueLabel: 'a' },
    { id: '2', text: 'buy bitcoin', label: 'new', confidence: null, trueLabel: 'b' },
    { id: '3', text: '?!', label: 'b', confidence: NaN, trueLabel: 'b' },
  ]);
  expect(profile.rows).toBe(3);
  expect(profile.confidence).toMatchObject({ count: 1, sum: 0.75 * UNIT, squares: 0.5625 * UNIT, nulls: 1, nonFinite: 1 });
  expect(profile.labels).toMatchObject({ other: 0, unseen: 1 });
  expect(profile.labels.counts.reduce((a, b) => a + b, 0)).toBe(2);
  expect(profile.unseen).toEqual({ rows: 3, sum: UNIT, squares: UNIT });
  expect(profile.outcome).toEqual({ labelled: 3, errors: 1, loss: UNIT, squares: UNIT });
  expect(profile.format).toEqual({ rows: 0, bad: 0 });
});

it('counts a label of a row once, however often it stands there, and rows without any', () => {
  const row = { text: 'play', confidence: 0.5 };
  const profile = emptyProfile(REFERENCE);
  for (const label of [['a', 'b', 'a'], ['new', 'newer'], [], null]) observePrediction(profile, REFERENCE, { ...row, label });
  expect(profile.rows).toBe(4);
  expect(['a', 'b', 'c'].map((label) => profile.labels.counts[REFERENCE.labels.indexOf(label)])).toEqual([1, 1, 0]);
  expect(profile.labels).toMatchObject({ other: 0, unseen: 1 });
});

it('what a confidence promised is held against what came, by group, and is written as version 4', () => {
  const profile = emptyProfile(PLAIN);
  for (const score of [1, 0.5, 0]) observeOutcome(profile, score, [], { expected: 0.75, group: '2' });
  observeOutcome(profile, 1);
  // (1 + 0.75 - score) / 2
  expect(profile.gaps).toEqual(new Map([['2', { labelled: 3, expected: 2.25 * UNIT, sum: (0.375 + 0.625 + 0.875) * UNIT, squares: (0.375 ** 2 + 0.625 ** 2 + 0.875 ** 2) * UNIT }]]));
  const bytes = encodeProfile(profile);
  expect(bytes[1]).toBe(4);
  expect(decodeProfile(bytes)).toEqual(profile);
  expect(subtract(merge(profile, profile), profile)).toEqual(profile);
});

it('a score between 0 and 1 counts for what it lacks; a form that is there is counted apart', () => {
  const profile = emptyProfile(PLAIN);
  for (const score of [1, 0.75, 0]) observeOutcome(profile, score);
  for (const malformed of [true, false, null]) observePrediction(profile, PLAIN, { text: 'x', confidence: null, label: null, malformed });
  expect(profile.outcome).toEqual({ labelled: 3, errors: 2, loss: 1.25 * UNIT, squares: 1.0625 * UNIT });
  expect(profile.format).toEqual({ rows: 2, bad: 1 });
  const bytes = encodeProfile(profile);
  expect(bytes[1]).toBe(2);
  expect(decodeProfile(bytes)).toEqual(profile);
  for (let cut = 0; cut < bytes.length; cut++) expect(() => decodeProfile(bytes.subarray(0, cut))).toThrow(/stored profile/);
});

it('a reference from before there were tasks is one of classification', () => {
  const bytes = encodeReference(REFERENCE);
  const head = JSON.stringify(REFERENCE.scoring);
  const text = Buffer.from(bytes).toString('latin1').replace(`"scoring":${head}`, `"padding":${JSON.stringify('x'.repeat(head.length - 2))}`);
  expect(decodeReference(Buffer.from(text, 'latin1')).scoring).toEqual(ACCURACY);
});

describe('the binary forms', () => {
  const golden = path.join(import.meta.dirname, 'golden');
  const fixed = () => observed(PLAIN, [
    { id: '1', text: 'raise the limit', label: 'a', confidence: 0.75, trueLabel: 'a' },
    { id: '2', text: 'zażółć 東京', label: 'new', confidence: 1 / 3, trueLabel: 'b' },
  ]);
  const wide = () => observed(WIDE, WIDE_ROWS);
  // golden/profile.ts made the files; when the form changes, raise its version and make them anew
  it('are the stored bytes of version 1', () => {
    expect(Buffer.from(encodeProfile(fixed())).toString('hex')).toBe(readFileSync(path.join(golden, 'profile.hex'), 'utf8').trim());
    expect(decodeProfile(Buffer.from(readFileSync(path.join(golden, 'profile.hex'), 'utf8').trim(), 'hex'))).toEqual(fixed());
  });
  it('are the stored bytes of version 3', () => {
    const stored = Buffer.from(readFileSync(path.join(golden, 'profile-3.hex'), 'utf8').trim(), 'hex');
    expect(stored[1]).toBe(3);
    expect(Buffer.from(encodeProfile(wide())).toString('hex')).toBe(stored.toString('hex'));
    expect(decodeProfile(stored)).toEqual(wide());
    expect(decodeProfile(stored, NO_COLUMNS)).toEqual({ ...wide(), columns: new Map() });
  });
  it('give the reference back, from any offset of a larger buffer', () => {
    const bytes = encodeReference(REFERENCE);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeReference(shifted.subarray(3))).toEqual(REFERENCE);
    expect(decodeReference(encodeReference(WIDE))).toEqual(WIDE);
    const empty = referenceOf([], []);
    expect(decodeReference(encodeReference(empty))).toEqual(empty);
  });
  it('refuse every damage that they can see, and never hang or give nonsense', () => {
    const bytes = encodeProfile(fixed());
    for (let cut = 0; cut < bytes.length; cut++) expect(() => decodeProfile(bytes.subarray(0, cut))).toThrow(/stored profile/);
    expect(() => decodeProfile(Uint8Array.from([...bytes, 0]))).toThrow(/1 bytes follow/);
    expect(() => decodeProfile(Uint8Array.from([0x50, 9, ...bytes.subarray(2)]))).toThrow(/version 9/);
    const columns = encodeProfile(wide());
    for (let cut = 0; cut < columns.length; cut += 7) expect(() => decodeProfile(columns.subarray(0, cut))).toThrow(/stored profile/);
    fc.assert(fc.property(fc.nat(columns.length - 1), fc.nat(255), (at, byte) => {
      const other = Uint8Array.from(columns);
      other[at] = byte;
      try {
        expect(decodeProfile(other).columns.size).toBeLessThan(1_000);
      } catch (error) {
        expect((error as Error).name).toBe('TrimtabError');
      }
    }));
    const reference = encodeReference(REFERENCE);
    for (const cut of [0, 5, 9, 100, reference.length - 900, reference.length - 1]) expect(() => decodeReference(reference.subarray(0, cut))).toThrow(/stored/);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      expect(() => decodeProfile(Uint8Array.from([0x50, 1, 3, 2, ...noise]))).toSatisfy((decode: () => unknown) => {
        try {
          decode();
          return true;
        } catch (error) {
          return (error as Error).name === 'TrimtabError';
        }
      });
    }));
  });
  it('are small: a delta of one row under 64 bytes', () => expect(encodeProfile(observed(PLAIN, [{ id: '1', text: 'lost', label: 'a', confidence: 0.9, trueLabel: 'a' }])).length).toBeLessThan(64));
});
