import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unstorable } from '../../src/http/plugins/storable.ts';
import { TRIGGER_REASONS } from '../../src/vocabulary.ts';
import { as, asked, AT, fakeAuth, serve, INCIDENT, MODEL, RUN, TRIGGER } from './support.ts';

let app: FastifyInstance;
let open: FastifyInstance;
beforeAll(async () => {
  app = await serve();
  open = await serve({ auth: fakeAuth({ isOpen: () => Promise.resolve(true) }) });
});
afterAll(async () => {
  await Promise.all([app.close(), open.close()]);
});
const json = (thing: unknown): unknown => JSON.parse(JSON.stringify(thing));
const get = async (url: string) => (await app.inject({ url, headers: as('viewer') })).json<unknown>();

test('things come out whole, dates as ISO 8601', async () => {
  expect(await get('/v1/models/router')).toEqual(json(MODEL));
  expect(await get('/v1/runs/run-1')).toEqual(json(RUN));
  expect(await get('/v1/models/router/triggers')).toEqual([json(TRIGGER)]);
  expect(await get('/v1/incidents')).toEqual([json(INCIDENT)]);
  const acknowledged = await app.inject({ method: 'POST', url: '/v1/incidents/incident-1/acknowledge', headers: as('operator') });
  expect(acknowledged.json()).toMatchObject({ acknowledgedAt: AT.toISOString(), acknowledgedBy: 'the operator' });
});

test('no answer may be cached, framed or sniffed', async () => {
  for (const url of ['/health/live', '/v1/models', '/nowhere']) {
    expect((await app.inject(url)).headers).toMatchObject({
      'cache-control': 'no-store', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN', 'referrer-policy': 'no-referrer', 'cross-origin-resource-policy': 'same-origin',
    });
  }
});

test('what was live at a time', async () => {
  expect(await get('/v1/models/router/live?at=2026-01-02T05:04:05%2B01:00')).toMatchObject({ adapter: 'router--v1-00000000', seq: 1 });
  expect(asked.pop()?.with).toEqual(new Date('2026-01-02T04:04:05Z'));
  expect(await get('/v1/models/router/live?at=2025-01-01T00:00:00Z')).toMatchObject({ status: 404, detail: 'there is no adapter live at 2025-01-01T00:00:00Z of "router"' });
  expect(await get('/v1/models/router/live?at=yesterday')).toMatchObject({ status: 400, errors: [{ at: 'querystring/at', problem: 'must match format "date-time"' }] });
});

test('who asks is who decides', async () => {
  await app.inject({ method: 'POST', url: '/v1/models/router/rollback', headers: as('operator'), payload: { reason: 'complaints', to: 'router--v1-00000000' } });
  expect(asked.pop()).toEqual({ what: 'rollback', with: { model: 'router', reason: 'complaints', to: 'router--v1-00000000', by: 'the operator' } });
  await app.inject({ method: 'POST', url: '/v1/models/router/triggers', headers: as('admin'), payload: { why: 'new labels' } });
  expect(asked.pop()).toEqual({ what: 'trigger', with: { model: 'router', reason: 'manual', why: 'new labels', evidence: {}, source: 'the admin' } });
  await app.inject({ method: 'POST', url: '/v1/runs/run-1/approve', headers: as('operator') });
  expect(asked.pop()).toEqual({ what: 'approve', with: 'the operator' });
});

test('nobody can claim a reason that is the service\'s own', async () => {
  for (const reason of TRIGGER_REASONS) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/v1/models/router/triggers', headers: as('operator'), payload: { why: 'x', reason } });
    expect([reason, statusCode]).toEqual([reason, reason === 'manual' || reason === 'webhook' ? 201 : 400]);
  }
});

test('the name in the URL is the model\'s', async () => {
  await app.inject({ method: 'PUT', url: '/v1/models/router', headers: as('admin'), payload: { task: 'classification' } });
  expect(asked.pop()).toEqual({ what: 'put', with: { task: 'classification', name: 'router' } });
});

test('a refused request names each field', async () => {
  const response = await app.inject({ method: 'POST', url: '/v1/keys', headers: as('admin'), payload: { role: 'king', extra: 1 } });
  expect(response.json()).toMatchObject({
    code: 'bad-request',
    errors: [
      { at: 'body', problem: 'must have required properties name' },
      { at: 'body', problem: 'must not have additional properties: extra' },
      { at: 'body/role', problem: 'must be equal to one of the allowed values: viewer, ingest, operator, admin' },
    ],
  });
});

