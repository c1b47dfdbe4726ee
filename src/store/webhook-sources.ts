/** Who may call us, and what came in. */
import type { WebhookAuth, WebhookSource } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

/** `until`: no longer valid from then on; null: valid for good. */
export interface StoredSecret {
  readonly sealed: string;
  readonly until: string | null;
}

/** What is known of a source; its secrets stand apart. */
export interface SourceFields {
  readonly name: string;
  readonly format: WebhookSource;
  readonly auth: WebhookAuth;
  /** Null: each message names its model. */
  readonly model: string | null;
  /** Empty: all. */
  readonly types: readonly string[];
  readonly cooldown: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface SourceRow extends SourceFields {
  /** The newest first. */
  readonly secrets: readonly StoredSecret[];
}

const SOURCE = `name, format, auth, model, types, cooldown, secrets, created_at as "createdAt", updated_at as "updatedAt"`;

export async function putSource(db: Queryable, row: Omit<SourceRow, 'createdAt' | 'updatedAt'>, now: Date): Promise<SourceRow> {
  const { rows } = await db.query<SourceRow>(
    `insert into webhook_sources (name, format, auth, model, types, cooldown, secrets, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $8)
     on conflict (name) do update set format = excluded.format, auth = excluded.auth, model = excluded.model, types = excluded.types,
       cooldown = excluded.cooldown, secrets = excluded.secrets, updated_at = excluded.updated_at
     returning ${SOURCE}`,
    [row.name, row.format, row.auth, row.model, row.types, row.cooldown, JSON.stringify(row.secrets), now],
  );
  return rows[0] as SourceRow;
}

export async function getSource(db: Queryable, name: string): Promise<SourceRow | null> {
  const { rows } = await db.query<SourceRow>(`select ${SOURCE} from webhook_sources where name = $1`, [name]);
  return rows[0] ?? null;
}

export async function listSources(db: Queryable): Promise<SourceRow[]> {
  const { rows } = await db.query<SourceRow>(`select ${SOURCE} from webhook_sources order by name`);
  return rows;
}

/** False when there is none. What came in from it and waits is forgotten with it. */
export async function deleteSource(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query('delete from webhook_sources where name = $1', [name]);
  return rowCount === 1;
}

export interface InboxRow {
  readonly source: string;
  readonly id: string;
  readonly model: string;
  readonly type: string;
  readonly why: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Keeps messages whose id was not seen before; returns how many those are. */
export async function insertMessages(db: Queryable, source: string, messages: readonly Omit<InboxRow, 'source'>[], now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `insert into webhook_inbox (source, id, model, type, why, evidence, received_at)
     select $1, m.id, m.model, m.type, m.why, m.evidence, $3 from jsonb_to_recordset($2::jsonb) as m (id text, model text, type text, why text, evidence jsonb)
     on conflict do nothing`,
    [source, JSON.stringify(messages), now],
  );
  return rowCount ?? 0;
}

export interface WaitingMessage extends InboxRow {
  readonly cooldown: string;
  /** When the source last became a trigger of this model; null: never. */
  readonly lastTaken: Date | null;
}

/** Models with messages that no trigger has taken. */
export async function modelsWaiting(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ model: string }>('select distinct model from webhook_inbox where taken_at is null order by model');
  return rows.map((row) => row.model);
}

/** The oldest first. */
export async function waitingMessages(db: Queryable, model: string, limit: number): Promise<WaitingMessage[]> {
  const { rows } = await db.query<WaitingMessage>(
    `select m.source, m.id, m.model, m.type, m.why, m.evidence, s.cooldown,
       (select max(t.taken_at) from webhook_inbox t where t.source = m.source and t.model = m.model) as "lastTaken"
     from webhook_inbox m join webhook_sources s on s.name = m.source
     where m.model = $1 and m.taken_at is null order by m.received_at, m.source, m.id limit $2`,
    [model, limit],
  );
  return rows;
}

export async function takeMessages(db: Queryable, messages: readonly { source: string; id: string }[], trigger: string, now: Date): Promise<void> {
  await db.query(
    `update webhook_inbox i set taken_at = $2, trigger_id = $3
     from jsonb_to_recordset($1::jsonb) as m (source text, id text) where i.source = m.source and i.id = m.id`,
    [JSON.stringify(messages.map(({ source, id }) => ({ source, id }))), now, trigger],
  );
}

/** Forgets ids that came before a time, but none that waits. */
export async function expireMessages(db: Queryable, before: Date): Promise<number> {
  const { rowCount } = await db.query('delete from webhook_inbox where received_at < $1 and taken_at is not null', [before]);
  return rowCount ?? 0;
}
