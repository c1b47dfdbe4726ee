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

/** A reference, and its newest supplement; null when it has none. */
export interface ReferenceAt {
  readonly id: string;
  readonly supplement: number | null;
}

/** The newest reference that an adapter owns; null when it has none. */
export async function newestReference(db: Queryable, model: string, adapter: string): Promise<ReferenceAt | null> {
  const { rows } = await db.query<ReferenceAt>(
    `select r.id, (select max(s.seq) from supplements s where s.reference = r.id) as supplement
     from "references" r where r.model = $1 and r.adapter = $2 order by r.created_at desc, r.id desc limit 1`,
    [model, adapter],
  );
  return rows[0] ?? null;
}

export async function newestSupplement(db: Queryable, reference: string): Promise<number | null> {
  const { rows } = await db.query<{ seq: number | null }>('select max(seq) as seq from supplements where reference = $1', [reference]);
  return rows[0]?.seq ?? null;
}

export async function getSupplement(db: Queryable, { id, supplement }: ReferenceAt): Promise<Uint8Array | null> {
  const { rows } = await db.query<{ body: Uint8Array }>('select body from supplements where reference = $1 and seq = $2', [id, supplement]);
  return rows[0]?.body ?? null;
}

/** False when another replica was faster. */
export async function insertSupplement(db: Queryable, { id, supplement }: ReferenceAt, body: Uint8Array, now: Date): Promise<boolean> {
  const { rowCount } = await db.query('insert into supplements (reference, seq, body, created_at) values ($1, $2, $3, $4) on conflict do nothing', [id, supplement, Buffer.from(body), now]);
  return rowCount === 1;
}