test.each([
  '/v1/healthx', '/v1/health/live', '/v1/models/', '//v1/models', '/V1/models', '/v1//models', '/health/../v1/models', '/health/live/../../v1/models', '/health/live/v1/models', '/v1/models;/health/live',
  '/v1/models?x=/health/live', '/metrics/../v1/models', '/v1/openapi.json', '/%2e%2e/v1/models', '/v1/%6dodels', '/v1/models%2frouter',
])('no key, no way in: %s', async (url) => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const) {
    const { statusCode } = await app.inject({ method, url });
    expect([method, url, statusCode]).toEqual([method, url, statusCode === 401 ? 401 : 404]);
  }
});

test('what cannot be a URL is a problem too', async () => {
  const response = await app.inject('/v1/models/%zz');
  expect([response.statusCode, response.json()]).toEqual([400, expect.objectContaining({ code: 'bad-request' })]);
});

test('in laptop mode this machine needs no key, and a page from elsewhere gets nowhere', async () => {
  const ask = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') => (await open.inject({ url: '/v1/keys', headers, remoteAddress })).statusCode;
  expect(await ask({ host: 'localhost:8080' })).toBe(200);
  expect(await ask({ host: '[::1]:8080' }, '::1')).toBe(200);
  expect(await ask({ host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' })).toBe(200);
  expect(await ask({ host: '127.0.0.1:8080', origin: 'https://evil.example' })).toBe(401);
  expect(await ask({ host: 'evil.example:8080' })).toBe(401);
  expect(await ask({ host: 'localhost.evil.example' })).toBe(401);
  expect(await ask({ host: 'localhost:8080' }, '10.0.0.7')).toBe(401);
  expect(await ask({ host: 'localhost:8080', authorization: 'Bearer wrong' })).toBe(401);
});

test('a harmless request id is kept, another is replaced', async () => {
  const idFor = async (id: string) => (await app.inject({ url: '/health/live', headers: { 'x-request-id': id } })).headers['x-request-id'];
  expect(await idFor('trace-1.2_3')).toBe('trace-1.2_3');
  for (const id of ['a b', 'a"b', 'x'.repeat(65), '', 'ä']) expect(await idFor(id)).toMatch(/^[0-9a-f-]{36}$/);
});

test('requests are counted by route, never by URL', async () => {
  await app.inject({ url: '/v1/runs/run-1', headers: as('viewer') });
  await app.inject('/no/such/route');
  const text = (await app.inject('/metrics')).body;
  expect(text).toMatch(/trimtab_http_requests_total\{method="GET",route="\/v1\/runs\/:id",status="200"\} [1-9]/);
  expect(text).toMatch(/route="none",status="404"/);
  expect(text).not.toContain('no/such');
});

test('while closing, a request on an open connection gets a problem document', async () => {
  let arrived = () => {};
  let release = () => {};
  const waiting = new Promise<void>((resolve) => (arrived = resolve));
  const held = new Promise<void>((resolve) => (release = resolve));
  const server = await serve({ health: { ready: async () => (arrived(), held) } });
  const url = new URL(await server.listen({ host: '127.0.0.1', port: 0 }));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string) => new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    request({ agent, host: url.hostname, port: url.port, path }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    }).on('error', reject).end();
  });
  const first = ask('/health/ready');
  await waiting;
  const closed = server.close();
  const second = ask('/health/live');
  release();
  expect((await first).status).toBe(200);
  // Either the connection is gone or the refusal is in our form; never half an answer.
  const outcome = await second.catch((error: NodeJS.ErrnoException) => error.code);
  if (typeof outcome === 'object') expect([outcome.status, JSON.parse(outcome.body)]).toEqual([503, expect.objectContaining({ code: 'stopping' })]);
  else expect(outcome).toMatch(/ECONNREFUSED|ECONNRESET/);
  await closed;
  agent.destroy();
});

test('text that PostgreSQL refuses is found wherever it stands', () => {
  expect(unstorable({ a: [{ b: 'fine ü 😀' }] })).toBeNull();
  expect(unstorable({ a: [{ b: 'nul \0' }] })).toBe('/a/0/b holds U+0000 or an unpaired surrogate');
  expect(unstorable({ a: '\ud800' })).toContain('/a holds');
  expect(unstorable({ 'k\0': 1 })).toContain('a key in /');
  expect(unstorable(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toContain('more than 32 deep');
});
