import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/canonical.ts';
import * as parse from '../../src/ingest/parse.ts';
import { taskRules, type TaskRules } from '../../src/tasks/index.ts';

const MODELS: Readonly<Record<string, TaskRules>> = {
  router: taskRules('classification'), m: taskRules('classification'), tags: taskRules('classification', 'multi'),
  slots: taskRules('extraction'), search: taskRules('embedding'), writer: taskRules('generation'),
};
const rulesOf: parse.RulesOf = (model) => MODELS[model] ?? null;
const parsePrediction = (input: unknown) => parse.parsePrediction(input, rulesOf);
const parseFeedback = (input: unknown) => parse.parseFeedback(input, rulesOf);
const parseImport = (model: string, input: unknown) => parse.parseImport(model, input, rulesOf);

const good = { model: 'router', id: 'p1', input: 'hello', label: 'greet', confidence: 0.9 };

test('a prediction keeps what it was given; what it was not given is null', () => {
  expect(parsePrediction({ ...good, scores: { greet: 0.9 }, features: { a: 1, b: 'x', c: null }, occurredAt: '2026-01-01T00:00:00+02:00' })).toEqual({
    model: 'router',
    row: {
      id: 'p1', input: 'hello', label: 'greet', confidence: 0.9, scores: '{"greet":0.9}', features: '{"a":1,"b":"x","c":null}', values: { a: 1, b: 'x', c: null },
      segment: null, adapter: null, occurredAt: '2025-12-31T22:00:00.000Z',
    },
    size: 5 + 5 + 13 + 24,
  });
});

