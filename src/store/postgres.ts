/** The pool, transactions, and the one type that every query function takes first. */
import pg from 'pg';

/** A pool or a client in a transaction: query functions take it first, so that no read escapes its transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;
export type Pool = pg.Pool;
export type Client = pg.PoolClient;

// int8 as number: panes and sequences stay far below 2^53. numeric is not used.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Opens a pool; `onError` hears of idle clients that broke, which would otherwise end the process. */
export function openPool(url: string, options: { max: number; onError: (error: Error) => void }): Pool {
  const pool = new pg.Pool({ connectionString: url, max: options.max, application_name: 'trimtab' });
  pool.on('error', options.onError);
  // a client that breaks while it is checked out tells its query; without a listener it would end the process besides
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Runs `work` in one transaction; whatever it throws rolls back. A broken client is thrown away, not given back. */
export async function transaction<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // a connection that ends while it is checked out also emits, and an error event that nobody hears ends the process
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: unknown) => {
      broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
    });
    throw error;
  } finally {
    if (broken === undefined) client.off('error', onError);
    client.release(broken);
  }
}

/** Names of the advisory locks that are taken per model: the first key of the pair. */
const LOCKS = { pane: 1, run: 2, record: 3, dataset: 4, promotion: 5 } as const;
export type ModelLock = keyof typeof LOCKS;

/** Takes a lock on a model until the transaction ends. `shared` holders only wait for an exclusive one. */
export async function lockModel(db: Queryable, lock: ModelLock, model: string, mode: 'shared' | 'exclusive'): Promise<void> {
  const take = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await db.query(`select ${take}($1, hashtext($2))`, [LOCKS[lock], model]);
}

/** Takes a lock on anything that has a name until the transaction ends. */
export async function lockName(db: Queryable, kind: string, name: string): Promise<void> {
  await db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${kind}:${name}`]);
}

/** True when the server gave a transaction up so that another could go on (deadlock, serialization): the same again may pass. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code?.startsWith('40') === true;
}

/** True when a value was refused (data exception or broken constraint): a fault of one row, not of the server. */
export function isBadValue(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '');
}

const UNIQUE_VIOLATION = '23505';

/** True when a statement failed because a row with that key is already there. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION;
}
