/** Webhooks: what others tell us becomes triggers; what happens here is told to others. */
import type { Seal } from '../auth/sealed.ts';
import type { Clock } from '../clock.ts';
import { expireDeliveries } from '../store/webhook-deliveries.ts';
import { expireMessages } from '../store/webhook-sources.ts';
import type { Pool } from '../store/postgres.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/logger.ts';
import { DAY, SECOND } from '../vocabulary.ts';
import { createReceive, type Receive } from './in/receive.ts';
import { createSources, type Sources } from './in/sources.ts';
import { triggerWaiting, type TriggersPart } from './in/trigger.ts';
import { createLoop } from './loop.ts';
import { parseAllowList } from './out/address.ts';
import { createDeliver } from './out/deliver.ts';
import { createEndpoints, type Endpoints } from './out/endpoints.ts';
import { createPost, type Resolve } from './out/post.ts';

export type { NewSource, PutSource, Source } from './in/sources.ts';
export type { Receipt } from './in/receive.ts';
export type { Delivery, Endpoint, ListedEndpoint, NewEndpoint, PutEndpoint, Tried } from './out/endpoints.ts';
export type { AttemptRow } from '../store/webhook-deliveries.ts';

export interface Webhooks {
  readonly sources: Sources;
  readonly endpoints: Endpoints;
  readonly receive: Receive;
  /** Looks soon whether there is something to tell. */
  wake(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Forgets ids and deliveries that are old enough. */
  retire(now: Date): Promise<void>;
}

export interface WebhooksParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly events: Events;
  readonly log: Logger;
  readonly seal: Seal;
  readonly triggers: TriggersPart;
  /** Receivers that need not be public, as in the configuration. */
  readonly allow: readonly string[];
  /** For tests and measurements: how names are resolved, the waits between attempts, and how often and long is waited, in milliseconds. */
  readonly resolve?: Resolve;
  readonly delays?: readonly number[];
  readonly everyMs?: number;
  readonly timeoutMs?: number;
}

const EVERY_MS = SECOND;
/** Ids are known for longer than any sender repeats a message. */
const ID_DAYS = 14;
/** Deliveries are kept, and wait for an endpoint that is disabled, for so long. */
const DELIVERY_DAYS = 30;

export function createWebhooks(parts: WebhooksParts): Webhooks {
  const { pool, clock, events, log, seal, triggers } = parts;
  const allow = parseAllowList(parts.allow);
  const post = createPost({ allow, ...(parts.resolve ? { resolve: parts.resolve } : {}), ...(parts.timeoutMs ? { timeoutMs: parts.timeoutMs } : {}) });
  const loop = (name: string, pass: () => Promise<void>) => createLoop(pass, {
    everyMs: parts.everyMs ?? EVERY_MS,
    onError: (error) => log.error({ err: error }, `${name} failed; it is tried again`),
  });
  const deliver = createDeliver({ ...parts, post, onFree: () => outbound.wake() });
  // apart from each other: what comes in must not wait for what does not get out
  const inbound = loop('making triggers of webhooks', () => triggerWaiting({ pool, clock, triggers }));
  const outbound = loop('delivering webhooks', deliver.pass);
  const sources = createSources({ pool, clock, seal });

  return {
    sources,
    endpoints: createEndpoints({ ...parts, allow, post, onChange: outbound.wake }),
    receive: createReceive({ pool, clock, events, seal, sources, onKept: inbound.wake }),
    wake: outbound.wake,
    async start() {
      for (const type of ['incident:opened', 'incident:escalated', 'incident:state', 'trigger:decided', 'run:state', 'promotion'] as const) events.on(type, outbound.wake);
      inbound.start();
      outbound.start();
    },
    async stop() {
      await Promise.all([inbound.stop(), outbound.stop()]);
      await deliver.stop();
    },
    async retire(now) {
      await expireMessages(pool, new Date(now.getTime() - ID_DAYS * DAY));
      const lost = await expireDeliveries(pool, new Date(now.getTime() - DELIVERY_DAYS * DAY));
      if (lost > 0) log.error({ lost }, `webhooks that waited for ${DELIVERY_DAYS} days were given up`);
    },
  };
}
