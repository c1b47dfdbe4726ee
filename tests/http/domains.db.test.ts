/** The server over the real domains and a real database: what they hand out comes out whole, what a caller sends is kept or refused. */
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuth } from '../../src/auth/index.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createDrift } from '../../src/drift/index.ts';
import { createPerformance } from '../../src/drift/performance/index.ts';
import { createHealth } from '../../src/health.ts';
import { createServer } from '../../src/http/server.ts';
import { createIngest, type Ingest } from '../../src/ingest/index.ts';
import { createModels } from '../../src/models.ts';
import { createRegistry } from '../../src/promotion/registry.ts';
import type { ObjectStore } from '../../src/store/objects/index.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { HOUR } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { fakeParts } from './support.ts';

const { pool } = await testDatabase();
const clock = new VirtualClock(new Date('2026-03-01T12:00:00Z'));
const BOOTSTRAP = 'bootstrap-key-of-the-test';
let app: FastifyInstance;
let ingest: Ingest;

beforeAll(async () => {
  const events = createEvents();
  const fake = fakeParts();
  ingest = createIngest({ pool, clock, events });
  const auth = await createAuth({ pool, clock, log: fake.log, bootstrapKey: BOOTSTRAP, openOnLoopback: false });
  app = await createServer({
    ...fake, clock, events, auth, ingest,
    health: createHealth({ pool }), models: createModels({ pool, clock }), drift: createDrift({ pool, clock, events }), performance: createPerformance({ pool, clock }),
    registry: createRegistry({ pool, objects: {} as ObjectStore, clock, events }),
  });
});
afterAll(async () => {
  await app.close();
  await ingest.stop();
});

async function call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: InjectOptions['payload'], key = BOOTSTRAP) {
  const response = await app.inject({ method, url, headers: { authorization: `Bearer ${key}` }, ...(payload === undefined ? {} : { payload }) });
  return { status: response.statusCode, body: response.body === '' ? null : response.json<Record<string, unknown>>() };
}

test('a model is put, read, and watched', async () => {
  const spec = { task: 'classification', serving: { target: 'builtin' }, retrain: { minLabels: 50 } };
  expect(await call('PUT', '/v1/models/router', spec)).toMatchObject({ status: 201, body: { name: 'router', version: 1, changed: true, spec: { retrain: { minLabels: 50, maxPerDay: expect.any(Number) } } } });
  expect(await call('PUT', '/v1/models/router', spec)).toMatchObject({ status: 200, body: { version: 1, changed: false } });
  expect(await call('GET', '/v1/models/router')).toMatchObject({ body: { createdAt: '2026-03-01T12:00:00.000Z' } });
  expect(await call('GET', '/v1/models/router/drift')).toMatchObject({ status: 200, body: { model: 'router', live: null, monitors: [], openPane: { pane: 1 } } });
  expect(await call('GET', '/v1/models/nobody/drift')).toMatchObject({ status: 404 });
});

test('the task of a model stays: rows are stored in its form', async () => {
  expect(await call('PUT', '/v1/models/fixed', { task: 'extraction' })).toMatchObject({ status: 201 });
  expect(await call('PUT', '/v1/models/fixed', { task: 'generation' })).toMatchObject({ status: 409, body: { detail: expect.stringContaining('registered for extraction, labels single, not generation') as string } });
  expect(await call('PUT', '/v1/models/fixed', { task: 'extraction', retrain: { minLabels: 7 } })).toMatchObject({ status: 200, body: { version: 2 } });
});

test('a bad spec names every problem', async () => {
  const { status, body } = await call('PUT', '/v1/models/router', { task: 'cooking', serving: { target: 'builtin' }, gates: { alpha: 2 }, extra: 1 });
  expect([status, body?.['code']]).toEqual([422, 'bad-spec']);
  for (const part of ['/task must be equal to one of the allowed values: classification', '/gates/alpha', '/ has no field "extra"']) expect(body?.['detail']).toContain(part);
});