describe('a prediction is refused with the field and what is wrong with it', () => {
  test.each([
    [null, 'the row must be object'],
    [[], 'the row must be object'],
    [{ ...good, input: undefined }, 'the row must have required properties input'],
    [{ model: 'm', id: 'x', label: 'l' }, 'the row must have required properties input'],
    [{ ...good, label: 7 }, 'label must be string'],
    [{ ...good, label: '' }, 'label must not have fewer than 1 characters'],
    [{ ...good, id: 'x'.repeat(201) }, 'id must not have more than 200 characters'],
    [{ ...good, input: 'x'.repeat(65_537) }, 'input must not have more than 65536 characters'],
    [{ ...good, confidence: 1.5 }, 'confidence must be <= 1'],
    [{ ...good, confidence: Number.NaN }, 'confidence must be number'],
    [{ ...good, colour: 'red' }, 'there is no field "colour"; the fields are model, id, input, messages, tools, label, labels, spans, ranking, output, confidence, scores, features, segment, adapter, occurredAt'],
    [{ ...good, scores: { a: 'high' } }, 'scores.a must be number'],
    [{ ...good, occurredAt: 'yesterday' }, /^occurredAt must match pattern/],
    [{ ...good, occurredAt: '2026-13-01T00:00:00Z' }, 'occurredAt is no time of the calendar: 2026-13-01T00:00:00Z'],
    [{ ...good, occurredAt: '2026-02-29T00:00:00Z' }, 'occurredAt is no time of the calendar: 2026-02-29T00:00:00Z'],
    [{ ...good, occurredAt: '2026-02-28T00:00:00+99:00' }, 'occurredAt is no time of the calendar: 2026-02-28T00:00:00+99:00'],
    [{ ...good, occurredAt: '0000-01-01T00:00:00Z' }, 'occurredAt must be a time from 1970 to 9999, not 0000-01-01T00:00:00Z'],
    [{ ...good, occurredAt: '9999-12-31T23:59:00-12:00' }, 'occurredAt must be a time from 1970 to 9999, not 9999-12-31T23:59:00-12:00'],
    [{ ...good, input: 'a\0b' }, 'input has the character U+0000, which cannot be stored; remove it'],
    [{ ...good, label: '\ud800' }, 'label: it has half a surrogate pair; send whole characters'],
    [{ ...good, features: { a: '\udc00x' } }, 'features.a has half a surrogate pair, which is no character; send whole characters'],
    [{ ...good, features: { v: Array.from({ length: 4_097 }, () => 1) } }, /features/],
    [{ ...good, features: { v: [1, 'x'] } }, /features/],
    [{ ...good, features: Object.fromEntries(['a', 'b'].map((name) => [name, Array.from({ length: 4_096 }, (_, i) => Math.sqrt(i))])) }, 'the vectors of features are longer than 131072 characters as JSON; send fewer digits or dimensions'],
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
    model: 'm', size: 4,
    row: { id: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', text: 'abc', label: 'l', segment: null, labelledAt: null },
  });
  expect(parseImport('m', { text: '', label: 'l' })).toBe('text must not have fewer than 1 characters');
});

describe('each task has its own field', () => {
  const row = { id: 'p1', confidence: 0.9 };
  const [one, two] = [{ start: 5, end: 9, label: 'artist' }, { start: 0, end: 4, label: 'verb' }];
  test.each([
    [{ ...row, model: 'tags', input: 'x', labels: ['b', 'a', 'b'] }, '["a","b"]'],
    [{ ...row, model: 'slots', input: 'play abba', spans: [one, two] }, JSON.stringify([two, one])],
    [{ ...row, model: 'search', input: 'x', ranking: ['abc', 'def'] }, '["ba7816bf8f01cfea","cb8379ac2098aa16"]'],
    [{ ...row, model: 'writer', input: 'x', output: '' }, ''],
  ])('a prediction: %j', (input, label) => expect(parsePrediction(input)).toMatchObject({ row: { label } }));

  test.each([
    [{ ...good, label: undefined }, 'the row must have required properties label'],
    [{ ...good, spans: [] }, "spans is not of this model's task: it takes label"],
    [{ ...row, model: 'tags', input: 'x', label: 'a' }, "label is not of this model's task: it takes labels"],
    [{ ...row, model: 'slots', input: 'abba', spans: [one] }, "spans: end 9 is beyond the text's 4 characters; a span is {start, end, label}: offsets in UTF-16 units as JavaScript counts them, end exclusive"],
    [{ ...row, model: 'slots', input: 'abba', spans: [{ ...one, start: -1 }] }, 'spans.0.start must be >= 0'],
    [{ ...row, model: 'slots', input: 'abba', spans: [{ start: 0, end: 2 }] }, 'spans.0 must have required properties label'],
    [{ ...row, model: 'search', input: 'x', ranking: [''] }, /^ranking\[0\]: it has 0 characters/],
    [{ ...row, model: 'writer', output: 'y', messages: [] }, 'messages must not have fewer than 1 items'],
    [{ ...good, messages: [{ role: 'user', content: 'x' }], input: undefined }, "messages are not of this model's task: it takes input"],
    [{ ...row, model: 'writer', output: 'y', input: 'x', messages: [{ role: 'user', content: 'x' }] }, 'it has both input and messages; send one of them'],
    [{ ...row, model: 'writer', output: 'y', input: 'x', tools: [{ type: 'function' }] }, 'tools are for a chat; send them beside messages'],
    [{ ...row, model: 'writer', output: 'y', input: '[{"role":"user","content":"hi"}]' }, 'input is a chat written as text; send it as messages'],
    [{ ...row, model: 'writer', output: 'y', messages: [{ role: 'user', content: 'x' }], tools: [] }, 'tools must not have fewer than 1 items'],
    [{ ...row, model: 'writer', output: 'y', messages: [{ role: 'user', content: 'x' }], tools: ['rain'] }, 'tools.0 must be object'],
    [{ ...good, tools: [{ type: 'function' }] }, "tools are not of this model's task: it takes input"],
    [{ ...row, model: 'nobody', input: 'x', label: 'a' }, 'there is no model "nobody"; register it with PUT /v1/models/nobody'],
  ])('a prediction is refused: %j', (input, reason) => {
    const parsed = parsePrediction(input);
    if (typeof reason === 'string') expect(parsed).toBe(reason);
    else expect(parsed).toMatch(reason);
  });

  test('a chat is stored as one text', () => {
    expect(parsePrediction({ ...row, model: 'writer', output: 'y', messages: [{ content: 'hi', role: 'user' }] })).toMatchObject({ row: { input: '[{"role":"user","content":"hi"}]', label: 'y' } });
    expect(parseImport('writer', { messages: [{ role: 'user', content: 'hi' }], completion: 'y' })).toMatchObject({ row: { text: '[{"role":"user","content":"hi"}]', label: 'y' } });
    const withTools = { messages: [{ role: 'user', content: 'hi' }], tools: [{ type: 'function', function: { name: 'rain' } }], completion: 'y' };
    const text = '{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"rain"}}]}';
    expect(parseImport('writer', withTools)).toMatchObject({ row: { text, id: sha256(text), label: 'y' } });
  });

  test.each([
    [{ model: 'slots', spans: [] }, { label: '[]', score: null }],
    [{ model: 'search', document: 'abc' }, { label: 'abc', score: null }],
    [{ model: 'writer', completion: 'right' }, { label: 'right', score: null }],
    [{ model: 'writer', score: 0.25 }, { label: null, score: 0.25 }],
    [{ model: 'router', thumbs: 'down' }, { label: null, score: 0 }],
    [{ model: 'router', thumbs: 'up' }, { label: null, score: 1 }],
  ])('feedback: %j', (input, row) => expect(parseFeedback({ predictionId: 'p', ...input })).toMatchObject({ row }));

  test.each([
    [{ model: 'slots' }, 'exactly one of spans, score and thumbs is needed, not none'],
    [{ model: 'router', label: 'a', thumbs: 'up' }, 'exactly one of label, score and thumbs is needed, not label and thumbs'],
    [{ model: 'router', completion: 'a' }, "completion is not of this model's task: it takes label"],
    [{ model: 'router', thumbs: 'sideways' }, /^thumbs must be equal to one of/],
    [{ model: 'router', score: 2 }, 'score must be <= 1'],
  ])('feedback is refused: %j', (input, reason) => {
    const parsed = parseFeedback({ predictionId: 'p', ...input });
    if (typeof reason === 'string') expect(parsed).toBe(reason);
    else expect(parsed).toMatch(reason);
  });

  test('thumbs up and thumbs down are two feedbacks, thumbs up twice is one', () => {
    const id = (input: object) => (parseFeedback({ model: 'm', predictionId: 'p', ...input }) as { row: { id: string } }).row.id;
    expect(id({ thumbs: 'up' })).toBe(id({ score: 1 }));
    expect(id({ thumbs: 'up' })).not.toBe(id({ thumbs: 'down' }));
  });
});
