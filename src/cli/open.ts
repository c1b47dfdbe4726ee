/** Opens database and objects as the service does, beside a running service or without one. */
import { access } from 'node:fs/promises';
import type { Config } from '../config.ts';
import { TrimtabError } from '../errors.ts';
import type { ObjectStore } from '../store/objects/index.ts';
import { openObjects } from '../store/objects/open.ts';
import { openDatabase } from '../store/open.ts';
import type { Pool } from '../store/postgres.ts';

export interface Opened {
  readonly pool: Pool;
  readonly objects: ObjectStore;
}

const CONNECTIONS = 2;

/**
 * Runs `work` on the opened store and closes it again. The embedded server of the data folder is joined when it runs, else
 * started for as long as the work takes.
 * @throws TrimtabError `bad-config` when there is no data folder: a mistyped folder must not become an empty database
 */
export async function withStore<T>(config: Config, work: (opened: Opened) => Promise<T>): Promise<T> {
  if (config.databaseUrl === null) await needFolder(config.dataDir);
  const { pool, close } = await openDatabase(config, { connections: CONNECTIONS, onError: () => {} });
  try {
    return await work({ pool, objects: openObjects(config) });
  } finally {
    await close();
  }
}

async function needFolder(dataDir: string): Promise<void> {
  const exists = await access(dataDir).then(() => true, () => false);
  if (!exists) throw new TrimtabError('bad-config', { problems: `there is no data folder ${dataDir}; name the service's with --data or TRIMTAB_DATA_DIR, or its database with DATABASE_URL` });
}
