/** A database of its own for each test file, cloned from the migrated template, dropped at the end. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { openPool, type Pool } from '../../src/store/postgres.ts';
import { TEMPLATE } from './cluster.ts';

export interface TestDatabase {
  readonly url: string;
  readonly pool: Pool;
}

/** Call once at the top of a test file: `const { pool } = await testDatabase()`. */
export async function testDatabase(): Promise<TestDatabase> {
  const clusterUrl = inject('clusterUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const asAdmin = async (sql: string) => {
    const admin = new pg.Client(clusterUrl);
    await admin.connect();
    await admin.query(sql);
    await admin.end();
  };
  await asAdmin(`create database ${name} template ${TEMPLATE}`);
  const url = clusterUrl.replace(/\/[^/]*$/, `/${name}`);
  const errors: Error[] = [];
  let ended = false;
  const onError = (error: Error) => {
    // the pool calls itself ended before its connections have closed: the drop below may cut them off
    if (!ended) errors.push(error);
  };
  const pool = openPool(url, { max: 10, onError });
  afterAll(async () => {
    await pool.end();
    ended = true;
    await asAdmin(`drop database ${name} with (force)`);
    for (const error of errors) throw error;
  });
  return { url, pool };
}