test('rows that PostgreSQL would refuse cost themselves, not the others, and never a fault of ours', async () => {
  const row = (id: string, over: object = {}) => ({ model: 'router', id, input: 'lights off', label: 'light_off', confidence: 0.9, ...over });
  const { status, body } = await call('POST', '/v1/predictions', [
    row('a'), row('b', { input: 'nul \0' }), row('c', { label: 7 }), row('d', { more: 1 }), row('e', { features: { x: '\ud800' } }), row('a'), row('f', { model: 'nobody' }), 'text', row('g'),
  ]);
  const { refused, ...counts } = body as { refused: { index: number; id: string | null; reason: string }[] };
  expect([status, counts]).toEqual([202, { accepted: 2, duplicates: 1 }]);
  expect(refused.map(({ index, id }) => [index, id])).toEqual([[1, 'b'], [2, 'c'], [3, 'd'], [4, 'e'], [6, 'f'], [7, null]]);
  expect((await pool.query<{ id: string }>('select id from predictions order by id')).rows).toEqual([{ id: 'a' }, { id: 'g' }]);
  expect(await call('POST', '/v1/feedback', { model: 'router', predictionId: 'a', label: 'light_on' })).toMatchObject({ status: 202, body: { accepted: 1 } });
  expect(await call('POST', '/v1/models/router/import', [{ text: 'turn it up', label: 'volume_up' }])).toMatchObject({ status: 202, body: { accepted: 1 } });
  expect(await call('POST', '/v1/models/nobody/import', [{ text: 'turn it up', label: 'volume_up' }])).toMatchObject({ status: 404 });
});

test('predict logs what the live adapter said', async () => {
  const { body } = await call('POST', '/v1/models/router/predict', { texts: ['one', 'two'], ids: ['p1', 'p2'] });
  expect(body).toMatchObject({ logged: { accepted: 2, duplicates: 0, refused: [] } });
  expect((await pool.query(`select id, input, label, adapter from predictions where id like 'p%' order by id`)).rows).toEqual(
    ['one', 'two'].map((input, i) => ({ id: `p${i + 1}`, input, label: 'x', adapter: 'router--v1-00000000' })),
  );
});

test('a row of another task than its model is refused by field', async () => {
  const rows = [{ model: 'fixed', id: 'x1', input: 'play abba', spans: [{ start: 5, end: 9, label: 'artist' }] }, { model: 'fixed', id: 'x2', input: 'play abba', label: 'music' }];
  expect(await call('POST', '/v1/predictions', rows)).toMatchObject({ status: 202, body: { accepted: 1, refused: [{ index: 1, id: 'x2', reason: "label is not of this model's task: it takes spans" }] } });
  expect(await call('POST', '/v1/feedback', { model: 'fixed', predictionId: 'x1', thumbs: 'up' })).toMatchObject({ status: 202, body: { accepted: 1 } });
});

test('nothing is live yet: said as such, and nothing to go back to', async () => {
  expect(await call('GET', '/v1/models/router/live')).toMatchObject({ status: 404, body: { detail: 'there is no live adapter of "router"' } });
  expect(await call('GET', '/v1/models/router/live?at=2026-01-01T00:00:00Z')).toMatchObject({ status: 404 });
  expect(await call('GET', '/v1/models/router/adapters')).toMatchObject({ status: 200, body: [] });
  expect(await call('GET', '/v1/models/router/promotions')).toMatchObject({ status: 200, body: [] });
  expect(await call('POST', '/v1/models/router/rollback', { reason: 'complaints' })).toMatchObject({ status: 409, body: { code: 'no-live-adapter' } });
});

test('an incident is seen and resolved', async () => {
  await pool.query(
    `insert into incidents (id, model, monitor, adapter, reference, pane, state, evidence, opened_at, last_alarm_at)
     values ('i1', 'router', 'error', 'a', 'r', 1, 'open', '{"hits": 3}', $1, $1)`, [clock.now()],
  );
  expect(await call('GET', '/v1/incidents?model=router&state=open')).toMatchObject({ body: [{ id: 'i1', evidence: { hits: 3 }, acknowledgedAt: null, alarms: 1 }] });
  const muted = await call('POST', '/v1/incidents/i1/mute', { for: '2h', reason: 'a release' });
  expect(muted).toMatchObject({ status: 200, body: { mutedBy: 'bootstrap', muteReason: 'a release', mutedUntil: new Date(clock.now().getTime() + 7_200_000).toISOString() } });
  expect(await call('POST', '/v1/incidents/i1/unmute', { reason: 'it is out' })).toMatchObject({ status: 200, body: { mutedUntil: null } });
  expect(await call('POST', '/v1/incidents/i1/acknowledge')).toMatchObject({ status: 200, body: { state: 'acknowledged', acknowledgedBy: 'bootstrap' } });
  expect(await call('POST', '/v1/incidents/i1/resolve', { reason: 'known cause' })).toMatchObject({ status: 200, body: { state: 'resolved' } });
  expect(await call('POST', '/v1/incidents/i1/mute', { for: '2h', reason: 'too late' })).toMatchObject({ status: 409 });
  expect(await call('POST', '/v1/incidents/none/acknowledge')).toMatchObject({ status: 404 });
});

