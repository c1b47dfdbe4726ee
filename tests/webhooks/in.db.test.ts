import { createHmac, randomBytes } from 'node:crypto';
import { runMigrations } from 'graphile-worker';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { signWebhook } from '../../src/auth/webhook-signatures.ts';
import { inCatalogue, problemOf } from '../../src/http/problems.ts';
import { DAY, MINUTE, SECOND } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { openWorld } from './world.ts';

const { pool } = await testDatabase();
const key = randomBytes(32);
let world: Awaited<ReturnType<typeof openWorld>>;
beforeAll(() => runMigrations({ pgPool: pool }));
beforeEach(async () => {
  await pool.query('delete from models; delete from webhook_sources');
  world = await openWorld(pool, { key });
  await world.model('router');
  await world.model('fraud');
});
afterEach(() => world.webhooks.stop());

const standard = (secret: string, body: string, id = 'msg_1', at = world.clock.now()) => {
  const timestamp = Math.floor(at.getTime() / SECOND);
  return { headers: { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signWebhook([secret], { id, timestamp, body }) }, body: Buffer.from(body) };
};
const bearer = (token: string, body: unknown, headers: Record<string, string> = {}) => ({ headers: { authorization: `Bearer ${token}`, ...headers }, body: Buffer.from(JSON.stringify(body)) });
const register = async (...given: Parameters<typeof world.webhooks.sources.put>) => (await world.webhooks.sources.put(...given)).secret as string;
const triggers = async (model = 'router') => (await world.triggers.list({ model, limit: 100 })).reverse();
const one = { accepted: 1, duplicates: 0, ignored: 0 };
const again = { accepted: 0, duplicates: 1, ignored: 0 };

test('a source is registered with a secret that is shown once and stands encrypted', async () => {
  const put = await world.webhooks.sources.put('etl', { format: 'standard', model: 'router' });
  expect(put).toMatchObject({ name: 'etl', auth: 'standard', cooldown: '10m', types: [], secrets: 1, created: true, secret: expect.stringMatching(/^whsec_/) as string });
  expect(await world.webhooks.sources.put('etl', { format: 'standard', model: 'fraud' })).toMatchObject({ created: false, secret: null, model: 'fraud', secrets: 1 });
  const { rows } = await pool.query<{ row: string }>('select s::text as row from webhook_sources s');
  expect(rows[0]?.row).not.toContain((put.secret as string).slice(6, 30));
  expect(JSON.stringify(await world.webhooks.sources.list())).not.toContain('whsec_');
});

