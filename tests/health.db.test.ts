import { expect, test } from 'vitest';
import { createHealth } from '../src/health.ts';
import type { Pool } from '../src/store/postgres.ts';
import { testDatabase } from './support/postgres.ts';

const { pool } = await testDatabase();
const poolThat = (query: () => Promise<unknown>) => ({ query }) as unknown as Pool;

test('ready while the database answers, until it stops', async () => {
  const health = createHealth({ pool });
  await expect(health.ready()).resolves.toBeUndefined();
  health.stop();
  await expect(health.ready()).rejects.toMatchObject({ code: 'stopping' });
});

test('a database that refuses, and one that is silent, are unavailable', async () => {
  const refusing = createHealth({ pool: poolThat(() => Promise.reject(new Error('ECONNREFUSED 10.0.0.1'))) });
  const error = (await refusing.ready().catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ code: 'unavailable', message: 'the database does not answer; try again after 1 s', cause: { message: 'ECONNREFUSED 10.0.0.1' } });
  const silent = createHealth({ pool: poolThat(() => new Promise(() => undefined)), timeoutMs: 5 });
  await expect(silent.ready()).rejects.toMatchObject({ code: 'unavailable', cause: { message: 'no answer within 5 ms' } });
});
