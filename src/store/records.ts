/** Decision records: rows of a chain, written once. */
import type { Queryable } from './postgres.ts';

export interface RecordRow {
  readonly id: string;
  readonly model: string;
  /** 1, 2, ... per model, without gaps. */
  readonly seq: number;
  readonly runId: string | null;
  readonly kind: string;
  /** Canonical JSON; the bytes that are hashed. */
  readonly body: string;
  /** Hash of the record before; 64 zeros for the first. */
  readonly previous: string;
  readonly hash: string;
  readonly createdAt: Date;
}

const COLUMNS = `id, model, seq, run_id as "runId", kind, body, previous, hash, created_at as "createdAt"`;

export async function insertRecord(db: Queryable, row: RecordRow): Promise<void> {
  await db.query(
    'insert into records (id, model, seq, run_id, kind, body, previous, hash, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [row.id, row.model, row.seq, row.runId, row.kind, row.body, row.previous, row.hash, row.createdAt],
  );
}

export async function recordById(db: Queryable, id: string): Promise<RecordRow | null> {
  const { rows } = await db.query<RecordRow>(`select ${COLUMNS} from records where id = $1`, [id]);
  return rows[0] ?? null;
}

export async function recordOfRun(db: Queryable, runId: string, kind: string): Promise<RecordRow | null> {
  const { rows } = await db.query<RecordRow>(`select ${COLUMNS} from records where run_id = $1 and kind = $2`, [runId, kind]);
  return rows[0] ?? null;
}

export async function lastRecord(db: Queryable, model: string): Promise<RecordRow | null> {
  const { rows } = await db.query<RecordRow>(`select ${COLUMNS} from records where model = $1 order by seq desc limit 1`, [model]);
  return rows[0] ?? null;
}

/** Newest first, those before `before`. */
export async function recordsBefore(db: Queryable, model: string, before: number | null, limit: number): Promise<RecordRow[]> {
  const { rows } = await db.query<RecordRow>(
    `select ${COLUMNS} from records where model = $1 and ($2::bigint is null or seq < $2) order by seq desc limit $3`,
    [model, before, limit],
  );
  return rows;
}

/** Oldest first, those after `after`. */
export async function recordsAfter(db: Queryable, model: string, after: number, limit: number): Promise<RecordRow[]> {
  const { rows } = await db.query<RecordRow>(`select ${COLUMNS} from records where model = $1 and seq > $2 order by seq limit $3`, [model, after, limit]);
  return rows;
}