test('what a source cannot be is told', async () => {
  const { sources } = world.webhooks;
  await expect(sources.put('x', { format: 'github', auth: 'bearer' })).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining('choose github') as string });
  await expect(sources.put('x', { format: 'standard', secret: 'not-a-standard-secret' })).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining('whsec_') as string });
  await expect(sources.put('x', { format: 'standard', model: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
  for (const ask of [() => sources.get('x'), () => sources.remove('x'), () => sources.rotate('x')]) await expect(ask()).rejects.toMatchObject({ code: 'not-found' });
});

test('a signed message becomes a run; sent again, it is known', async () => {
  const secret = await register('etl', { format: 'standard', model: 'router' });
  await world.webhooks.start();
  const request = standard(secret, '{ "type":"rows.ready",  "data":{"why":"a month of rows"} }\n');
  expect(await world.webhooks.receive('etl', request)).toEqual(one);
  await expect.poll(async () => (await triggers()).map(({ reason, decision, runId }) => ({ reason, decision, runId }))).toEqual([{ reason: 'webhook', decision: 'fired', runId: 'router-r1' }]);
  expect((await triggers())[0]?.evidence).toMatchObject({ why: 'a month of rows', source: 'webhook etl', count: 1, messages: [{ source: 'etl', id: 'msg_1', type: 'rows.ready' }] });
  expect(await world.webhooks.receive('etl', request)).toEqual(again);
  expect(world.told.filter((line) => line.startsWith('standard'))).toEqual(['standard accepted', 'standard duplicate']);
  expect((await pool.query('select taken_at, trigger_id from webhook_inbox')).rows).toEqual([{ taken_at: world.clock.now(), trigger_id: (await triggers())[0]?.id }]);
});

test('an id is known for longer than the window in which it could be sent again', async () => {
  const secret = await register('etl', { format: 'standard', model: 'router', cooldown: '0s' });
  const request = standard(secret, '{"type":"t"}');
  await world.webhooks.receive('etl', request);
  world.clock.advance(4 * MINUTE);
  await world.webhooks.retire(world.clock.now());
  expect(await world.webhooks.receive('etl', request)).toEqual(again);
  world.clock.advance(2 * MINUTE);
  await expect(world.webhooks.receive('etl', request)).rejects.toMatchObject({ code: 'unverified' });
  world.clock.advance(15 * DAY);
  await world.webhooks.retire(world.clock.now());
  expect((await pool.query('select 1 from webhook_inbox')).rowCount).toBe(1);
  await pool.query('update webhook_inbox set taken_at = now()');
  await world.webhooks.retire(world.clock.now());
  expect((await pool.query('select 1 from webhook_inbox')).rowCount).toBe(0);
});

test('every way to fail the proof is told in the same words', async () => {
  const secret = await register('etl', { format: 'standard', model: 'router' });
  await register('alerts', { format: 'alertmanager' });
  await register('code', { format: 'github', model: 'router', secret: 'a secret of GitHub' });
  const good = standard(secret, '{"type":"t"}');
  const wrong = [
    ['etl', { ...good, body: Buffer.from('{"type":"u"}') }], ['etl', { ...good, headers: {} }], ['etl', { ...good, headers: { ...good.headers, 'webhook-id': 'other' } }],
    ['etl', standard(secret, '{"type":"t"}', 'msg_1', new Date(world.clock.now().getTime() - 6 * MINUTE))], ['etl', standard(`whsec_${randomBytes(32).toString('base64')}`, '{"type":"t"}')],
    ['nobody', good], ['alerts', bearer('wrong', { version: '4', alerts: [] })], ['alerts', good], ['code', good], ['code', { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }, body: Buffer.from('{}') }],
    ['code', { headers: { 'x-hub-signature-256': `sha256=${createHmac('sha256', 'another secret').update('{}').digest('hex')}` }, body: Buffer.from('{}') }],
  ] as const;
  const answers = new Set<string>();
  for (const [name, request] of wrong) {
    const error: unknown = await world.webhooks.receive(name, request).then(() => null, (thrown: unknown) => thrown);
    answers.add(JSON.stringify(problemOf(inCatalogue(error), 'request-1')));
  }
  expect([...answers].map((answer) => JSON.parse(answer) as object)).toEqual([expect.objectContaining({ status: 401, code: 'unverified', retryable: false })]);
  expect((await pool.query('select 1 from webhook_inbox')).rowCount).toBe(0);
  expect(new Set(world.told)).toEqual(new Set(['standard refused', 'alertmanager refused', 'github refused']));
});

test('secrets rotate: the former is good for a day, and changing the scheme ends all', async () => {
  const { sources, receive } = world.webhooks;
  const first = await register('etl', { format: 'trimtab', model: 'router', cooldown: '0s' });
  const second = (await sources.rotate('etl')).secret as string;
  const third = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
  expect(await sources.rotate('etl', third)).toMatchObject({ secret: null, secrets: 3 });
  for (const [i, secret] of [first, second, third].entries()) expect(await receive('etl', standard(secret, '{}', `msg_${i}`))).toEqual(one);
  world.clock.advance(DAY + SECOND);
  for (const secret of [first, second]) await expect(receive('etl', standard(secret, '{}', 'msg_9'))).rejects.toMatchObject({ code: 'unverified' });
  expect(await receive('etl', standard(third, '{}', 'msg_9'))).toEqual(one);
  expect(await sources.get('etl')).toMatchObject({ secrets: 1 });
  const token = await register('etl', { format: 'trimtab', auth: 'bearer', model: 'router' });
  await expect(receive('etl', standard(third, '{}', 'msg_10'))).rejects.toMatchObject({ code: 'unverified' });
  expect(await receive('etl', bearer(token, { id: 'a' }))).toEqual(one);
});

