import { runMigrations } from 'graphile-worker';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createIncidents } from '../../src/drift/incidents.ts';
import { insertIncident, joinIncident } from '../../src/store/incidents.ts';
import { openPool, transaction } from '../../src/store/postgres.ts';
import { insertAdapter, insertPromotion, insertReference } from '../../src/store/promotion.ts';
import { getRun, moveRun } from '../../src/store/runs.ts';
import { countEndpoints } from '../../src/store/webhook-endpoints.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/vocabulary.ts';
import { RETRY_DELAYS } from '../../src/webhooks/out/schedule.ts';
import { testDatabase } from '../support/postgres.ts';
import { openReceiver, openWorld } from './world.ts';

const { pool, url } = await testDatabase();
let world: Awaited<ReturnType<typeof openWorld>>;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
/** What the receiver says next. */
let answer: Parameters<typeof openReceiver>[0] = () => 204;
beforeAll(() => runMigrations({ pgPool: pool }));
beforeEach(async () => {
  await pool.query('delete from webhook_endpoints; delete from models');
  answer = () => 204;
  world = await openWorld(pool);
  receiver = await openReceiver((heard, before) => answer(heard, before));
  await world.model('router');
  await world.model('fraud');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.webhooks.stop();
  await receiver.close();
});

const put = (name: string, over: Partial<Parameters<typeof world.webhooks.endpoints.put>[1]> = {}) => world.webhooks.endpoints.put(name, { url: `${receiver.url}/${name}`, ...over });
const types = () => receiver.heard.map(({ body }) => (JSON.parse(body) as { type: string }).type);
/** A fact that is told, in a transaction of its own. */
let facts = 0;
const decline = (model = 'router') => pool.query(`insert into triggers (id, model, reason, decision, why, evidence, created_at, decided_at) values ($1, $2, 'drift', 'declined', $1, '{}', $3, $3)`, [`t${++facts}`, model, world.clock.now()]);
const whys = () => receiver.heard.map(({ body }) => (JSON.parse(body) as { data: { why: string } }).data.why);
const waiting = async (name: string) => (await world.webhooks.endpoints.deliveries(name, { state: 'pending', limit: 100 })).map(({ id }) => id).reverse();

