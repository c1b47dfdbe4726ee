/** Opens the database that a config names, or the embedded one, with its schema up to date; and closes it again in the right order. */
import path from 'node:path';
import type { Config } from '../config.ts';
import { TrimtabError, messageOf } from '../errors.ts';
import { startEmbedded } from './embedded.ts';
import { migrate, untilMigrated } from './migrate.ts';
import { openPool, type Pool } from './postgres.ts';

export interface OpenOptions {
  readonly connections: number;
  /** Hears of idle connections that broke, but not of those that end because of `close`. */
  readonly onError: (error: Error) => void;
  readonly onMigration?: (message: string) => void;
}

export interface OpenDatabase {
  readonly pool: Pool;
  close(): Promise<void>;
}

/** @throws TrimtabError `bad-config` when the database cannot be used; an embedded server that this started is stopped again */
export async function openDatabase(config: Pick<Config, 'databaseUrl' | 'dataDir' | 'migrate'>, options: OpenOptions): Promise<OpenDatabase> {
  const embedded = config.databaseUrl === null ? await startEmbedded({ dir: path.join(config.dataDir, 'postgres') }) : null;
  const url = embedded?.url ?? (config.databaseUrl as string);
  // a server that was found running may serve another process too
  const stopServer = async () => {
    if (embedded?.started) await embedded.stop();
  };
  try {
    await (config.migrate ? migrate : untilMigrated)(url, options.onMigration);
  } catch (error) {
    await stopServer();
    throw new TrimtabError('bad-config', { problems: `the database cannot be used: ${messageOf(error)}; check DATABASE_URL` }, { cause: error });
  }
  let closing = false;
  const onError = (error: Error) => {
    // the pool calls itself ended before its connections have closed: the server that stops next may cut them off
    if (!closing) options.onError(error);
  };
  const pool = openPool(url, { max: options.connections, onError });
  const close = async () => {
    closing = true;
    try {
      await pool.end();
    } finally {
      await stopServer();
    }
  };
  return { pool, close };
}
