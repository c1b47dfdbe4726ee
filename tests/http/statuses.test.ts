/** Every route answers every status that it declares, in the declared form; a status that no case reaches fails the suite. */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE, TrimtabError } from '../../src/errors.ts';
import { rolesThatMay, type Permission } from '../../src/auth/roles.ts';
import { createServer } from '../../src/http/server.ts';
import { ROLES } from '../../src/vocabulary.ts';
import { as, asked, DATASET, fakeAuth, fakeParts } from './support.ts';

interface Case {
  readonly route: string;
  readonly may: Permission;
  readonly good: { readonly url: string; readonly body?: unknown; readonly status: number };
  /** Further statuses, with how to get them. `fail`: the part throws that. */
  readonly other?: Readonly<Record<number, { readonly url?: string; readonly body?: unknown; readonly fail?: TrimtabError }>>;
}

const spec = { task: 'classification', serving: {} };
const conflict = new TrimtabError('conflict', { problem: 'it has moved on', right: 'look again' });
const noBody = { body: [] };
const get = (route: string, url: string, other: Case['other'] = {}): Case => ({ route: `GET ${route}`, may: 'read', good: { url, status: 200 }, other });
const ofModel = (route: string): Case => get(`/v1/models/{name}${route}`, `/v1/models/router${route}`, { 400: { url: `/v1/models/%00${route}` }, 404: { url: `/v1/models/nobody${route}` } });

