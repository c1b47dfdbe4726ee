/** What endpoints have to be told, in order, and every attempt to tell them. Deliveries are queued by the database itself (migration 0011). */
import type { DeliveryState, WebhookTarget, WebhookType } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';
import type { StoredSecret } from './webhook-sources.ts';

export interface DeliveryRow {
  /** The same however often it is sent: what a receiver knows repetitions by. */
  readonly id: string;
  readonly seq: number;
  readonly endpoint: string;
  readonly type: WebhookType;
  readonly model: string | null;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly tries: number;
  readonly dueAt: Date;
  readonly endedAt: Date | null;
}

export interface AttemptRow {
  readonly n: number;
  readonly at: Date;
  /** Of the answer; null when there was none. */
  readonly status: number | null;
  /** Null: delivered. */
  readonly problem: string | null;
  readonly seconds: number;
}

const DELIVERY = `d.id, d.seq, d.endpoint, d.type, d.model, d.at, d.data, d.state, d.attempts, d.tries, d.due_at as "dueAt", d.ended_at as "endedAt"`;

/** Endpoints whose first delivery in line is due. */
export async function dueEndpoints(db: Queryable, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select e.name from webhook_endpoints e
     cross join lateral (select due_at from webhook_deliveries where endpoint = e.name and state = 'pending' order by seq limit 1) first
     where e.disabled_at is null and first.due_at <= $1 order by first.due_at, e.name`,
    [now],
  );
  return rows.map((row) => row.name);
}

/** A delivery with where it goes. */
export interface NextDelivery extends DeliveryRow {
  readonly url: string;
  readonly target: WebhookTarget;
  readonly secrets: readonly StoredSecret[];
  readonly routingKey: string | null;
}

/** The first in line of an endpoint; null when nothing waits, it is not due, or the endpoint is disabled. */
export async function nextDelivery(db: Queryable, endpoint: string, now: Date): Promise<NextDelivery | null> {
  const { rows } = await db.query<NextDelivery>({
    name: 'next-delivery',
    text: `select ${DELIVERY}, e.url, e.target, e.secrets, e.routing_key as "routingKey"
      from webhook_endpoints e join webhook_deliveries d on d.endpoint = e.name and d.state = 'pending'
      where e.name = $1 and e.disabled_at is null order by d.seq limit 1`,
    values: [endpoint],
  });
  const first = rows[0] ?? null;
  return first !== null && first.dueAt <= now ? first : null;
}

/** Notes an attempt and what it leads to; false when another replica, or a person, has moved the delivery on meanwhile. */
export async function settleDelivery(
  db: Queryable,
  delivery: Pick<DeliveryRow, 'id' | 'attempts'>,
  attempt: Omit<AttemptRow, 'n'>,
  next: { readonly state: DeliveryState; readonly dueAt: Date; readonly now: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with moved as (
       update webhook_deliveries set attempts = attempts + 1, tries = tries + 1, state = $3::text, due_at = $4, ended_at = case when $3::text = 'delivered' then $5::timestamptz end
       where id = $1 and attempts = $2 and state = 'pending' returning id, attempts)
     insert into webhook_attempts (delivery, n, at, status, problem, seconds) select id, attempts, $6, $7, $8, $9 from moved`,
    [delivery.id, delivery.attempts, next.state, next.dueAt, next.now, attempt.at, attempt.status, attempt.problem, attempt.seconds],
  );
  return rowCount === 1;
}

/** Notes on the endpoint whether it works; `disabledWhy` disables it. True when this disabled it. */
export async function noteEndpoint(db: Queryable, name: string, outcome: { readonly delivered: boolean; readonly disabledWhy: string | null; readonly now: Date }): Promise<boolean> {
  if (outcome.delivered) {
    await db.query('update webhook_endpoints set failing_since = null where name = $1 and failing_since is not null', [name]);
    return false;
  }
  const { rowCount } = await db.query(
    `update webhook_endpoints set failing_since = coalesce(failing_since, $2), disabled_at = case when $3::text is not null then $2::timestamptz end, disabled_why = $3
     where name = $1 and disabled_at is null`,
    [name, outcome.now, outcome.disabledWhy],
  );
  return outcome.disabledWhy !== null && rowCount === 1;
}

/** Newest first; `before` (a seq) pages on. Null filters nothing. */
export async function listDeliveries(db: Queryable, endpoint: string, filter: { state: DeliveryState | null; before: number | null; limit: number }): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${DELIVERY} from webhook_deliveries d
     where d.endpoint = $1 and ($2::text is null or d.state = $2) and ($3::bigint is null or d.seq < $3) order by d.seq desc limit $4`,
    [endpoint, filter.state, filter.before, filter.limit],
  );
  return rows;
}

export async function getDelivery(db: Queryable, endpoint: string, id: string): Promise<DeliveryRow | null> {
  const { rows } = await db.query<DeliveryRow>(`select ${DELIVERY} from webhook_deliveries d where d.endpoint = $1 and d.id = $2`, [endpoint, id]);
  return rows[0] ?? null;
}

export async function listAttempts(db: Queryable, delivery: string): Promise<AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>('select n, at, status, problem, seconds from webhook_attempts where delivery = $1 order by n', [delivery]);
  return rows;
}

/** Puts a delivery back in line at its old place, with the whole table of retries before it. */
export async function replayDelivery(db: Queryable, id: string, now: Date): Promise<void> {
  await db.query(`update webhook_deliveries set state = 'pending', tries = 0, due_at = $2, ended_at = null where id = $1`, [id, now]);
}

/** False when it does not wait. */
export async function skipDelivery(db: Queryable, id: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(`update webhook_deliveries set state = 'skipped', ended_at = $2 where id = $1 and state = 'pending'`, [id, now]);
  return rowCount === 1;
}

/** Forgets what happened before a time; returns how much of it was never delivered. */
export async function expireDeliveries(db: Queryable, before: Date): Promise<number> {
  const { rows } = await db.query<{ lost: number }>(
    `with gone as (delete from webhook_deliveries where at < $1 returning state) select count(*) filter (where state = 'pending') as lost from gone`,
    [before],
  );
  return rows[0]?.lost ?? 0;
}
