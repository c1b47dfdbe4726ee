/**
 * Tells endpoints what happened, each in the order of the events, one delivery at a time, at least once. The lease on an endpoint is
 * a session lock: one replica delivers to it, and when that dies the next goes on at once. What was sent but not noted before the
 * process died is sent again, with the same id.
 */
import type { Seal } from '../../auth/sealed.ts';
import { signWebhook } from '../../auth/webhook-signatures.ts';
import type { Clock } from '../../clock.ts';
import { withLease } from '../../store/leases.ts';
import { transaction, type Pool } from '../../store/postgres.ts';
import { dueEndpoints, nextDelivery, noteEndpoint, settleDelivery, type NextDelivery } from '../../store/webhook-deliveries.ts';
import type { Events } from '../../telemetry/events.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { SECOND, type WebhookAttempt, type WebhookTarget } from '../../vocabulary.ts';
import { validSecrets } from '../secrets.ts';
import type { Answered, Post } from './post.ts';
import { nextTry } from './schedule.ts';
import { render, type Told } from './templates.ts';

export interface DeliverParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly events: Pick<Events, 'emit'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly seal: Seal;
  readonly post: Post;
  /** Waits between attempts, in milliseconds; left out: Standard Webhooks' table. */
  readonly delays?: readonly number[];
  /** Called when an endpoint has had its turn: another may have waited for it. */
  readonly onFree: () => void;
}

export interface Deliver {
  /** Begins to tell every endpoint that is due; returns before they are told. */
  pass(): Promise<void>;
  /** Ends when the attempts under way have; begins no other. */
  stop(): Promise<void>;
}

/** Each endpoint that is being told holds a connection for its lease, and needs another now and then: a sixth of the pool leaves enough for all else. */
const SHARE = 6;
/** Deliveries of one endpoint in a row, while others wait for their turn. */
const TURN = 100;
const GONE = 410;

export function createDeliver(parts: DeliverParts): Deliver {
  const { pool, clock } = parts;
  const busy = new Map<string, Promise<void>>();
  let stopping = false;

  /** How many attempts were made: none where another replica delivers. */
  const drain = async (name: string): Promise<number> => (await withLease(pool, `webhooks-out:${name}`, async () => {
    for (let made = 0; ; made++) {
      const next = stopping || made === TURN ? null : await nextDelivery(pool, name, clock.now());
      if (next === null) return made;
      await attempt(parts, next);
    }
  })) ?? 0;
  const failed = (name: string) => (error: unknown) => {
    parts.log.error({ err: error, endpoint: name }, 'delivering webhooks failed; it is tried again');
    return 0;
  };

  return {
    async pass() {
      for (const name of await dueEndpoints(pool, clock.now())) {
        if (stopping || busy.size >= Math.max(1, Math.floor(pool.options.max / SHARE))) return;
        if (busy.has(name)) continue;
        busy.set(name, drain(name).catch(failed(name)).then((made) => {
          busy.delete(name);
          if (made > 0) parts.onFree();
        }));
      }
    },
    async stop() {
      stopping = true;
      await Promise.all(busy.values());
    },
  };
}

async function attempt(parts: DeliverParts, delivery: NextDelivery): Promise<void> {
  const { clock, seal, events } = parts;
  const at = clock.now();
  const answer = await sendTo(parts, {
    url: seal.open(delivery.url), target: delivery.target, secrets: validSecrets(seal, delivery.secrets, at),
    routingKey: delivery.routingKey === null ? null : seal.open(delivery.routingKey),
  }, delivery, at);
  const result = await settle(parts, delivery, answer, at);
  if (result !== null) events.emit('webhook:attempt', { target: delivery.target, result, seconds: answer.seconds });
}

/** Notes the answer; null when somebody else moved the delivery on meanwhile. */
async function settle(parts: DeliverParts, delivery: NextDelivery, answer: Answered, at: Date): Promise<WebhookAttempt | null> {
  const { pool, clock, log } = parts;
  const now = clock.now();
  const delivered = answer.problem === null;
  const again = delivered || answer.status === GONE ? null : nextTry(delivery.tries + 1, now, { retryAfter: answer.retryAfter, random: Math.random(), ...(parts.delays ? { delays: parts.delays } : {}) });
  const disabledWhy = delivered || again !== null ? null : `${answer.problem}, at attempt ${delivery.tries + 1} of ${delivery.id}`;
  const settled = await transaction(pool, async (db) => {
    if (!(await settleDelivery(db, delivery, { at, status: answer.status, problem: answer.problem, seconds: answer.seconds }, { state: delivered ? 'delivered' : 'pending', dueAt: again ?? now, now }))) return null;
    return { disabled: await noteEndpoint(db, delivery.endpoint, { delivered, disabledWhy, now }) };
  });
  if (settled === null) return null;
  const about = { endpoint: delivery.endpoint, delivery: delivery.id, type: delivery.type, status: answer.status };
  if (settled.disabled) log.error(about, `webhook endpoint disabled: ${disabledWhy}; enable it when it works again, what waits for it is kept`);
  else if (!delivered) log.warn({ ...about, again }, `a webhook was not delivered: ${answer.problem}`);
  return delivered ? 'delivered' : settled.disabled ? 'abandoned' : 'failed';
}

export interface Destination {
  readonly url: string;
  readonly target: WebhookTarget;
  readonly secrets: readonly string[];
  readonly routingKey: string | null;
}

/** Renders, signs and sends one message. */
export function sendTo({ post }: { readonly post: Post }, to: Destination, told: Told, at: Date): Promise<Answered> {
  const body = render(to.target, told, to.routingKey);
  const timestamp = Math.floor(at.getTime() / SECOND);
  return post({
    url: to.url,
    body,
    headers: {
      'content-type': 'application/json', 'user-agent': 'trimtab', 'webhook-id': told.id, 'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(to.secrets, { id: told.id, timestamp, body }),
    },
  });
}