const CASES: readonly Case[] = [
  get('/v1/models', '/v1/models', { 400: { url: '/v1/models?x=1' } }),
  ofModel(''), ofModel('/drift'), ofModel('/performance'), ofModel('/triggers'), ofModel('/adapters'), ofModel('/promotions'), ofModel('/live'), ofModel('/records'),
  get('/v1/fleet', '/v1/fleet', { 400: { url: '/v1/fleet?x=1' } }),
  ofModel('/timeline'),
  get('/v1/runs', '/v1/runs?model=router&limit=5', { 400: { url: '/v1/runs?limit=0' } }),
  get('/v1/runs/{id}', '/v1/runs/run-1', { 400: { url: '/v1/runs/%0a' }, 404: { url: '/v1/runs/none' } }),
  get('/v1/incidents', '/v1/incidents?model=router&state=open', { 400: { url: '/v1/incidents?state=shut' } }),
  get('/v1/incidents/{id}', '/v1/incidents/incident-1', { 400: { url: '/v1/incidents/%0a' }, 404: { url: '/v1/incidents/none' } }),
  get('/v1/records/{id}', '/v1/records/record-1', { 400: { url: '/v1/records/%0a' }, 404: { url: '/v1/records/none' } }),
  {
    route: 'PUT /v1/models/{name}', may: 'administer', good: { url: '/v1/models/router', body: spec, status: 200 },
    other: { 400: { body: { ...spec, name: 'other' } }, 409: { fail: conflict }, 422: { fail: new TrimtabError('bad-spec', { problems: '/task is missing' }) } },
  },
  { route: 'POST /v1/predictions', may: 'ingest', good: { url: '/v1/predictions', body: [{ id: 'a' }], status: 202 }, other: { 400: { body: 7 } } },
  { route: 'POST /v1/feedback', may: 'ingest', good: { url: '/v1/feedback', body: [{ id: 'a' }], status: 202 }, other: { 400: { body: 'x' } } },
  {
    route: 'POST /v1/models/{name}/import', may: 'ingest', good: { url: '/v1/models/router/import', body: { text: 'a', label: 'b' }, status: 202 },
    other: { 400: { body: null }, 404: { url: '/v1/models/nobody/import' } },
  },
  {
    route: 'POST /v1/models/{name}/predict', may: 'ingest', good: { url: '/v1/models/router/predict', body: { text: 'hello' }, status: 200 },
    other: { 400: noBody, 404: { fail: new TrimtabError('not-found', { what: 'model', id: 'router' }) }, 409: { fail: new TrimtabError('no-live-adapter', { model: 'router' }) } },
  },
  {
    route: 'POST /v1/models/{name}/triggers', may: 'operate', good: { url: '/v1/models/router/triggers', body: { why: 'new labels' }, status: 201 },
    other: { 400: { body: { why: '' } }, 404: { url: '/v1/models/nobody/triggers' } },
  },
  {
    route: 'POST /v1/models/{name}/rollback', may: 'operate', good: { url: '/v1/models/router/rollback', body: { reason: 'complaints' }, status: 200 },
    other: { 400: { body: { reason: 'nul \0' } }, 404: { url: '/v1/models/nobody/rollback' }, 409: { fail: conflict } },
  },
  ...['approve', 'cancel'].map((verb): Case => ({
    route: `POST /v1/runs/{id}/${verb}`, may: 'operate', good: { url: `/v1/runs/run-1/${verb}`, body: { reason: 'looked at it' }, status: 200 },
    other: { 200: { body: undefined }, 400: { url: `/v1/runs/%00/${verb}` }, 404: { url: `/v1/runs/none/${verb}` }, 409: { fail: conflict } },
  })),
  {
    route: 'POST /v1/incidents/{id}/acknowledge', may: 'operate', good: { url: '/v1/incidents/incident-1/acknowledge', body: { reason: 'seen' }, status: 200 },
    other: { 200: { body: undefined }, 400: { url: '/v1/incidents/%00/acknowledge' }, 404: { url: '/v1/incidents/none/acknowledge' } },
  },
  {
    route: 'POST /v1/incidents/{id}/resolve', may: 'operate', good: { url: '/v1/incidents/incident-1/resolve', body: { reason: 'known' }, status: 200 },
    other: { 400: noBody, 404: { url: '/v1/incidents/none/resolve' } },
  },
  get('/v1/incidents/{id}/replay', '/v1/incidents/incident-1/replay', { 400: { url: '/v1/incidents/%00/replay' }, 404: { url: '/v1/incidents/none/replay' } }),
  ...(['mute', 'unmute'] as const).map((verb): Case => ({
    route: `POST /v1/incidents/{id}/${verb}`, may: 'operate', good: { url: `/v1/incidents/incident-1/${verb}`, body: { ...(verb === 'mute' ? { for: '2h' } : {}), reason: 'a release' }, status: 200 },
    other: { 400: noBody, 404: { url: `/v1/incidents/none/${verb}` }, 409: { fail: conflict } },
  })),
  get('/v1/webhooks/sources', '/v1/webhooks/sources'),
  get('/v1/webhooks/sources/{name}', '/v1/webhooks/sources/alerts', { 400: { url: '/v1/webhooks/sources/%00' }, 404: { url: '/v1/webhooks/sources/none' } }),
  get('/v1/webhooks/endpoints', '/v1/webhooks/endpoints'),
  get('/v1/webhooks/endpoints/{name}', '/v1/webhooks/endpoints/ops', { 400: { url: '/v1/webhooks/endpoints/%00' }, 404: { url: '/v1/webhooks/endpoints/none' } }),
  get('/v1/webhooks/endpoints/{name}/deliveries', '/v1/webhooks/endpoints/ops/deliveries?state=pending&limit=5', { 400: { url: '/v1/webhooks/endpoints/ops/deliveries?state=lost' }, 404: { url: '/v1/webhooks/endpoints/none/deliveries' } }),
  get('/v1/webhooks/endpoints/{name}/deliveries/{id}', '/v1/webhooks/endpoints/ops/deliveries/msg_1', { 400: { url: '/v1/webhooks/endpoints/ops/deliveries/%00' }, 404: { url: '/v1/webhooks/endpoints/ops/deliveries/none' } }),
  ...(['sources/alerts', 'endpoints/ops'] as const).flatMap((path): Case[] => {
    const [kind, name] = path.split('/') as [string, string];
    const body = kind === 'sources' ? { format: 'alertmanager' } : { url: 'https://hooks.example/x' };
    return [
      { route: `PUT /v1/webhooks/${kind}/{name}`, may: 'administer', good: { url: `/v1/webhooks/${path}`, body, status: 200 }, other: { 201: { url: `/v1/webhooks/${kind}/fresh` }, 400: { body: { more: 1 } }, 404: { body: { ...body, model: 'nobody' } } } },
      {
        route: `POST /v1/webhooks/${kind}/{name}/rotate`, may: 'administer', good: { url: `/v1/webhooks/${path}/rotate`, ...(kind === 'sources' ? { body: {} } : {}), status: 200 },
        other: { 400: { url: `/v1/webhooks/${kind}/%00/rotate` }, 404: { url: `/v1/webhooks/${kind}/none/rotate` } },
      },
      { route: `DELETE /v1/webhooks/${kind}/{name}`, may: 'administer', good: { url: `/v1/webhooks/${kind}/${name}`, status: 204 }, other: { 400: { url: `/v1/webhooks/${kind}/%00` }, 404: { url: `/v1/webhooks/${kind}/none` } } },
    ];
  }),
  { route: 'POST /v1/webhooks/endpoints/{name}/disable', may: 'operate', good: { url: '/v1/webhooks/endpoints/ops/disable', body: { reason: 'too loud' }, status: 200 }, other: { 400: { body: {} }, 404: { url: '/v1/webhooks/endpoints/none/disable' }, 409: { fail: conflict } } },
  ...['enable', 'test'].map((verb): Case => ({
    route: `POST /v1/webhooks/endpoints/{name}/${verb}`, may: 'operate', good: { url: `/v1/webhooks/endpoints/ops/${verb}`, body: { reason: 'it is back' }, status: 200 },
    other: { 200: { body: undefined }, 400: { url: `/v1/webhooks/endpoints/%00/${verb}` }, 404: { url: `/v1/webhooks/endpoints/none/${verb}` } },
  })),
  ...['replay', 'skip'].map((verb): Case => ({
    route: `POST /v1/webhooks/endpoints/{name}/deliveries/{id}/${verb}`, may: 'operate', good: { url: `/v1/webhooks/endpoints/ops/deliveries/msg_1/${verb}`, body: { reason: 'it was lost' }, status: 200 },
    other: { 200: { body: undefined }, 400: { url: `/v1/webhooks/endpoints/ops/deliveries/%00/${verb}` }, 404: { url: `/v1/webhooks/endpoints/ops/deliveries/none/${verb}` }, 409: { fail: conflict } },
  })),
  get('/v1/events', '/v1/events?model=router&seconds=0', { 400: { url: '/v1/events?seconds=-1' } }),
  get('/v1/runs/{id}/course', '/v1/runs/run-1/course', { 400: { url: '/v1/runs/%0a/course' }, 404: { url: '/v1/runs/none/course' } }),
  get('/v1/runs/{id}/exam', '/v1/runs/run-1/exam?kind=worse', { 400: { url: '/v1/runs/run-1/exam?kind=odd' }, 404: { url: '/v1/runs/none/exam' } }),
  get('/v1/records/{id}/verification', '/v1/records/record-1/verification', { 400: { url: '/v1/records/%0a/verification' }, 404: { url: '/v1/records/none/verification' } }),
  get('/v1/audit', '/v1/audit?model=router&limit=5', { 400: { url: '/v1/audit?limit=0' } }),
  ofModel('/datasets'),
  get('/v1/datasets/{id}', `/v1/datasets/${DATASET.id}`, { 400: { url: '/v1/datasets/%0a' }, 404: { url: '/v1/datasets/none' } }),
  get('/v1/datasets/{id}/rows', `/v1/datasets/${DATASET.id}/rows?part=exam`, { 400: { url: `/v1/datasets/${DATASET.id}/rows?part=odd` }, 404: { url: '/v1/datasets/none/rows' } }),
  ofModel('/queue'),
  {
    route: 'POST /v1/models/{name}/queue/skip', may: 'operate', good: { url: '/v1/models/router/queue/skip', body: { predictionId: 'p1' }, status: 204 },
    other: { 400: noBody, 404: { url: '/v1/models/nobody/queue/skip' } },
  },
  {
    route: 'POST /v1/models/{name}/predictions/find', may: 'read', good: { url: '/v1/models/router/predictions/find', body: { ids: ['p1'] }, status: 200 },
    other: { 400: noBody, 404: { url: '/v1/models/nobody/predictions/find' } },
  },
  { route: 'POST /v1/keys', may: 'administer', good: { url: '/v1/keys', body: { name: 'ann', role: 'viewer' }, status: 201 }, other: { 400: { body: { name: 'ann', role: 'king' } } } },
  { route: 'GET /v1/keys', may: 'administer', good: { url: '/v1/keys', status: 200 } },
  { route: 'DELETE /v1/keys/{id}', may: 'administer', good: { url: '/v1/keys/key-1', status: 204 }, other: { 400: { url: '/v1/keys/%00' }, 404: { url: '/v1/keys/none' } } },
];

