import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { as, asked, ADAPTER, serve } from './support.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = await serve();
});
afterAll(() => app.close());
beforeEach(() => void asked.splice(0));

const post = (url: string, payload: string | Buffer, type: string) => app.inject({ method: 'POST', url, payload, headers: { ...as('ingest'), 'content-type': type } });
const ndjson = (payload: string | Buffer) => post('/v1/predictions', payload, 'application/x-ndjson');

test('an array, one object, and NDJSON mean the same', async () => {
  const rows = [{ id: 'a' }, { id: 'b' }];
  for (const [payload, type] of [[JSON.stringify(rows), 'application/json'], ['{"id":"a"}\n{"id":"b"}\n', 'application/x-ndjson'], ['\r\n{"id":"a"}\r\n\r\n{"id":"b"}', 'application/ndjson; charset=utf-8']] as const) {
    const response = await post('/v1/predictions', payload, type);
    expect([response.statusCode, response.json()]).toEqual([202, { accepted: 2, duplicates: 0, refused: [] }]);
    expect(asked.pop()).toEqual({ what: 'predictions', with: rows });
  }
  expect((await post('/v1/feedback', '{"id":"a"}', 'application/json')).json()).toMatchObject({ accepted: 1 });
  expect(asked.pop()).toEqual({ what: 'feedback', with: [{ id: 'a' }] });
});

test('a line that is no JSON, a row that ingest refuses: each at its line, the good rows kept', async () => {
  const response = await ndjson('{"id":"a"}\n{"id":\n\n{"id":"bad"}\n{"id":"c"}\n{"id":"trunca');
  expect(response.statusCode).toBe(202);
  expect(response.json()).toEqual({
    accepted: 2,
    duplicates: 0,
    refused: [
      { index: 1, id: null, reason: expect.stringMatching(/^line 2: not JSON \(/) },
      { index: 3, id: null, reason: 'it is bad' },
      { index: 5, id: null, reason: expect.stringMatching(/^line 6: not JSON \(/) },
    ],
  });
  expect(asked).toEqual([{ what: 'predictions', with: [{ id: 'a' }, { id: 'bad' }, { id: 'c' }] }]);
});

test('bytes that are no UTF-8 are refused, not turned into other text', async () => {
  const bad = Buffer.concat([Buffer.from('{"id":"a"}\n{"id":"'), Buffer.from([0xff]), Buffer.from('"}\n{"id":"\ufffd"}')]);
  expect((await ndjson(bad)).json()).toMatchObject({ accepted: 2, refused: [{ index: 1, reason: 'line 2: not UTF-8' }] });
  expect((await post('/v1/predictions', bad, 'application/json')).json()).toMatchObject({ code: 'bad-request', detail: expect.stringContaining('not UTF-8') });
});

test('nothing in, nothing asked', async () => {
  for (const response of [await ndjson('\n\n'), await post('/v1/predictions', '[]', 'application/json')]) {
    expect([response.statusCode, response.json()]).toEqual([202, { accepted: 0, duplicates: 0, refused: [] }]);
  }
  expect(asked).toEqual([]);
});

test('what is no batch is a bad request that says what would be right', async () => {
  for (const payload of ['"text"', '7', 'null', '[1', '']) {
    const response = await post('/v1/predictions', payload, 'application/json');
    expect([payload, response.statusCode]).toEqual([payload, 400]);
    expect(response.json<{ detail: string }>().detail).toMatch(/NDJSON|empty/);
  }
});

const predict = async (payload: object) => app.inject({ method: 'POST', url: '/v1/models/router/predict', payload, headers: as('ingest') });

test('predict answers and logs what it answered', async () => {
  const response = await predict({ texts: ['one', 'two'], ids: ['p1', 'p2'], segment: 'en' });
  expect(response.json()).toEqual({
    adapter: ADAPTER.id,
    predictions: [{ id: 'p1', label: 'x', confidence: 0.75 }, { id: 'p2', label: 'x', confidence: 0.75 }],
    logged: { accepted: 2, duplicates: 0, refused: [] },
  });
  expect(asked[0]?.with).toEqual(['p1', 'p2'].map((id, i) => ({ model: 'router', id, input: ['one', 'two'][i], label: 'x', confidence: 0.75, adapter: ADAPTER.id, segment: 'en' })));
});

test('predict makes ids, which differ, and logs nothing when told so', async () => {
  const { predictions } = (await predict({ texts: ['one', 'two'] })).json<{ predictions: { id: string }[] }>();
  expect(new Set(predictions.map(({ id }) => id)).size).toBe(2);
  expect((asked.pop()?.with as { id: string }[]).map(({ id }) => id)).toEqual(predictions.map(({ id }) => id));
  expect((await predict({ text: 'one', id: 'mine', log: false })).json()).toMatchObject({ predictions: [{ id: 'mine' }], logged: null });
  expect(asked).toEqual([]);
});

test.each([{}, { text: 'a', texts: ['b'] }, { texts: ['a'], ids: ['1', '2'] }, { texts: ['a'], id: '1' }, { text: 'a', ids: ['1'] }, { texts: [] }, { text: 'a', more: 1 }, { text: 7 }])(
  'predict refuses %j',
  async (body) => {
    const response = await predict(body);
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'bad-request']);
  },
);
