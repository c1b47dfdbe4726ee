/** References: what drift is measured against, each owned by the adapter that it was scored by. */
import type { Queryable } from './postgres.ts';

export interface StoredReference {
  readonly id: string;
  readonly model: string;
  readonly adapter: string;
  /** encoded `ReferenceBody` */
  readonly body: Uint8Array;
  readonly createdAt: Date;
}

export async function getReference(db: Queryable, id: string): Promise<StoredReference | null> {
  const { rows } = await db.query<StoredReference>('select id, model, adapter, body, created_at as "createdAt" from "references" where id = $1', [id]);
  return rows[0] ?? null;
}

/** Id of the newest reference that an adapter owns; null when it has none. */
export async function newestReference(db: Queryable, model: string, adapter: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    'select id from "references" where model = $1 and adapter = $2 order by created_at desc, id desc limit 1',
    [model, adapter],
  );
  return rows[0]?.id ?? null;
}
