/**
 * A lease on a run that ends with the process: a session's advisory lock. After kill -9 the connection is gone and the
 * lock with it, so the next replica takes over at once; no time-out to guess.
 */
import type { Client, Pool } from './postgres.ts';

/** Runs `work` while holding the lease; undefined when another session holds it. */
export async function withLease<T>(pool: Pool, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const client: Client = await pool.connect();
  let broken: Error | undefined;
  try {
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [name]);
    if (!rows[0]?.got) return undefined;
    try {
      return await work();
    } finally {
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch((error: unknown) => {
        broken = error instanceof Error ? error : new Error(String(error));
      });
    }
  } finally {
    client.release(broken);
  }
}
