import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFeedback, parseImport, parsePrediction } from '../../src/ingest/parse.ts';

const good = { model: 'router', id: 'p1', input: 'hello', label: 'greet', confidence: 0.9 };

test('a prediction keeps what it was given; what it was not given is null', () => {
  expect(parsePrediction({ ...good, scores: { greet: 0.9 }, features: { a: 1, b: 'x', c: null }, occurredAt: '2026-01-01T00:00:00+02:00' })).toEqual({
    model: 'router',
    row: {
      id: 'p1', input: 'hello', label: 'greet', confidence: 0.9, scores: '{"greet":0.9}', features: '{"a":1,"b":"x","c":null}',
      segment: null, adapter: null, occurredAt: '2025-12-31T22:00:00.000Z',
    },
    size: 5 + 13 + 24,
  });
});

describe('a prediction is refused with the field and what is wrong with it', () => {
  test.each([
    [null, 'the row must be object'],
    [[], 'the row must be object'],
    [{ ...good, input: undefined }, 'input must be string'],
    [{ model: 'm', id: 'x', label: 'l' }, 'the row must have required properties input'],
    [{ ...good, label: 7 }, 'label must be string'],
    [{ ...good, label: '' }, 'label must not have fewer than 1 characters'],
    [{ ...good, id: 'x'.repeat(201) }, 'id must not have more than 200 characters'],
    [{ ...good, input: 'x'.repeat(65_537) }, 'input must not have more than 65536 characters'],
    [{ ...good, confidence: 1.5 }, 'confidence must be <= 1'],
    [{ ...good, confidence: Number.NaN }, 'confidence must be number'],
    [{ ...good, colour: 'red' }, 'there is no field "colour"; the fields are model, id, input, label, confidence, scores, features, segment, adapter, occurredAt'],
    [{ ...good, scores: { a: 'high' } }, 'scores.a must be number'],
    [{ ...good, occurredAt: 'yesterday' }, /^occurredAt must match pattern/],
    [{ ...good, occurredAt: '2026-13-01T00:00:00Z' }, 'occurredAt is no time of the calendar: 2026-13-01T00:00:00Z'],
    [{ ...good, occurredAt: '2026-02-29T00:00:00Z' }, 'occurredAt is no time of the calendar: 2026-02-29T00:00:00Z'],
    [{ ...good, occurredAt: '2026-02-28T00:00:00+99:00' }, 'occurredAt is no time of the calendar: 2026-02-28T00:00:00+99:00'],
    [{ ...good, occurredAt: '0000-01-01T00:00:00Z' }, 'occurredAt must be a time from 1970 to 9999, not 0000-01-01T00:00:00Z'],
    [{ ...good, occurredAt: '9999-12-31T23:59:00-12:00' }, 'occurredAt must be a time from 1970 to 9999, not 9999-12-31T23:59:00-12:00'],
    [{ ...good, input: 'a\0b' }, 'input has the character U+0000, which cannot be stored; remove it'],
    [{ ...good, label: '\ud800' }, 'label has half a surrogate pair, which is no character; send whole characters'],
    [{ ...good, features: { a: '\udc00x' } }, 'features.a has half a surrogate pair, which is no character; send whole characters'],
    [{ ...good, features: { 'a\0': 1 } }, 'the name of a member of features has the character U+0000, which cannot be stored; remove it'],
    [{ ...good, features: { a: 'x'.repeat(65_536) } }, 'features is longer than 65536 characters as JSON'],
    [{ ...good, model: 'No Such' }, /^model must match pattern/],
  ])('%j', (row, reason) => {
    const parsed = parsePrediction(row);
    if (typeof reason === 'string') expect(parsed).toBe(reason);
    else expect(parsed).toMatch(reason);
  });
});

test('whatever comes, the answer is a row or a reason', () => {
  const field = fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 5 }));
  const row = fc.record({ model: fc.constant('m'), id: field, input: field, label: field, confidence: field, features: field }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(row, fc.anything()), (input) => {
    const parsed = parsePrediction(input);
    if (typeof parsed === 'string') expect(parsed).not.toBe('');
    else expect([parsed.row.id, parsed.row.input, parsed.row.label].every((text) => text.isWellFormed() && !text.includes('\0'))).toBe(true);
  }), { numRuns: 40 });
});

test('feedback without an id gets one of its prediction and label', () => {
  const id = (input: object) => (parseFeedback({ model: 'm', ...input }) as { row: { id: string } }).row.id;
  expect(id({ predictionId: 'p', label: 'a' })).toBe(id({ predictionId: 'p', label: 'a' }));
  expect(id({ predictionId: 'p', label: 'a' })).not.toBe(id({ predictionId: 'p', label: 'b' }));
  expect(id({ predictionId: 'pa', label: 'b' })).not.toBe(id({ predictionId: 'p', label: 'ab' }));
  expect(id({ predictionId: 'p', label: 'a', id: 'mine' })).toBe('mine');
});

test('an imported row without an id gets one of its text', () => {
  expect(parseImport('m', { text: 'abc', label: 'l' })).toEqual({
    model: 'm', size: 3,
    row: { id: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', text: 'abc', label: 'l', segment: null, labelledAt: null },
  });
  expect(parseImport('m', { text: '', label: 'l' })).toBe('text must not have fewer than 1 characters');
});
