/** Brings the schema up to date from the numbered SQL in `migrations/`. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { SECOND } from '../vocabulary.ts';

const TABLE = 'migrations';
const MIGRATIONS = path.resolve(import.meta.dirname, '../../migrations');

/** Applies what is missing, all in one transaction, under an advisory lock that makes other replicas wait. */
export async function migrate(databaseUrl: string, log: (message: string) => void = () => {}): Promise<string[]> {
  const quiet = () => {};
  const applied = await connected(databaseUrl, (dbClient) => runner({
    dbClient,
    dir: MIGRATIONS,
    // schema.sql is the dump for reviewers, not a step
    ignorePattern: '\\..*|schema\\.sql',
    migrationsTable: TABLE,
    direction: 'up',
    advisoryLockMode: 'wait',
    logger: { debug: quiet, info: quiet, warn: log, error: log },
  }));
  return applied.map((step) => step.name);
}

/** Waits until somebody else has applied all that this version brings. What a newer version applied besides is no matter. */
export async function untilMigrated(databaseUrl: string, log: (message: string) => void = () => {}): Promise<void> {
  for (let tries = 0; ; tries++) {
    const [first, ...others] = await pendingMigrations(databaseUrl);
    if (first === undefined) return;
    if (tries === 0) log(`waiting for migration ${first} and ${others.length} more: the command migrate applies them`);
    await pause(SECOND);
  }
}

async function pendingMigrations(databaseUrl: string): Promise<string[]> {
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql') && name !== 'schema.sql').map((name) => name.replace(/\.sql$/, '')).sort();
  return connected(databaseUrl, async (client) => {
    const { rows: [at] } = await client.query<{ table: boolean; queue: boolean }>(
      "select to_regclass($1) is not null as table, to_regproc('graphile_worker.add_job') is not null as queue", [TABLE],
    );
    const applied = at?.table === true ? (await client.query<{ name: string }>(`select name from ${TABLE}`)).rows : [];
    return [...files.filter((file) => !applied.some(({ name }) => name === file)), ...(at?.queue === true ? [] : ['the queue'])];
  });
}

/** One connection for as long as the work takes. A query hears of what breaks it; a server that goes while the connection closes is no fault, and without a listener would end the process. */
async function connected<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(databaseUrl);
  client.on('error', () => {});
  await client.connect();
  return work(client).finally(() => client.end());
}
