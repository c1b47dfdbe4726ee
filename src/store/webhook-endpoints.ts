/** Whom we call. */
import type { WebhookTarget, WebhookType } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';
import type { StoredSecret } from './webhook-sources.ts';

/** What is known of an endpoint; what is secret stands apart. */
export interface EndpointFields {
  readonly name: string;
  readonly target: WebhookTarget;
  /** Null: of all models. */
  readonly model: string | null;
  readonly types: readonly WebhookType[];
  /** Since when no delivery has succeeded. */
  readonly failingSince: Date | null;
  readonly disabledAt: Date | null;
  readonly disabledWhy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface EndpointRow extends EndpointFields {
  /** Sealed. */
  readonly url: string;
  /** What we sign with, the newest first. */
  readonly secrets: readonly StoredSecret[];
  /** PagerDuty's key, sealed. */
  readonly routingKey: string | null;
}

const ENDPOINT = `name, url, target, model, types, secrets, routing_key as "routingKey", failing_since as "failingSince", disabled_at as "disabledAt",
  disabled_why as "disabledWhy", created_at as "createdAt", updated_at as "updatedAt"`;

/** Puts an endpoint, enabled: whoever puts it has looked at it. What waits for it is tried at once. */
export async function putEndpoint(db: Queryable, row: Pick<EndpointRow, 'name' | 'url' | 'target' | 'model' | 'types' | 'secrets' | 'routingKey'>, now: Date): Promise<EndpointRow> {
  const { rows } = await db.query<EndpointRow>(
    `insert into webhook_endpoints (name, url, target, model, types, secrets, routing_key, created_at, updated_at) values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $8)
     on conflict (name) do update set url = excluded.url, target = excluded.target, model = excluded.model, types = excluded.types, secrets = excluded.secrets,
       routing_key = excluded.routing_key, updated_at = excluded.updated_at, failing_since = null, disabled_at = null, disabled_why = null
     returning ${ENDPOINT}`,
    [row.name, row.url, row.target, row.model, row.types, JSON.stringify(row.secrets), row.routingKey, now],
  );
  await tellAtOnce(db, row.name, now);
  return rows[0] as EndpointRow;
}

/** What failed before is tried anew, with the whole table of retries before it. */
async function tellAtOnce(db: Queryable, name: string, now: Date): Promise<void> {
  await db.query(`update webhook_deliveries set due_at = $2, tries = 0 where endpoint = $1 and state = 'pending' and tries > 0`, [name, now]);
}

/** False when it is disabled already, or there is none. */
export async function disableEndpoint(db: Queryable, name: string, why: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query('update webhook_endpoints set disabled_at = $3, disabled_why = $2, updated_at = $3 where name = $1 and disabled_at is null', [name, why, now]);
  return rowCount === 1;
}

export async function enableEndpoint(db: Queryable, name: string, now: Date): Promise<void> {
  await db.query('update webhook_endpoints set failing_since = null, disabled_at = null, disabled_why = null, updated_at = $2 where name = $1', [name, now]);
  await tellAtOnce(db, name, now);
}

export async function getEndpoint(db: Queryable, name: string): Promise<EndpointRow | null> {
  const { rows } = await db.query<EndpointRow>(`select ${ENDPOINT} from webhook_endpoints where name = $1`, [name]);
  return rows[0] ?? null;
}

const LISTED = `select ${ENDPOINT}, (select count(*) from webhook_deliveries d where d.endpoint = name and d.state = 'pending') as pending from webhook_endpoints`;

/** Each with how many deliveries wait for it. */
export async function listEndpoints(db: Queryable): Promise<(EndpointRow & { readonly pending: number })[]> {
  const { rows } = await db.query<EndpointRow & { pending: number }>(`${LISTED} order by name`);
  return rows;
}

export async function getListedEndpoint(db: Queryable, name: string): Promise<(EndpointRow & { readonly pending: number }) | null> {
  const { rows } = await db.query<EndpointRow & { pending: number }>(`${LISTED} where name = $1`, [name]);
  return rows[0] ?? null;
}

/** False when there is none. What waits for it is forgotten with it. */
export async function deleteEndpoint(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query('delete from webhook_endpoints where name = $1', [name]);
  return rowCount === 1;
}

export async function setEndpointSecrets(db: Queryable, name: string, secrets: readonly StoredSecret[], now: Date): Promise<void> {
  await db.query('update webhook_endpoints set secrets = $2::jsonb, updated_at = $3 where name = $1', [name, JSON.stringify(secrets), now]);
}

/** How many endpoints of each target are enabled and disabled. */
export async function countEndpoints(db: Queryable): Promise<{ target: WebhookTarget; enabled: number; disabled: number }[]> {
  const { rows } = await db.query<{ target: WebhookTarget; enabled: number; disabled: number }>(
    `select target, count(*) filter (where disabled_at is null) as enabled, count(disabled_at) as disabled from webhook_endpoints group by target`,
  );
  return rows;
}