interface Operation {
  readonly responses: Readonly<Record<string, unknown>>;
}
const reached = new Set<string>();
let app: FastifyInstance;
let strained: FastifyInstance;
let limited: FastifyInstance;
/** What every part throws when set. */
let failure: Error | null = null;

/** Every function of every domain fails while `failure` is set. */
function failing<T>(part: T): T {
  if (typeof part !== 'object' || part === null) return part;
  return new Proxy(part, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value === 'function') return (...args: unknown[]) => (failure === null ? (value as (...a: unknown[]) => unknown).apply(target, args) : Promise.reject(failure));
      return failing(value);
    },
  });
}

/** Other work on the machine delays the event loop: that is asked of `strained` alone. */
const unhurried = { eventLoopDelayMs: Infinity, sampleMs: 600_000 };

beforeAll(async () => {
  const auth = { ...failing(fakeAuth()), authenticate: fakeAuth().authenticate, isOpen: fakeAuth().isOpen };
  const parts = fakeParts();
  const domains = Object.fromEntries((['models', 'ingest', 'drift', 'performance', 'triggers', 'runs', 'registry', 'target', 'records', 'health', 'webhooks', 'overview', 'labels', 'audit', 'hub'] as const).map((name) => [name, failing(parts[name])]));
  app = await createServer({ ...parts, ...domains, auth, limits: { bodyBytes: 4_096, ...unhurried } });
  strained = await createServer({ ...fakeParts(), limits: { heapBytes: 1, sampleMs: 10 } });
  limited = await createServer({ ...fakeParts(), limits: { requestsPerMinute: 1, ingestPerMinute: 1, ...unhurried } });
});
afterAll(async () => {
  await Promise.all([app, strained, limited].map((server) => server.close()));
});