test('two rotations at once lose neither secret', async () => {
  await register('etl', { format: 'trimtab', model: 'router' });
  const made = await Promise.all([world.webhooks.sources.rotate('etl'), world.webhooks.sources.rotate('etl')]);
  for (const [i, { secret }] of made.entries()) expect(await world.webhooks.receive('etl', standard(secret as string, '{}', `msg_${i}`))).toEqual(one);
});

test('what comes together becomes one trigger, and the next waits for the cooldown of its source', async () => {
  const alerts = await register('alerts', { format: 'alertmanager', types: ['ModelDrift'], cooldown: '10m' });
  const etl = await register('etl', { format: 'standard', model: 'router', cooldown: '0s' });
  const alert = (startsAt: string, model = 'router', alertname = 'ModelDrift') => ({ status: 'firing', labels: { alertname, model }, annotations: {}, startsAt, fingerprint: `f-${model}` });
  const send = (...list: object[]) => world.webhooks.receive('alerts', bearer(alerts, { version: '4', groupKey: 'g', alerts: list }));
  expect(await send(alert('t1'), alert('t2'), alert('t1', 'fraud'), alert('t3', 'router', 'DiskFull'), alert('t1'))).toEqual({ accepted: 3, duplicates: 0, ignored: 1 });
  await world.webhooks.receive('etl', standard(etl, '{"type":"rows.ready"}'));
  await world.webhooks.start();
  await expect.poll(async () => [(await triggers()).length, (await triggers('fraud')).length]).toEqual([1, 1]);
  expect((await triggers())[0]?.evidence).toMatchObject({ count: 3, why: expect.stringContaining('and 2 more') as string, source: 'webhook alerts, etl' });
  await pool.query("update runs set state = 'done', outcome = 'rejected', finished_at = now()");
  world.clock.advance(SECOND);
  expect(await send(alert('t4'))).toEqual(one);
  await world.webhooks.receive('etl', standard(etl, '{"type":"rows.ready"}', 'msg_2'));
  await expect.poll(async () => (await triggers()).length).toBe(2);
  expect((await triggers())[1]?.evidence).toMatchObject({ count: 1, source: 'webhook etl' });
  await pool.query("update runs set state = 'done', outcome = 'rejected', finished_at = now()");
  world.clock.advance(10 * MINUTE);
  await expect.poll(async () => (await triggers()).length).toBe(3);
  expect((await triggers())[2]?.evidence).toMatchObject({ count: 1, source: 'webhook alerts' });
});

test('a message that cannot be used is told why, once it is known who asks', async () => {
  const token = await register('own', { format: 'trimtab', auth: 'bearer' });
  const refused = (body: unknown) => world.webhooks.receive('own', bearer(token, body));
  await expect(refused({ id: 'a' })).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining('it names no model') as string });
  await expect(refused({ id: 'a', model: 'nobody' })).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining('"nobody", which is not registered') as string });
  await expect(refused({ model: 'router' })).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining('id: it is missing') as string });
  expect(await refused({ id: 'x'.repeat(200), model: 'router', why: 'nul \0 and \ud800', evidence: { '\0': '\udfff' } })).toEqual(one);
});

test('a replica that is over its limit, or has no database, says 503: senders come back', async () => {
  const token = await register('own', { format: 'trimtab', auth: 'bearer', model: 'router' });
  const burst = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => world.webhooks.receive('own', bearer(token, { id: `m${i}` }))));
  const shed = burst.flatMap((each) => (each.status === 'rejected' ? [inCatalogue(each.reason)] : []));
  expect(shed).toHaveLength(36);
  expect(new Set(shed.map((error) => `${error.code} ${error.entry.status}`))).toEqual(new Set(['overloaded 503']));
  expect((await pool.query('select 1 from webhook_inbox')).rowCount).toBe(64);
  const broken = { query: () => Promise.reject(new Error('connect ECONNREFUSED')), connect: () => Promise.reject(new Error('connect ECONNREFUSED')) } as unknown as typeof pool;
  const without = await openWorld(broken);
  await expect(without.webhooks.receive('own', bearer(token, { id: 'm' }))).rejects.toMatchObject({ code: 'unavailable', entry: { status: 503 } });
});
