/** The database's clock, which all replicas share. */
import type { Queryable } from './postgres.ts';

/** The database's time now, not that of the transaction's start. */
export async function databaseNow(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('select clock_timestamp() as now');
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not tell its time');
  return row.now;
}