test('everything that happens is told, once, in its order, in the transaction in which it happened', async () => {
  await put('all', { types: ['incident.opened', 'incident.escalated', 'incident.acknowledged', 'incident.resolved', 'trigger.decided', 'run.state', 'run.outcome', 'promotion', 'rollback'] });
  await put('of-fraud', { model: 'fraud' });
  const { clock, triggers, events } = world;
  const incidents = createIncidents({ pool, clock, events });
  await insertIncident(pool, { id: 'i1', model: 'router', monitor: 'error', level: 'ticket', adapter: 'a', reference: 'r', pane: 1, evidence: { effect: 0.25, joined: [] }, now: clock.now() });
  await incidents.acknowledge('i1', 'ann');
  await incidents.acknowledge('i1', 'bob');
  const joining = { evidence: {}, now: clock.now() };
  await joinIncident(pool, 'i1', { ...joining, monitor: 'labels', level: { level: 'ticket' } });
  await joinIncident(pool, 'i1', { ...joining, monitor: 'confidence', level: { level: 'page' } });
  await incidents.mute('i1', { for: '1h', reason: 'known', by: 'ann' });
  await pool.query(`update incidents set level = 'ticket'`);
  await joinIncident(pool, 'i1', { ...joining, monitor: 'unseen', level: { level: 'page' } });
  const { runId } = await triggers.request({ model: 'router', reason: 'manual', why: 'asked', evidence: {}, source: 'ann' });
  const move = async (to: 'train' | 'done', patch: object) => {
    const run = await getRun(pool, runId as string);
    await transaction(pool, (db) => moveRun(db, run as NonNullable<typeof run>, to, patch, clock.now(), {}));
  };
  await move('train', {});
  await insertAdapter(pool, { id: 'router--v1-00000000', model: 'router', version: 1, runId: runId as string, sha256: '', baseSha256: '', labels: [], files: {}, createdAt: clock.now() });
  await insertReference(pool, { id: 'ref', model: 'router', adapter: 'router--v1-00000000', body: Buffer.from(''), createdAt: clock.now() });
  const promotion = { model: 'router', adapter: 'router--v1-00000000', reference: 'ref', previous: null, runId, reason: 'better', by: 'auto', at: clock.now() };
  await insertPromotion(pool, { ...promotion, seq: 1, kind: 'promotion' });
  await insertPromotion(pool, { ...promotion, seq: 2, kind: 'rollback' });
  await move('done', { outcome: 'rolled-back', reason: 'worse' });
  await incidents.resolve('i1', 'mended', 'ann');
  await expect(transaction(pool, async (db) => {
    await insertIncident(db, { id: 'i2', model: 'router', monitor: 'labels', level: 'log', adapter: 'a', reference: 'r', pane: 1, evidence: {}, now: clock.now() });
    throw new Error('rolled back');
  })).rejects.toThrow('rolled back');
  await world.webhooks.start();
  await expect.poll(() => types()).toEqual(['incident.opened', 'incident.acknowledged', 'incident.escalated', 'trigger.decided', 'run.state', 'run.state', 'promotion', 'rollback', 'run.outcome', 'incident.resolved']);
  const said = receiver.heard.map(({ body }) => JSON.parse(body) as { type: string; timestamp: string; data: object });
  expect(said[0]).toEqual({ type: 'incident.opened', timestamp: clock.now().toISOString(), data: { model: 'router', incident: 'i1', monitor: 'error', joined: [], level: 'ticket', adapter: 'a', state: 'open', alarms: 1, effect: 0.25, openedAt: expect.any(String) as string, acknowledgedBy: null } });
  expect(said.at(-2)).toMatchObject({ data: { run: runId, state: 'done', outcome: 'rolled-back', reason: 'worse' } });
  expect(said.find(({ type }) => type === 'promotion')).toMatchObject({ data: { model: 'router', adapter: 'router--v1-00000000', previous: null, run: runId, by: 'auto' } });
  expect(new Set(receiver.heard.map(({ id }) => id)).size).toBe(10);
  expect(said[2]?.data).toMatchObject({ incident: 'i1', joined: ['labels', 'confidence'], level: 'page', state: 'open', alarms: 3, acknowledgedBy: null });
  expect(receiver.heard.every(({ at }) => at === '/all')).toBe(true);
});

test('a receiver verifies what it gets with the reference library, by the new secret and, for a day, by the old one', async () => {
  vi.spyOn(Date, 'now').mockImplementation(() => world.clock.now().getTime());
  const { secret } = await put('ops');
  const next = (await world.webhooks.endpoints.rotate('ops')).secret;
  const verified = (which: string | null) => {
    const { body, headers } = receiver.heard.at(-1) as (typeof receiver.heard)[number];
    return () => new Webhook(which as string).verify(body, headers as Record<string, string>);
  };
  await decline();
  await world.webhooks.start();
  await expect.poll(() => receiver.heard.length).toBe(1);
  for (const which of [secret, next]) expect(verified(which)).not.toThrow();
  world.clock.advance(DAY + SECOND);
  await decline();
  world.webhooks.wake();
  await expect.poll(() => receiver.heard.length).toBe(2);
  expect(verified(next)).not.toThrow();
  expect(verified(secret)).toThrow();
});

