/** API keys: hashes, names and roles. */
import type { Role } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

const COLUMNS = `id, name, role, created_at as "createdAt", revoked_at as "revokedAt"`;

export async function insertKey(db: Queryable, key: { id: string; name: string; role: Role; hash: Uint8Array; createdAt: Date }): Promise<void> {
  await db.query('insert into api_keys (id, name, role, hash, created_at) values ($1, $2, $3, $4, $5)', [
    key.id, key.name, key.role, key.hash, key.createdAt,
  ]);
}

/** The key with that hash, unless it is revoked. */
export async function findKeyByHash(db: Queryable, hash: Uint8Array): Promise<StoredKey | null> {
  const { rows } = await db.query<StoredKey>(`select ${COLUMNS} from api_keys where hash = $1 and revoked_at is null`, [hash]);
  return rows[0] ?? null;
}

/** All keys, revoked ones too, in order of creation. */
export async function listKeys(db: Queryable): Promise<StoredKey[]> {
  const { rows } = await db.query<StoredKey>(`select ${COLUMNS} from api_keys order by created_at, id`);
  return rows;
}

/** False when there is no such key; revoking twice keeps the first time. */
export async function revokeKey(db: Queryable, id: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query('update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1', [id, now]);
  return rowCount === 1;
}

/** True when a key was ever made, revoked or not. */
export async function anyKey(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ any: boolean }>('select exists (select 1 from api_keys) as any');
  return rows[0]?.any === true;
}