async function call(server: FastifyInstance, { route, may, good }: Case, over: { readonly url?: string; readonly body?: unknown; readonly headers?: Record<string, string> } = {}) {
  const body = 'body' in over ? over.body : good.body;
  const role = rolesThatMay(may)[0] ?? 'admin';
  const response = await server.inject({
    method: route.split(' ')[0] as 'GET',
    url: over.url ?? good.url,
    headers: over.headers ?? { ...as(role), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: typeof body === 'string' && over.headers !== undefined ? body : JSON.stringify(body) }),
  });
  reached.add(`${route} ${response.statusCode}`);
  if (response.statusCode >= 400) expectProblem(response);
  return response;
}

function expectProblem(response: Awaited<ReturnType<FastifyInstance['inject']>>): void {
  const { statusCode, headers } = response;
  const problem = response.json<Record<string, unknown>>();
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({ status: statusCode, instance: headers['x-request-id'], type: `urn:trimtab:error:${String(problem['code'])}` });
  expect(CATALOGUE[problem['code'] as keyof typeof CATALOGUE]).toMatchObject({ status: statusCode, title: problem['title'], retryable: problem['retryable'] });
  expect(problem['detail']).not.toMatch(/\{\w+\}|undefined/);
  if (statusCode === 503 || statusCode === 429) expect(headers['retry-after']).toBe(String(problem['retryAfter']));
}

test.each(CASES)('$route', async (route) => {
  const { good, other = {} } = route;
  expect((await call(app, route)).statusCode).toBe(good.status);
  for (const [status, { fail, ...over }] of Object.entries(other)) {
    failure = fail ?? null;
    const response = await call(app, route, over).finally(() => (failure = null));
    expect([response.statusCode, response.body]).toEqual([Number(status), expect.anything()]);
  }
  if (good.body !== undefined) {
    const headers = as(rolesThatMay(route.may)[0] ?? 'admin');
    expect((await call(app, route, { body: 'x'.repeat(5_000) })).statusCode).toBe(413);
    expect((await call(app, route, { body: 'text', headers: { ...headers, 'content-type': 'text/plain' } })).statusCode).toBe(415);
    expect((await call(app, route, { body: '{"truncated', headers: { ...headers, 'content-type': 'application/json' } })).statusCode).toBe(400);
  }
  expect((await call(app, route, { headers: {} })).statusCode).toBe(401);
  for (const role of ROLES.filter((word) => !rolesThatMay(route.may).includes(word))) {
    expect((await call(app, route, { headers: as(role), body: undefined })).statusCode).toBe(403);
  }
  failure = new Error('password=hunter2 at /srv/secret.ts');
  const failed = await call(app, route).finally(() => (failure = null));
  expect(failed.statusCode).toBe(500);
  expect(failed.body).not.toMatch(/hunter2|secret/);
  failure = new TrimtabError('overloaded', { what: '50000 rows wait', retryAfter: 3 });
  expect((await call(app, route).finally(() => (failure = null))).headers['retry-after']).toBe('3');
  expect((await call(limited, route)).statusCode).toBe(good.status);
  expect((await call(limited, route)).statusCode).toBe(429);
});

