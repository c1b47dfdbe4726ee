/** Whether the database answers. */
import type { Queryable } from './postgres.ts';

export async function ping(db: Queryable): Promise<void> {
  await db.query('select 1');
}