test('a key is made, used within its role, and revoked', async () => {
  const made = await call('POST', '/v1/keys', { name: 'app', role: 'ingest' });
  const { id, key } = made.body as { id: string; key: string };
  expect(made).toMatchObject({ status: 201, body: { name: 'app', role: 'ingest', revokedAt: null } });
  expect(await call('POST', '/v1/predictions', [], key)).toMatchObject({ status: 202 });
  expect(await call('GET', '/v1/models', undefined, key)).toMatchObject({ status: 403, body: { detail: 'this needs role viewer or operator or admin; the key "app" has role ingest' } });
  expect(await call('DELETE', `/v1/keys/${id}`)).toEqual({ status: 204, body: null });
  expect(await call('POST', '/v1/predictions', [], key)).toMatchObject({ status: 401 });
  expect(await call('GET', '/v1/keys')).toMatchObject({ body: [{ id, revokedAt: clock.now().toISOString() }] });
});

test('any JSON and any bytes are answered with 2xx or 4xx', async () => {
  const { status: ready } = await call('GET', '/health/ready');
  expect(ready).toBe(200);
  const bodies = ['null', '[]', '{}', '"x"', '[[[]]]', '[null, 1, {"model": {}}]', '{"__proto__": {"x": 1}}', '{"name": "\\u0000"}', '{"base": {"model": "\\ud800"}}', '{"task": "classification", "serving": {}, "base": {"model": "\\u0000"}}', '{"why": "x", "evidence": {"a": "\\u0000"}}', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, `{"why":"x","evidence":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`];
  const routes = ['PUT /v1/models/other', 'POST /v1/predictions', 'POST /v1/feedback', 'POST /v1/models/router/import', 'POST /v1/models/router/predict', 'POST /v1/models/router/triggers', 'POST /v1/models/router/rollback', 'POST /v1/keys'];
  for (const route of routes) {
    for (const payload of bodies) {
      const [method, url] = route.split(' ') as ['POST', string];
      const { statusCode } = await app.inject({ method, url, payload, headers: { authorization: `Bearer ${BOOTSTRAP}`, 'content-type': 'application/json' } });
      expect([route, payload.slice(0, 40), statusCode < 500]).toEqual([route, payload.slice(0, 40), true]);
    }
  }
});

test('performance comes out whole: what was right, by when it was predicted', async () => {
  await call('PUT', '/v1/models/judged', { task: 'classification', serving: {} });
  const rows = Array.from({ length: 40 }, (_, i) => ({ model: 'judged', id: `j${i}`, input: 'hello', label: 'a', confidence: 0.9 }));
  expect((await call('POST', '/v1/predictions', rows)).status).toBe(202);
  clock.advance(HOUR);
  expect((await call('POST', '/v1/feedback', rows.map(({ model, id }, i) => ({ model, predictionId: id, label: i < 30 ? 'a' : 'b' })))).status).toBe(202);
  const from = new Date(clock.now().getTime() - HOUR).toISOString();
  const answer = await call('GET', `/v1/models/judged/performance?from=${from}&bucket=1h`);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    model: 'judged', metric: 'accuracy', segment: null, from, changes: [], feedback: { repeats: 0, contradicted: 0, otherMetric: 0 },
    buckets: [{ from, predictions: 40, labelled: 40, provisional: true, firstScore: 0.75, score: { mean: 0.75, guarantee: 'exact' }, estimate: { method: 'prediction-powered', mean: 0.75 } }],
  });
  expect((await call('GET', '/v1/models/judged/performance?from=2026-01-01T23:59:60Z')).status).toBe(400);
});
