import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalChat, chatIn, documentDigest, taskRules, tellingPart, type TaskRules } from '../../src/tasks/index.ts';
import { TASKS } from '../../src/vocabulary.ts';

const multi = taskRules('classification', 'multi');
const single = taskRules('classification');
const extraction = taskRules('extraction');
const embedding = taskRules('embedding');
const generation = taskRules('generation');
const ALL = [...TASKS.map((task) => taskRules(task)), multi];

const label = fc.constantFrom('artist', 'city', 'date');
const spans = fc.array(fc.record({ gap: fc.nat(5), length: fc.integer({ min: 1, max: 6 }), label }), { maxLength: 6 }).map((parts) => {
  let at = 0;
  return parts.map(({ gap, length, label: name }) => {
    const start = at + gap;
    at = start + length;
    return { start, end: at, label: name };
  });
});
const json = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 2 })));
const text = fc.string({ minLength: 1 }).filter((value) => !value.includes('\0'));

/** For each task: truths and answers as they come in. */
const VALUES = new Map<TaskRules, { truth: fc.Arbitrary<unknown>; answer: fc.Arbitrary<unknown> }>([
  [single, { truth: label, answer: label }],
  [multi, { truth: fc.array(label), answer: fc.array(label) }],
  [extraction, { truth: spans, answer: spans }],
  [embedding, { truth: text, answer: fc.array(text) }],
  [generation, { truth: fc.oneof(json.map((value) => JSON.stringify(value)), text), answer: fc.oneof(json.map((value) => JSON.stringify(value)), text) }],
]);

describe.each(ALL.map((rules) => [`${rules.task} ${rules.labelling}`, rules] as const))('%s', (_, rules) => {
  const { truth, answer } = VALUES.get(rules)!;
  test('every metric is in [0, 1], and 1 of a perfect answer', () => {
    fc.assert(fc.property(truth, answer, fc.constantFrom(...rules.metrics), (t, a, metric) => {
      const right = rules.parseTruth(t);
      const score = rules.score(right, rules.parseAnswer(a), metric);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      const perfect = rules.task === 'embedding' ? rules.parseAnswer([t]) : rules.parseAnswer(t);
      expect(rules.score(right, perfect, metric)).toBe(1);
    }));
  });
  test('an answer written down is the same answer again', () => {
    fc.assert(fc.property(answer, (a) => {
      const canonical = rules.parseAnswer(a);
      expect(rules.fromPrediction({ [rules.answerField]: rules.answerValue(canonical) })).toBe(canonical);
    }));
  });
  test('a truth written down is the same truth again', () => {
    fc.assert(fc.property(truth, (t) => {
      const canonical = rules.parseTruth(t);
      expect(rules.parseTruth(rules.truthValue(canonical))).toBe(canonical);
    }));
  });
  test('a metric that is not there is refused with those that are', () => {
    const t = rules.parseTruth(fc.sample(truth, { numRuns: 1, seed: 1 })[0]);
    expect(() => rules.score(t, rules.parseAnswer(fc.sample(answer, { numRuns: 1, seed: 2 })[0]), 'bleu')).toThrow(rules.metrics.join(', '));
  });
});

describe('scores', () => {
  const spanF1 = (a: unknown, b: unknown) => extraction.score(extraction.parseTruth(a), extraction.parseAnswer(b), 'spanF1');
  const [one, two] = [{ start: 0, end: 4, label: 'artist' }, { start: 5, end: 9, label: 'city' }];
  test('a span counts when start, end and label are right; none against none is right', () => {
    expect(spanF1([], [])).toBe(1);
    expect(spanF1([one, two], [two, one])).toBe(1);
    expect(spanF1([one, two], [one])).toBeCloseTo(2 / 3, 12);
    expect(spanF1([one], [{ ...one, label: 'city' }])).toBe(0);
    expect(spanF1([one], [{ ...one, end: 3 }])).toBe(0);
    expect(spanF1([], [one])).toBe(0);
  });
  test('several labels: F1, Jaccard and exact', () => {
    const score = (metric: string) => multi.score(multi.parseTruth(['a', 'b', 'c']), multi.parseAnswer(['b', 'c', 'd']), metric);
    expect([score('f1'), score('jaccard'), score('exact')]).toEqual([2 / 3, 0.5, 0]);
    expect(multi.score('[]', '[]', 'f1')).toBe(1);
  });
  test('nDCG@10 with one right document is 1 / log2(rank + 1)', () => {
    const documents = Array.from({ length: 12 }, (_, i) => `document ${i}`);
    const score = (at: number, metric = 'nDCG@10') => embedding.score(`document ${at}`, embedding.parseAnswer(documents), metric);
    expect([score(0), score(1), score(9), score(10)]).toEqual([1, 1 / Math.log2(3), 1 / Math.log2(11), 0]);
    expect([score(0, 'recall@1'), score(1, 'recall@1'), score(9, 'recall@10'), score(10, 'recall@10')]).toEqual([1, 0, 1, 0]);
  });
  test('generation: white space does not count; JSON by its fields', () => {
    const score = (truth: string, answer: string, metric: string) => generation.score(truth, answer, metric);
    expect(score('a  b\n', ' a b', 'exact')).toBe(1);
    expect(score('{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}', 'json')).toBe(1);
    expect(score('{"a":1,"b":2}', '{"a":1,"b":3}', 'json')).toBe(0.5);
    expect(score('{"a":1}', '{"a":1,"b":2}', 'json')).toBe(0.5);
    expect(score('{"a":1}', '{"a":1', 'json')).toBe(0);
    expect(score('{"toString":1}', '{}', 'json')).toBe(0);
  });
});