test('what fails is tried again by the table, with the same id and a new time, and what comes after it waits', async () => {
  await put('ops');
  answer = (_heard, before) => (before < 2 ? 500 : 204);
  await decline();
  await decline();
  await world.webhooks.start();
  await expect.poll(() => world.told.filter((line) => line === 'standard failed').length).toBe(1);
  const [first, second] = await waiting('ops') as [string, string];
  world.clock.advance(6 * SECOND);
  await expect.poll(() => world.told.filter((line) => line === 'standard failed').length).toBe(2);
  expect(receiver.heard.map(({ id }) => id)).toEqual([first, first]);
  world.clock.advance(3 * MINUTE);
  expect(await world.webhooks.endpoints.list()).toMatchObject([{ name: 'ops', pending: 2, failingSince: expect.any(Date) as Date }]);
  world.clock.advance(4 * MINUTE);
  await expect.poll(async () => (await world.webhooks.endpoints.list())[0]?.pending).toBe(0);
  expect(receiver.heard.map(({ id }) => id)).toEqual([first, first, first, second]);
  expect(new Set(receiver.heard.slice(0, 3).map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
  expect(await world.webhooks.endpoints.list()).toMatchObject([{ failingSince: null }]);
  expect(await world.webhooks.endpoints.delivery('ops', first)).toMatchObject({
    state: 'delivered', attempts: 3, tried: [{ n: 1, status: 500, problem: 'answered 500' }, { n: 2, status: 500 }, { n: 3, status: 204, problem: null }],
  });
});

test('Retry-After is waited for', async () => {
  await put('ops');
  answer = (_heard, before) => (before === 0 ? { status: 503, headers: { 'retry-after': '3600' } } : 204);
  await decline();
  await world.webhooks.start();
  await expect.poll(() => world.told.includes('standard failed')).toBe(true);
  expect(await world.webhooks.endpoints.deliveries('ops', { limit: 1 })).toMatchObject([{ dueAt: new Date(world.clock.now().getTime() + HOUR) }]);
});

test('after days of failure an endpoint is disabled, the others are told, and nothing is lost: it gets all when it is put again', async () => {
  await put('ops', { types: ['trigger.decided'] });
  await put('other', { types: ['webhook.disabled'] });
  answer = ({ at }) => (at === '/ops' ? 500 : 204);
  await decline();
  await world.webhooks.start();
  for (let attempt = 1; attempt <= RETRY_DELAYS.length; attempt++) {
    await expect.poll(() => world.told.filter((line) => line === 'standard failed').length).toBe(attempt);
    world.clock.advance(1.21 * (RETRY_DELAYS[attempt - 1] as number));
  }
  await expect.poll(() => types()).toContain('webhook.disabled');
  expect(world.told).toContain('standard abandoned');
  expect(await countEndpoints(pool)).toEqual([{ target: 'standard', enabled: 1, disabled: 1 }]);
  expect(JSON.parse(receiver.heard.find(({ at }) => at === '/other')?.body ?? '')).toMatchObject({ type: 'webhook.disabled', data: { endpoint: 'ops', why: expect.stringContaining('answered 500, at attempt 10') as string } });
  const [first] = await waiting('ops');
  await decline();
  await expect(world.webhooks.endpoints.replay('ops', first as string)).rejects.toMatchObject({ code: 'conflict' });
  const before = receiver.heard.length;
  answer = () => 204;
  expect(await put('ops', { types: ['trigger.decided'] })).toMatchObject({ disabledAt: null, secret: null, created: false, enabled: true });
  await expect.poll(() => receiver.heard.length).toBe(before + 2);
  expect(receiver.heard[before]?.id).toBe(first);
});

test('410 disables at once', async () => {
  await put('gone');
  answer = () => 410;
  await decline();
  await world.webhooks.start();
  await expect.poll(async () => (await world.webhooks.endpoints.list())[0]).toMatchObject({ disabledWhy: expect.stringContaining('answered 410') as string, pending: 1 });
  expect(receiver.heard).toHaveLength(1);
});

test('a delivery is sent again on demand, with its id; one that blocks the line is skipped', async () => {
  await put('ops');
  await decline();
  await world.webhooks.start();
  await expect.poll(() => receiver.heard.length).toBe(1);
  const id = receiver.heard[0]?.id as string;
  await expect.poll(async () => (await world.webhooks.endpoints.delivery('ops', id)).state).toBe('delivered');
  expect(await world.webhooks.endpoints.replay('ops', id)).toMatchObject({ state: 'pending' });
  await expect.poll(async () => (await world.webhooks.endpoints.delivery('ops', id)).tried.length).toBe(2);
  expect(receiver.heard.map((heard) => heard.id)).toEqual([id, id]);
  await expect(world.webhooks.endpoints.skip('ops', id)).rejects.toMatchObject({ code: 'conflict' });

  const blocked = `t${facts + 1}`;
  answer = ({ body }) => (body.includes(`"${blocked}"`) ? 400 : 204);
  await decline();
  await decline();
  await expect.poll(() => whys().includes(blocked)).toBe(true);
  const [first] = await waiting('ops');
  await expect.poll(async () => (await world.webhooks.endpoints.delivery('ops', first as string)).attempts).toBe(1);
  expect(await world.webhooks.endpoints.skip('ops', first as string)).toMatchObject({ state: 'skipped' });
  await expect.poll(() => whys().at(-1)).toBe(`t${facts}`);
  await expect(world.webhooks.endpoints.skip('ops', 'msg_none')).rejects.toMatchObject({ code: 'not-found' });
});

test('a person disables an endpoint, which is then told nothing and loses nothing, and enables it again', async () => {
  const { endpoints } = world.webhooks;
  await put('ops', { types: ['trigger.decided'] });
  await put('other', { types: ['webhook.disabled'] });
  await world.webhooks.start();
  expect(await endpoints.disable('ops', 'ann: too loud')).toMatchObject({ disabledAt: world.clock.now(), disabledWhy: 'ann: too loud', pending: 0 });
  await expect(endpoints.disable('ops', 'bob: again')).rejects.toMatchObject({ code: 'conflict' });
  await decline();
  await decline();
  world.webhooks.wake();
  await expect.poll(types).toEqual(['webhook.disabled']);
  expect(await endpoints.get('ops')).toMatchObject({ disabledWhy: 'ann: too loud', pending: 2 });
  expect(await endpoints.enable('ops')).toMatchObject({ disabledAt: null, disabledWhy: null });
  await expect.poll(types).toEqual(['webhook.disabled', 'trigger.decided', 'trigger.decided']);
  for (const unknown of [() => endpoints.disable('none', 'x'), () => endpoints.enable('none'), () => endpoints.get('none')]) await expect(unknown()).rejects.toMatchObject({ code: 'not-found' });
});

test('enabling one that fails does not wait for its next attempt', async () => {
  await put('ops');
  answer = () => 500;
  await decline();
  await world.webhooks.start();
  await expect.poll(() => world.told.length).toBe(1);
  answer = () => 204;
  expect(await world.webhooks.endpoints.enable('ops')).toMatchObject({ failingSince: null });
  await expect.poll(() => world.told).toEqual(['standard failed', 'standard delivered']);
});

test('two replicas send each delivery once, one at a time, in order', async () => {
  let under = 0;
  let most = 0;
  answer = () => {
    most = Math.max(most, ++under);
    under--;
    return 204;
  };
  await put('ops', { types: ['trigger.decided'] });
  const other = await openWorld(pool);
  for (let i = 0; i < 40; i++) await decline();
  await Promise.all([world.webhooks.start(), other.webhooks.start()]);
  await expect.poll(() => receiver.heard.length, { timeout: 20_000 }).toBe(40);
  await Promise.all([world.webhooks.stop(), other.webhooks.stop()]);
  expect(whys()).toEqual(Array.from({ length: 40 }, (_, i) => `t${facts - 39 + i}`));
  expect(most).toBe(1);
});

test('endpoints take turns where connections are few, and one that says nothing does not keep the others from theirs', async () => {
  const few = openPool(url, { max: 4, onError: () => {} });
  const small = await openWorld(few, { timeoutMs: 300 });
  for (const name of ['a', 'b', 'mute']) await put(name, { types: ['trigger.decided'] });
  answer = ({ at }) => (at === '/mute' ? null : 204);
  for (let i = 0; i < 3; i++) await decline();
  await small.webhooks.start();
  await expect.poll(() => receiver.heard.filter(({ at }) => at !== '/mute').length, { timeout: 20_000 }).toBe(6);
  await small.webhooks.stop();
  await few.end();
  expect((await world.webhooks.endpoints.list()).map(({ pending }) => pending)).toEqual([0, 0, 3]);
});

test('a stop lets the attempt under way end, and what waits is sent by the next', async () => {
  await put('ops');
  answer = () => false;
  await decline();
  await world.webhooks.start();
  await expect.poll(() => receiver.heard.length).toBe(1);
  await world.webhooks.stop();
  expect(await world.webhooks.endpoints.list()).toMatchObject([{ pending: 1, failingSince: expect.any(Date) as Date }]);
  answer = () => 204;
  const next = await openWorld(pool);
  next.clock.advance(MINUTE);
  await next.webhooks.start();
  await expect.poll(() => receiver.heard.length).toBe(2);
  await next.webhooks.stop();
});

test('an endpoint is tried at once, past the line; neither its URL nor its keys are shown', async () => {
  await put('pager', { target: 'pagerduty', routingKey: 'secret-routing-key' });
  await put('chat', { target: 'slack', url: `${receiver.url}/services/SECRET` });
  answer = ({ at }) => (at === '/pager' ? 202 : 404);
  const tried = await world.webhooks.endpoints.test('pager');
  expect(tried).toMatchObject({ delivered: true, status: 202, problem: null });
  expect(JSON.parse(receiver.heard[0]?.body ?? '')).toMatchObject({ routing_key: 'secret-routing-key', payload: { severity: 'info' } });
  expect(await world.webhooks.endpoints.test('chat')).toMatchObject({ delivered: false, status: 404, problem: 'answered 404' });
  const shown = JSON.stringify([tried, await world.webhooks.endpoints.list()]);
  expect(shown).not.toMatch(/secret-routing-key|SECRET|whsec/);
  expect(world.told).toEqual(expect.arrayContaining(['pagerduty delivered', 'slack failed']));
  await expect(world.webhooks.endpoints.test('none')).rejects.toMatchObject({ code: 'not-found' });
});

test('what an endpoint cannot be is told', async () => {
  const { endpoints } = world.webhooks;
  const refused = (code: string, text: string) => ({ code, message: expect.stringContaining(text) as string });
  await expect(endpoints.put('x', { url: 'https://169.254.169.254/latest/meta-data' })).rejects.toMatchObject(refused('bad-request', 'TRIMTAB_WEBHOOK_ALLOW'));
  await expect(put('x', { model: 'nobody' })).rejects.toMatchObject(refused('not-found', 'nobody'));
  await expect(put('x', { target: 'pagerduty' })).rejects.toMatchObject(refused('bad-request', 'routingKey: it is missing'));
  await expect(put('x', { routingKey: 'key' })).rejects.toMatchObject(refused('bad-request', 'standard takes none'));
  await expect(put('x', { target: 'pagerduty', routingKey: 'key', types: ['promotion'] })).rejects.toMatchObject(refused('bad-request', 'promotion is nothing to page somebody for'));
  await expect(endpoints.remove('x')).rejects.toMatchObject(refused('not-found', 'x'));
});

test('what is old is forgotten; what never got out is told to the log', async () => {
  await put('ops');
  await decline();
  const errors: unknown[] = [];
  vi.spyOn(world.parts.log, 'error').mockImplementation((what: unknown) => void errors.push(what));
  await world.webhooks.retire(new Date(world.clock.now().getTime() + 29 * DAY));
  expect(errors).toEqual([]);
  await world.webhooks.retire(new Date(world.clock.now().getTime() + 31 * DAY));
  expect(errors).toEqual([{ lost: 1 }]);
  expect(await world.webhooks.endpoints.deliveries('ops', { limit: 10 })).toEqual([]);
});
