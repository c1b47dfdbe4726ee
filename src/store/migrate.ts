/** Brings the schema up to date from the numbered SQL in `migrations/`. */
import path from 'node:path';
import { runner } from 'node-pg-migrate';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../migrations');

/** Applies what is missing, all in one transaction, under an advisory lock that makes other replicas wait. */
export async function migrate(databaseUrl: string, log: (message: string) => void = () => {}): Promise<string[]> {
  const quiet = () => {};
  const applied = await runner({
    databaseUrl,
    dir: MIGRATIONS,
    // schema.sql is the dump for reviewers, not a step
    ignorePattern: '\\..*|schema\\.sql',
    migrationsTable: 'migrations',
    direction: 'up',
    advisoryLockMode: 'wait',
    logger: { debug: quiet, info: quiet, warn: log, error: log },
  });
  return applied.map((step) => step.name);
}