describe('what is refused says the field and what would be right', () => {
  test.each([
    [single, '', /^label: it has 0 characters; it must be a text of 1 to 200/],
    [single, 'a\0b', /^label: .*U\+0000/],
    [multi, 'a', /^labels: it is a string; send the list/],
    [multi, ['a', 3], /^labels\[1\]: it is a number/],
    [extraction, [{ start: 2, end: 2, label: 'a' }], /^spans\[0\]: start 2 is not before end 2/],
    [extraction, [{ start: 0, end: 9, label: 'a' }], /^spans: end 9 is beyond the text's 5 characters/],
    [extraction, [{ start: 0, end: 3, label: 'a' }, { start: 2, end: 4, label: 'b' }], /^spans: 0-3 and 2-4 overlap/],
    [extraction, [{ start: 0, end: 3, label: 'a', score: 1 }], /^spans\[0\]: there is no field "score"/],
    [extraction, [{ start: 0.5, end: 3, label: 'a' }], /^spans\[0\]: start 0.5/],
    [embedding, '', /^document: /],
    [generation, '\ud800', /^completion: it has half a surrogate/],
  ] as const)('%#', (rules, value, message) => expect(() => rules.parseTruth(value, 'hello')).toThrow(message));
  test('a truth is held against its text once that is known', () => {
    const truth = extraction.parseTruth([{ start: 0, end: 9, label: 'a' }]);
    expect([extraction.misfit(truth, '123456789'), extraction.misfit(truth, '12345678')]).toEqual([null, "end 9 is beyond the text's 8 characters"]);
  });
  test('200 characters are 200, whatever they take in memory', () => {
    expect(single.parseTruth('😀'.repeat(200))).toHaveLength(400);
    expect(() => single.parseTruth('😀'.repeat(201))).toThrow('label: ');
  });
  test('several labels are for classification', () => expect(() => taskRules('extraction', 'multi')).toThrow('/labels "multi"'));
});

describe('jobs', () => {
  test('rows in the form of their task', () => {
    const row = (label: string) => ({ id: '1', text: 'play abba', label });
    expect(single.toJobRow(row('music'))).toEqual({ id: '1', text: 'play abba', label: 'music' });
    expect(multi.toJobRow({ ...row('["a"]'), weight: 2 })).toEqual({ id: '1', text: 'play abba', labels: ['a'], weight: 2 });
    expect(extraction.toJobRow(row('[{"start":5,"end":9,"label":"artist"}]'))).toEqual({ id: '1', text: 'play abba', spans: [{ start: 5, end: 9, label: 'artist' }] });
    expect(embedding.toJobRow(row('songs'))).toEqual({ id: '1', text: 'play abba', positive: 'songs' });
    expect(generation.toJobRow(row('ok'))).toEqual({ id: '1', text: 'play abba', completion: 'ok' });
  });
  test('a chat is one text on the way and messages in the job', () => {
    const messages = [{ role: 'user', content: 'hi' }];
    expect(generation.toJobRow({ id: '1', text: canonicalChat({ messages }), label: 'ok' })).toEqual({ id: '1', messages, completion: 'ok' });
    expect(chatIn('[{"role":1}]')).toBeNull();
    expect(() => canonicalChat({ messages: [{ role: 'user' }] })).toThrow('messages[0].content');
  });

  test('a chat with tool calls keeps them whole, and says which one is none', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: { city: 'Bern' } } };
    const messages = [
      { role: 'user', content: 'Rain in Bern?' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: '{"rain":true}', tool_call_id: 'c1', name: 'weather' },
    ];
    expect(chatIn(canonicalChat({ messages }))).toEqual({ messages });
    expect(generation.toJobRow({ id: '1', text: canonicalChat({ messages }), label: 'yes' })).toEqual({ id: '1', messages, completion: 'yes' });
    expect(() => canonicalChat({ messages: [{ role: 'assistant', content: null }] })).toThrow('messages[0].content');
    expect(() => canonicalChat({ messages: [{ role: 'assistant', content: null, tool_calls: ['now'] }] })).toThrow('messages[0].tool_calls[0]: it is a string');
    expect(() => canonicalChat({ messages: [{ role: 'user', content: 'a', mood: 'good' }] })).toThrow('no field "mood"');
  });

  const tool = (name: string) => ({ type: 'function', function: { name, description: 'a tool', parameters: { type: 'object', properties: { b: { type: 'string' }, a: { type: 'integer' } } } } });
  test('a chat with tools is one text on the way and both again in the job; what is no tool is refused', () => {
    const chat = { messages: [{ role: 'user', content: 'hi' }], tools: [tool('rain'), tool('sun')] };
    expect(generation.toJobRow({ id: '1', text: canonicalChat(chat), label: 'ok' })).toEqual({ id: '1', ...chat, completion: 'ok' });
    expect(() => canonicalChat({ ...chat, tools: ['rain'] })).toThrow('tools[0]: it is a string; a tool is the JSON schema of a function');
    expect(() => canonicalChat({ ...chat, tools: [] })).toThrow('tools: there are none; leave the field out');
    expect(() => canonicalChat({ ...chat, tools: {} })).toThrow('tools: it is an object; send a list');
    expect(() => canonicalChat({ ...chat, tools: Array.from({ length: 129 }, () => tool('x')) })).toThrow('at most 128');
    expect(() => canonicalChat({ tools: chat.tools })).toThrow('messages: it is missing');
  });

  /** Equal as a template sees it: members in their order. */
  const written = (value: unknown) => JSON.stringify(value);
  const message = fc.record({ role: fc.constantFrom('user', 'assistant', 'tool'), content: fc.string(), name: fc.constantFrom('a', 'b') }, { requiredKeys: ['role', 'content'] }).filter(({ content }) => !content.includes('\0'));
  const anyTool = fc.dictionary(fc.constantFrom('type', 'function', 'z', 'a'), fc.jsonValue({ maxDepth: 2 }));
  const chats = fc.record({ messages: fc.array(message, { minLength: 1, maxLength: 3 }), tools: fc.array(anyTool, { minLength: 1, maxLength: 2 }) }, { requiredKeys: ['messages'] });
  test('a chat comes back from its text as it was, and no other chat or text has that text', () => {
    fc.assert(fc.property(chats, chats, (one, other) => {
      const text = canonicalChat(one);
      expect(written(chatIn(text))).toBe(written(JSON.parse(written({ messages: JSON.parse(canonicalChat({ messages: one.messages })), ...(one.tools && { tools: one.tools }) }))));
      expect(canonicalChat(chatIn(text)!)).toBe(text);
      if (written(chatIn(canonicalChat(other))) !== written(chatIn(text))) expect(canonicalChat(other)).not.toBe(text);
      expect(chatIn(`${text} `)).toBeNull();
    }));
  });
  test('tools are told apart by the order of their members, which a template writes', () => {
    const [one, other] = [{ a: 1, b: 2 }, { b: 2, a: 1 }].map((parameters) => canonicalChat({ messages: [{ role: 'user', content: 'x' }], tools: [{ parameters }] }));
    expect(one).not.toBe(other);
  });
  test('the messages of a chat with tools tell it from others; of any other input all of it', () => {
    const messages = [{ role: 'user', content: 'hi' }];
    expect(tellingPart(canonicalChat({ messages, tools: [tool('rain')] }))).toBe(canonicalChat({ messages }));
    for (const text of ['hi', canonicalChat({ messages }), '{"messages":[{"role":"user","content":"x"}]}', '']) expect(tellingPart(text)).toBe(text);
  });
  test('a digest is the head of sha256', () => expect(documentDigest('abc')).toBe('ba7816bf8f01cfea'));
  test('malformed is for outputs alone', () => {
    expect(['', '{"a":1', '{}'].map((output) => [generation.isMalformed(output, 'exact'), generation.isMalformed(output, 'json')])).toEqual([[true, true], [false, true], [false, false]]);
    expect(single.isMalformed('x', 'accuracy')).toBeNull();
  });
  test('groups: spans by their kinds, documents by their digest', () => {
    expect(extraction.groupOf('[{"start":5,"end":9,"label":"artist"}]')).toBe(extraction.groupOf('[{"start":0,"end":1,"label":"artist"}]'));
    expect([single.groupOf('a'), embedding.groupOf('abc')]).toEqual(['a', 'ba7816bf8f01cfea']);
  });
  test('binary metrics give 0 or 1', () => {
    for (const rules of ALL) for (const metric of rules.binary) expect(rules.metrics).toContain(metric);
  });
  test('the trivial answer', () => {
    expect([single.trivial(['b', 'a', 'b', 'a']), extraction.trivial(['[]']), embedding.trivial(['x']), generation.trivial(['ok', 'no', 'ok']), single.trivial([])]).toEqual(['a', '[]', null, 'ok', null]);
  });
});
