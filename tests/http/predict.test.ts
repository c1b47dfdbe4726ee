/** What a prediction of each task looks like over HTTP, and what is logged of it. */
import { describe, expect, test } from 'vitest';
import { predict, type PredictRequest } from '../../src/http/predict.ts';
import type { HttpParts } from '../../src/http/parts.ts';
import type { Answered } from '../../src/promotion/targets/builtin.ts';
import { documentDigest, taskRules, type TaskRules } from '../../src/tasks/index.ts';
import { as, serve } from './support.ts';

/** A target that answers with these rows, and everything that ingest was given. */
function house(rules: TaskRules, rows: readonly Answered[]) {
  const logged: unknown[] = [];
  const asked: unknown[] = [];
  const parts = {
    target: { predict: async (_: string, texts: readonly string[], options: unknown) => (asked.push([texts, options]), { adapter: 'a1', rules, labels: ['x', 'y'], rows }) },
    ingest: { predictions: async (given: readonly unknown[]) => (logged.push(...given), { accepted: given.length, duplicates: 0, refused: [] }) },
    events: { emit: () => {} },
  } as unknown as Pick<HttpParts, 'target' | 'ingest' | 'events'>;
  return { asked, logged, ask: (request: PredictRequest) => predict(parts, 'm', request) };
}

const request = { text: 'play abba', id: 'p' };
const common = { id: 'p', confidence: 0.5 };
const spans = [{ start: 5, end: 9, label: 'artist' }];

describe('the answer and its log are in the field of the task', () => {
  test.each([
    [taskRules('classification'), 'x', { label: 'x' }],
    [taskRules('classification', 'multi'), '["x","y"]', { labels: ['x', 'y'] }],
    [taskRules('extraction'), JSON.stringify(spans), { spans }],
    [taskRules('generation'), 'ok', { output: 'ok' }],
  ] as const)('%#', async (rules, label, fields) => {
    const { ask, logged } = house(rules, [{ label, confidence: 0.5 }]);
    expect((await ask(request)).predictions).toEqual([{ ...common, ...fields }]);
    expect(logged).toEqual([{ ...common, ...fields, model: 'm', input: 'play abba', adapter: 'a1' }]);
  });

  test('a search: documents by their place, logged by their texts; a vector alone is not logged', async () => {
    const documents = ['one', 'two'];
    const row = { label: '[]', confidence: 0.5, vector: [1, 0], ranking: [{ document: 1, cosine: 0.5 }, { document: 0, cosine: 0.1 }] };
    const search = house(taskRules('embedding'), [row]);
    expect((await search.ask({ ...request, documents })).predictions).toEqual([
      { ...common, ranking: [{ document: 1, digest: documentDigest('two'), cosine: 0.5 }, { document: 0, digest: documentDigest('one'), cosine: 0.1 }] },
    ]);
    expect(search.asked).toEqual([[['play abba'], { documents }]]);
    expect(search.logged).toEqual([{ ...common, model: 'm', input: 'play abba', ranking: ['two', 'one'], adapter: 'a1' }]);
    const { ranking: _, ...plain } = row;
    const embed = house(taskRules('embedding'), [plain]);
    expect(await embed.ask(request)).toEqual({ adapter: 'a1', predictions: [{ ...common, vector: [1, 0] }], logged: null });
    expect(embed.logged).toEqual([]);
  });

  test('a chat goes in as one text and is logged as messages; other tasks take none', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const chat = house(taskRules('generation'), [{ label: 'ok', confidence: 0.5 }]);
    await chat.ask({ messages, id: 'p' });
    expect(chat.asked).toEqual([[['[{"role":"user","content":"hi"}]'], {}]]);
    expect(chat.logged).toMatchObject([{ messages, output: 'ok' }]);
    await expect(house(taskRules('classification'), [{ label: 'x', confidence: 0.5 }]).ask({ messages })).rejects.toThrow('takes no messages');
  });

  test('tools go with messages, into the text and into the log', async () => {
    const [messages, tools] = [[{ role: 'user', content: 'hi' }], [{ type: 'function', function: { name: 'rain' } }]];
    const chat = house(taskRules('generation'), [{ label: 'ok', confidence: 0.5 }]);
    await chat.ask({ messages, tools });
    expect(chat.asked).toEqual([[['{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"rain"}}]}'], {}]]);
    expect(chat.logged).toMatchObject([{ messages, tools, output: 'ok' }]);
    await expect(chat.ask({ text: 'hi', tools })).rejects.toThrow('"tools" go with "messages"');
  });
});

test('scores of all labels when asked for, over HTTP', async () => {
  const app = await serve();
  const call = async (payload: object) => (await app.inject({ method: 'POST', url: '/v1/models/router/predict', payload, headers: as('ingest') })).json<{ predictions: object[] }>();
  expect((await call({ text: 'a', id: '1', scores: true })).predictions).toEqual([{ id: '1', label: 'x', confidence: 0.75, scores: { x: 0.75, y: 0.25 } }]);
  expect((await call({ text: 'a', id: '1' })).predictions).toEqual([{ id: '1', label: 'x', confidence: 0.75 }]);
  await app.close();
});