test('the public scope needs no key, and says when it is not ready', async () => {
  for (const url of ['/health/live', '/health/ready', '/metrics', '/openapi.json']) {
    expect((await app.inject(url)).statusCode).toBe(200);
    reached.add(`GET ${url} 200`);
  }
  failure = new TrimtabError('stopping');
  const [live, ready] = await Promise.all([app.inject('/health/live'), app.inject('/health/ready')]).finally(() => (failure = null));
  expect([live.statusCode, ready.statusCode]).toEqual([200, 503]);
  expectProblem(ready);
  reached.add('GET /health/ready 503');
});

test('a webhook needs no key but proves itself, is taken as the bytes it is, and is never told to slow down with 429', async () => {
  const route = 'POST /v1/webhooks/{source}';
  const sender = { authorization: 'Bearer sender' };
  const send = async (server: FastifyInstance, over: { url?: string; headers?: Record<string, string>; payload?: string } = {}) => {
    const response = await server.inject({ method: 'POST', url: '/v1/webhooks/alerts', headers: sender, payload: '{ "odd" :1}', ...over });
    reached.add(`${route} ${response.statusCode}`);
    if (response.statusCode >= 400) expectProblem(response);
    return response;
  };
  for (const type of ['application/json', 'application/cloudevents+json', 'text/plain', 'application/x-www-form-urlencoded', '']) {
    expect([type, (await send(app, { headers: { ...sender, ...(type === '' ? {} : { 'content-type': type }) } })).statusCode]).toEqual([type, 202]);
    expect(asked.at(-1)).toEqual({ what: 'webhook', with: { name: 'alerts', body: '{ "odd" :1}' } });
  }
  expect((await send(app, { payload: '' })).statusCode).toBe(202);
  expect(asked.at(-1)?.with).toEqual({ name: 'alerts', body: '' });
  expect((await send(app, { headers: {} })).statusCode).toBe(401);
  expect((await send(app, { url: '/v1/webhooks/%0a' })).statusCode).toBe(400);
  expect((await send(app, { payload: 'x'.repeat(5_000) })).statusCode).toBe(413);
  failure = new Error('password=hunter2');
  expect((await send(app).finally(() => (failure = null))).body).not.toContain('hunter2');
  await expect.poll(async () => (await send(strained)).statusCode, { timeout: 10_000, interval: 10 }).toBe(503);
  for (let i = 0; i < 5; i++) expect((await send(limited)).statusCode).toBe(202);
  const handshake = await app.inject({ method: 'OPTIONS', url: '/v1/webhooks/alerts', headers: { 'webhook-request-origin': 'sender.example' } });
  expect([handshake.statusCode, handshake.headers['webhook-allowed-origin'], handshake.headers['webhook-allowed-rate']]).toEqual([204, '*', '*']);
});

test('a model that is new is created', async () => {
  const parts = fakeParts();
  const fresh = await createServer({ ...parts, models: { ...parts.models, put: async (s) => ({ ...(await parts.models.put(s)), version: 1 }) } });
  const response = await fresh.inject({ method: 'PUT', url: '/v1/models/router', headers: as('admin'), payload: spec });
  await fresh.close();
  reached.add(`PUT /v1/models/{name} ${response.statusCode}`);
  expect(response.statusCode).toBe(201);
});

test('pressure is answered with 503, but not to those who ask whether we live', async () => {
  const ask = () => strained.inject({ url: '/v1/models', headers: as('viewer') });
  await expect.poll(async () => (await ask()).statusCode, { timeout: 10_000, interval: 10 }).toBe(503);
  const pressed = await ask();
  expect((await strained.inject('/health/live')).statusCode).toBe(200);
  expectProblem(pressed);
  expect(pressed.json()).toMatchObject({ code: 'overloaded', retryAfter: 2 });
});

test('every declared status of every route was reached, and none that is not declared', () => {
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
  const declared = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`)),
  );
  expect(declared.length).toBeGreaterThan(150);
  expect([...reached].sort()).toEqual(declared.sort());
});
