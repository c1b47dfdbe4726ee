/** Who did what, and why. */
import type { Role } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface AuditEntry {
  readonly id: number;
  readonly at: Date;
  readonly who: string;
  readonly role: Role;
  readonly action: string;
  /** Null where it concerns no model, such as a key. */
  readonly model: string | null;
  /** What it was done to: id of a run, an incident, an adapter, a key. */
  readonly subject: string;
  readonly reason: string | null;
  /** `done`, or the code of the error that refused it; null: it was begun and never ended, as when the process died. */
  readonly outcome: string | null;
  /** What came of it, where the action's name does not say; never a secret. */
  readonly detail: string | null;
}

const COLUMNS = 'id, at, who, role, action, model, subject, reason, outcome, detail';

export async function beginAudit(db: Queryable, entry: Omit<AuditEntry, 'id' | 'outcome' | 'detail'>): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    'insert into audit (at, who, role, action, model, subject, reason) values ($1, $2, $3, $4, $5, $6, $7) returning id',
    [entry.at, entry.who, entry.role, entry.action, entry.model, entry.subject, entry.reason],
  );
  return rows[0]?.id ?? 0;
}

export async function endAudit(db: Queryable, id: number, outcome: string, detail: string | null): Promise<void> {
  await db.query('update audit set outcome = $2, detail = $3 where id = $1', [id, outcome, detail]);
}

/** Newest first; `before` (an id) pages on. */
export async function listAudit(db: Queryable, filter: { model: string | null; before: number | null; limit: number }): Promise<AuditEntry[]> {
  const { rows } = await db.query<AuditEntry>(
    `select ${COLUMNS} from audit where ($1::text is null or model = $1) and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [filter.model, filter.before, filter.limit],
  );
  return rows;
}
