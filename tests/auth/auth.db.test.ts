import { expect, test } from 'vitest';
import { createAuth, type AuthOptions } from '../../src/auth/index.ts';
import { VirtualClock } from '../../src/clock.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const clock = new VirtualClock(new Date('2026-01-01T00:00:00Z'));
const warnings: string[] = [];
const log = { warn: (message: unknown) => void warnings.push(String(message)) } as AuthOptions['log'];
const open = (over: Partial<AuthOptions> = {}) =>
  createAuth({ pool, clock, log, bootstrapKey: null, openOnLoopback: false, cacheMs: 5_000, ...over });
const refused = { code: 'unauthenticated' };

test('laptop mode is open, says so, and ends for ever with the first key', async () => {
  const auth = await open({ openOnLoopback: true });
  expect(await auth.isOpen()).toBe(true);
  expect(warnings).toEqual([expect.stringContaining('loopback only')]);
  expect(await (await open()).isOpen()).toBe(false);
  expect(await (await open({ openOnLoopback: true, bootstrapKey: 'a-long-bootstrap-key' })).isOpen()).toBe(false);
  const other = await open({ openOnLoopback: true });
  const { id } = await auth.create({ name: 'first', role: 'admin' });
  expect(await auth.isOpen()).toBe(false);
  expect(await other.isOpen()).toBe(true);
  clock.advance(5_000);
  expect(await other.isOpen()).toBe(false);
  await auth.revoke(id);
  expect(await (await open({ openOnLoopback: true })).isOpen()).toBe(false);
});

test('a key is found by its hash, and only the hash is stored', async () => {
  const auth = await open();
  const made = await auth.create({ name: 'app', role: 'ingest' });
  expect(made.key).toMatch(/^trk_[A-Za-z0-9_-]{43}$/);
  expect(await auth.authenticate(`Bearer ${made.key}`)).toMatchObject({ id: made.id, name: 'app', role: 'ingest' });
  const { rows } = await pool.query<{ row: string }>(`select api_keys::text || encode(hash, 'escape') as row from api_keys where id = $1`, [made.id]);
  expect(rows[0]?.row).not.toContain(made.key.slice(4));
  expect(JSON.stringify(await auth.list())).not.toContain(made.key);
});

test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer short', `Bearer trk_${'a'.repeat(43)}`, `Bearer trk_${'a'.repeat(43)} x`])(
  'no key: %s',
  async (header) => {
    await expect((await open()).authenticate(header)).rejects.toMatchObject(refused);
  },
);

test('the bootstrap key is an admin, and nothing near it is', async () => {
  const auth = await open({ bootstrapKey: 'a-long-bootstrap-key' });
  expect(await auth.authenticate('Bearer a-long-bootstrap-key')).toMatchObject({ name: 'bootstrap', role: 'admin' });
  await expect(auth.authenticate('Bearer a-long-bootstrap-kez')).rejects.toMatchObject(refused);
  await expect((await open()).authenticate('Bearer a-long-bootstrap-key')).rejects.toMatchObject(refused);
});

test('revoking works at once here, and within the cache\'s life elsewhere', async () => {
  const [here, elsewhere] = [await open(), await open()];
  const { id, key } = await here.create({ name: 'gone', role: 'viewer' });
  for (const auth of [here, elsewhere]) await auth.authenticate(`Bearer ${key}`);
  await here.revoke(id);
  await expect(here.authenticate(`Bearer ${key}`)).rejects.toMatchObject(refused);
  expect(await elsewhere.authenticate(`Bearer ${key}`)).toMatchObject({ id });
  clock.advance(5_000);
  await expect(elsewhere.authenticate(`Bearer ${key}`)).rejects.toMatchObject(refused);
  const revokedAt = (await here.list()).find((k) => k.id === id)?.revokedAt;
  clock.advance(1_000);
  await here.revoke(id);
  expect((await here.list()).find((k) => k.id === id)?.revokedAt).toEqual(revokedAt);
  await expect(here.revoke('key-nobody')).rejects.toMatchObject({ code: 'not-found' });
});

test('callers at the same time ask the database once', async () => {
  const auth = await open();
  const { key } = await auth.create({ name: 'busy', role: 'viewer' });
  let asked = 0;
  const counting = { query: (...args: Parameters<typeof pool.query>) => (asked++, pool.query(...args)) } as unknown as typeof pool;
  const counted = await open({ pool: counting });
  await Promise.all(Array.from({ length: 50 }, () => counted.authenticate(`Bearer ${key}`)));
  expect(asked).toBe(1);
});
