import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { startEmbedded } from '../../src/store/embedded.ts';

const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-embedded-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

test('a second start joins the running server, and data outlives a stop', async () => {
  const first = await startEmbedded({ dir });
  expect(first.started).toBe(true);
  await query(first.url, 'create table kept (x int); insert into kept values (7)');
  const second = await startEmbedded({ dir });
  expect(second.started).toBe(false);
  expect(second.url).toBe(first.url);
  await first.stop();
  const third = await startEmbedded({ dir });
  expect(third.started).toBe(true);
  expect(await query(third.url, 'select x from kept')).toEqual([{ x: 7 }]);
  await third.stop();
  // what a volume of Kubernetes looks like after its pod was given another group
  await chmod(path.join(dir, 'cluster'), 0o770);
  const fourth = await startEmbedded({ dir });
  expect(fourth.started).toBe(true);
  await fourth.stop();
});
