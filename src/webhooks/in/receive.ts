/** Takes a webhook in: proves where it comes from, reads it, and keeps what asks for a run. It is answered when that is durable; the run comes later. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../../canonical.ts';
import { headerOf, isWebhookFrom, type WebhookHeaders } from '../../auth/webhook-signatures.ts';
import type { Seal } from '../../auth/sealed.ts';
import type { Clock } from '../../clock.ts';
import { isTrimtabError, TrimtabError } from '../../errors.ts';
import { getModel } from '../../store/models.ts';
import type { Pool } from '../../store/postgres.ts';
import { insertMessages, type SourceRow } from '../../store/webhook-sources.ts';
import type { Events } from '../../telemetry/events.ts';
import type { WebhookReceipt } from '../../vocabulary.ts';
import { validSecrets } from '../secrets.ts';
import { FORMATS, wants } from './formats.ts';
import type { Message } from './message.ts';
import type { Sources } from './sources.ts';

export interface Receipt {
  /** Messages that ask for a run and were kept. */
  readonly accepted: number;
  /** Those whose id was seen before. */
  readonly duplicates: number;
  /** Those that the source does not want, and that only inform. */
  readonly ignored: number;
}

export type Receive = (source: string, request: { readonly headers: WebhookHeaders; readonly body: Buffer }) => Promise<Receipt>;

export interface ReceiveParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly events: Pick<Events, 'emit'>;
  readonly seal: Seal;
  readonly sources: Pick<Sources, 'find'>;
  /** Called when something was kept. */
  readonly onKept: () => void;
}

/** Requests that are looked at at the same time; more are sent away with 503 before memory grows. */
const MAX_AT_ONCE = 64;
/** In one request: a batch of a thousand reasons to retrain is one reason. */
const MAX_MESSAGES = 1_000;
const RETRY_AFTER_SECONDS = 5;
/** What requests for sources that do not exist are held against: they take as long as others. */
const DECOY = `whsec_${randomBytes(32).toString('base64')}`;

/** Throws `unverified` whatever is wrong with the proof, `bad-request` for what cannot be read, `not-found` for a model, `overloaded`, `unavailable`. */
export function createReceive(parts: ReceiveParts): Receive {
  const { pool, clock, events, seal, sources } = parts;
  let under = 0;

  const take = async (source: SourceRow, request: { headers: WebhookHeaders; body: Buffer }): Promise<Receipt> => {
    const signedId = source.auth === 'standard' ? (headerOf(request.headers, 'webhook-id') ?? null) : null;
    const messages = FORMATS[source.format].parse({ ...request, signedId });
    if (messages.length > MAX_MESSAGES) throw new TrimtabError('too-large', { what: `a batch of ${messages.length} messages`, limit: `${MAX_MESSAGES} messages` });
    const wanted = messages.filter(({ type }) => wants(source.types, type));
    const kept = await withModels(pool, source, wanted);
    const accepted = kept.length === 0 ? 0 : await insertMessages(pool, source.name, kept, clock.now());
    return { accepted, duplicates: kept.length - accepted, ignored: messages.length - wanted.length };
  };

  return async (name, request) => {
    let source: SourceRow | null = null;
    const told = (result: WebhookReceipt) => source !== null && events.emit('webhook:received', { source: source.format, result });
    if (under >= MAX_AT_ONCE) throw new TrimtabError('overloaded', { what: `${under} webhooks are being taken in`, retryAfter: RETRY_AFTER_SECONDS });
    under++;
    try {
      source = await sources.find(name);
      const now = clock.now();
      const vouched = isWebhookFrom(source?.auth ?? 'standard', source === null ? [DECOY] : validSecrets(seal, source.secrets, now), { ...request, now });
      if (source === null || !vouched) throw new TrimtabError('unverified');
      const receipt = await take(source, request);
      told(receipt.accepted === 0 && receipt.duplicates > 0 ? 'duplicate' : 'accepted');
      if (receipt.accepted > 0) parts.onKept();
      return receipt;
    } catch (thrown) {
      // senders come back after any 5xx and give up after any 4xx: what is our own trouble must be the former
      const error = isTrimtabError(thrown) ? thrown : new TrimtabError('unavailable', { what: 'the database', retryAfter: RETRY_AFTER_SECONDS }, { cause: thrown });
      told(error.entry.status === 503 ? 'shed' : 'refused');
      throw error;
    } finally {
      under--;
    }
  };
}

/** The messages with the model that each is about, each id once. */
async function withModels(pool: Pool, source: SourceRow, messages: readonly Message[]): Promise<(Message & { model: string })[]> {
  const known = new Map<string, boolean>();
  const byId = new Map<string, Message & { model: string }>();
  for (const message of messages) {
    const model = source.model ?? message.model;
    if (model === null) throw new TrimtabError('bad-request', { what: `message ${message.id}`, problem: 'it names no model', right: 'name one in it, or register the source with a model' });
    if (!known.has(model)) known.set(model, (await getModel(pool, model)) !== null);
    if (known.get(model) !== true) throw new TrimtabError('bad-request', { what: `message ${message.id}`, problem: `it names model "${model}", which is not registered`, right: 'register the model, or name another' });
    // ids stand in an index: a long one is known by its digest
    const id = message.id.length <= 100 ? message.id : sha256(message.id);
    byId.set(id, { ...message, id, model });
  }
  return [...byId.values()];
}
