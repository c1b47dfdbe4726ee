/** The page's files, and the stream of events. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createEventHub } from '../../src/http/event-hub.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { as, asked, serve } from './support.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trimtab-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the page is served with a policy that lets in nothing from elsewhere; its assets may be kept', async () => {
  mkdirSync(path.join(folder, 'assets'));
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>Trimtab</title>');
  writeFileSync(path.join(folder, 'assets', 'index-1a2b.js'), 'export {};');
  const app = await serve({ page: { folder, state: () => ({ state: 'ready' }) } });
  const [page, asset, none, up] = await Promise.all(['/', '/assets/index-1a2b.js', '/assets/other.js', '/assets/..%2findex.html'].map((url) => app.inject(url)));
  await app.close();
  expect([page?.statusCode, page?.headers['content-type'], page?.headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-store']);
  expect(page?.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect([asset?.statusCode, asset?.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
  expect(asset?.headers['content-type']).toMatch(/javascript/);
  expect([none?.statusCode, none?.json<{ code: string }>().code]).toEqual([404, 'not-found']);
  expect(up?.statusCode).toBeGreaterThanOrEqual(400);
});

test('without files it says what to run, and while they are being made that it will be there', async () => {
  const missing = await serve();
  const told = await missing.inject('/');
  await missing.close();
  expect([told.statusCode, told.body]).toEqual([503, expect.stringContaining('npm run build:ui')]);
  const building = await serve({ page: { folder: path.join(folder, 'none'), state: () => ({ state: 'building' }) } });
  const wait = await building.inject('/');
  await building.close();
  expect([wait.statusCode, wait.body]).toEqual([200, expect.stringContaining('being built')]);
});

test('events come to those who listen, of the model that they asked for, and no others', async () => {
  const events = createEvents();
  const app = await serve({ hub: createEventHub(events) });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${url}/v1/events?model=router`, { headers: as('viewer') });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect((await reader.read()).value).toBe('retry: 2000\n\n');
  const state = { run: 'run-1', state: 'train', outcome: null, reason: null } as const;
  events.emit('run:state', { model: 'other', ...state });
  events.emit('predict', { model: 'router', seconds: 1, rows: 1 });
  events.emit('run:state', { model: 'router', ...state });
  expect((await reader.read()).value).toBe(`event: run:state\ndata: ${JSON.stringify({ model: 'router', ...state })}\n\n`);
  // closing ends the stream instead of waiting for it
  const closed = app.close();
  expect((await reader.read()).done).toBe(true);
  await closed;
});

test('a listener that goes away is forgotten', async () => {
  const events = createEvents();
  const app = await serve({ hub: createEventHub(events) });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const control = new AbortController();
  const response = await fetch(`${url}/v1/events`, { headers: as('viewer'), signal: control.signal });
  await response.body!.getReader().read();
  control.abort();
  for (let i = 0; i < 1_000; i++) events.emit('promotion', { model: 'router', adapter: 'x'.repeat(1_000), previous: null, kind: 'promotion', run: null });
  await app.close();
});

test('what a person does is put down with who, in which role, on what and why; also when it is refused', async () => {
  const app = await serve();
  asked.length = 0;
  const send = (url: string, payload?: object) => app.inject({ method: 'POST', url, headers: as('operator'), ...(payload === undefined ? {} : { payload }) });
  await send('/v1/models/router/triggers', { why: 'new labels' });
  await send('/v1/runs/run-1/approve', { reason: 'looked at it' });
  await send('/v1/runs/run-1/cancel');
  await send('/v1/incidents/incident-1/acknowledge', { reason: 'seen' });
  await send('/v1/incidents/incident-1/resolve', { reason: 'known cause' });
  await send('/v1/incidents/incident-1/mute', { for: '2h', reason: 'a release' });
  await send('/v1/incidents/incident-1/unmute', { reason: 'it is out' });
  await send('/v1/models/router/rollback', { reason: 'complaints', to: 'router--v1-00000000' });
  await app.inject({ method: 'PUT', url: '/v1/models/router', headers: as('admin'), payload: { task: 'classification' } });
  await app.inject({ method: 'POST', url: '/v1/keys', headers: as('admin'), payload: { name: 'ann', role: 'viewer' } });
  await app.inject({ method: 'DELETE', url: '/v1/keys/none', headers: as('admin') });
  await app.close();
  const operator = { who: 'the operator', role: 'operator' };
  const admin = { who: 'the admin', role: 'admin' };
  expect(asked.filter(({ what }) => what === 'deed').map((each) => each.with)).toEqual([
    { ...operator, action: 'retrain', model: 'router', subject: 'router', reason: 'new labels', detail: 'fired, run-1' },
    { ...operator, action: 'approve', model: 'router', subject: 'run-1', reason: 'looked at it' },
    { ...operator, action: 'cancel', model: 'router', subject: 'run-1', reason: null },
    { ...operator, action: 'acknowledge', model: 'router', subject: 'incident-1', reason: 'seen' },
    { ...operator, action: 'resolve', model: 'router', subject: 'incident-1', reason: 'known cause' },
    { ...operator, action: 'mute', model: 'router', subject: 'incident-1', reason: 'a release' },
    { ...operator, action: 'unmute', model: 'router', subject: 'incident-1', reason: 'it is out' },
    { ...operator, action: 'rollback', model: 'router', subject: 'router--v1-00000000', reason: 'complaints', detail: 'router--v1-00000000 is live' },
    { ...admin, action: 'put-model', model: 'router', subject: 'router', reason: null, detail: 'version 3' },
    { ...admin, action: 'make-key', model: null, subject: 'ann', reason: null, detail: 'viewer, key-1' },
    { ...admin, action: 'revoke-key', model: null, subject: 'none', reason: null },
  ]);
});

test('so is what a person does to webhooks, with what came of it and without a secret', async () => {
  const app = await serve();
  asked.length = 0;
  const send = (method: 'PUT' | 'POST' | 'DELETE', url: string, payload?: object) => app.inject({ method, url: `/v1/webhooks/${url}`, headers: as('admin'), ...(payload === undefined ? {} : { payload }) });
  await send('PUT', 'sources/fresh', { format: 'alertmanager', model: 'router', secret: 'SECRET-SECRET-SECRET' });
  await send('PUT', 'sources/alerts', { format: 'alertmanager' });
  await send('POST', 'sources/alerts/rotate', { secret: 'SECRET-SECRET-SECRET' });
  await send('DELETE', 'sources/alerts');
  await send('PUT', 'endpoints/fresh', { url: 'https://hooks.example/SECRET', routingKey: 'SECRET-KEY', target: 'pagerduty', model: 'router' });
  await send('POST', 'endpoints/ops/rotate');
  await send('POST', 'endpoints/ops/disable', { reason: 'too loud' });
  await send('POST', 'endpoints/ops/enable', { reason: 'quiet again' });
  await send('POST', 'endpoints/ops/test');
  await send('POST', 'endpoints/ops/deliveries/msg_1/replay');
  await send('POST', 'endpoints/ops/deliveries/msg_1/skip', { reason: 'nobody needs it' });
  await send('DELETE', 'endpoints/ops');
  await app.close();
  const deeds = asked.filter(({ what }) => what === 'deed').map((each) => each.with);
  const admin = { who: 'the admin', role: 'admin', model: null, reason: null };
  const delivery = { ...admin, model: 'router', subject: 'msg_1', detail: 'promotion to ops' };
  expect(deeds).toEqual([
    { ...admin, action: 'put-source', model: 'router', subject: 'fresh', detail: 'registered: alertmanager, proves itself by bearer, with a new secret' },
    { ...admin, action: 'put-source', subject: 'alerts', detail: 'changed: alertmanager, proves itself by bearer, with a new secret' },
    { ...admin, action: 'rotate-source', subject: 'alerts' },
    { ...admin, action: 'remove-source', subject: 'alerts' },
    { ...admin, action: 'put-endpoint', model: 'router', subject: 'fresh', detail: 'registered: standard, hooks.example' },
    { ...admin, action: 'rotate-endpoint', subject: 'ops' },
    { ...admin, action: 'disable-endpoint', subject: 'ops', reason: 'too loud' },
    { ...admin, action: 'enable-endpoint', subject: 'ops', reason: 'quiet again', detail: 'was enabled' },
    { ...admin, action: 'test-endpoint', subject: 'ops', detail: 'answered 500' },
    { ...delivery, action: 'replay-delivery' },
    { ...delivery, action: 'skip-delivery', reason: 'nobody needs it' },
    { ...admin, action: 'remove-endpoint', subject: 'ops' },
  ]);
  expect(JSON.stringify(deeds)).not.toContain('SECRET');
});
