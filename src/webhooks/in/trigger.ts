/** Turns what came in into triggers: one for all messages that wait for a model, at most one for each cooldown of a source. */
import type { Clock } from '../../clock.ts';
import { milliseconds } from '../../spec.ts';
import { withLease } from '../../store/leases.ts';
import type { Pool } from '../../store/postgres.ts';
import { modelsWaiting, takeMessages, waitingMessages, type WaitingMessage } from '../../store/webhook-sources.ts';

export interface TriggersPart {
  request(ask: {
    readonly model: string;
    readonly reason: 'webhook';
    readonly why: string;
    readonly evidence: Readonly<Record<string, unknown>>;
    readonly source: string;
  }): Promise<{ readonly id: string }>;
}

export interface TriggerWebhooksParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly triggers: TriggersPart;
}

/** Messages of one model that become one trigger; the next ones become the next. */
const AT_ONCE = 500;
/** Messages that the trigger's evidence tells in full. */
const SHOWN = 20;

/**
 * Takes everything that may be taken now. A process that dies between the trigger and the note that its messages were taken leaves
 * them waiting: they become a second trigger, which is coalesced into the run of the first.
 */
export async function triggerWaiting({ pool, clock, triggers }: TriggerWebhooksParts): Promise<void> {
  for (const model of await modelsWaiting(pool)) {
    await withLease(pool, `webhooks-in:${model}`, async () => {
      const now = clock.now();
      const ready = (await waitingMessages(pool, model, AT_ONCE)).filter((message) => isReady(message, now));
      if (ready.length === 0) return;
      const { id } = await triggers.request({ model, reason: 'webhook', ...told(ready) });
      await takeMessages(pool, ready, id, now);
    });
  }
}

export function isReady({ lastTaken, cooldown }: Pick<WaitingMessage, 'lastTaken' | 'cooldown'>, now: Date): boolean {
  return lastTaken === null || now.getTime() - lastTaken.getTime() >= milliseconds(cooldown);
}

function told(messages: readonly WaitingMessage[]) {
  const [first] = messages as [WaitingMessage, ...WaitingMessage[]];
  const shown = messages.slice(0, SHOWN).map(({ source, id, type, why, evidence }) => ({ source, id, type, why, evidence }));
  const sources = [...new Set(messages.map(({ source }) => source))];
  return {
    why: messages.length === 1 ? first.why : `${first.why}, and ${messages.length - 1} more`,
    evidence: { messages: shown, count: messages.length },
    source: `webhook ${sources.join(', ')}`,
  };
}
