/** Whom we call: registered, listed, tried, and what they were told looked at and sent again. A secret is shown once, when it is made. */
import { randomUUID } from 'node:crypto';
import type { Seal } from '../../auth/sealed.ts';
import { newWebhookSecret } from '../../auth/webhook-signatures.ts';
import type { Clock } from '../../clock.ts';
import { TrimtabError } from '../../errors.ts';
import { getModel } from '../../store/models.ts';
import { lockName, transaction, type Pool } from '../../store/postgres.ts';
import * as deliveries from '../../store/webhook-deliveries.ts';
import type { AttemptRow, DeliveryRow } from '../../store/webhook-deliveries.ts';
import * as store from '../../store/webhook-endpoints.ts';
import type { EndpointFields, EndpointRow } from '../../store/webhook-endpoints.ts';
import type { Events } from '../../telemetry/events.ts';
import { WEBHOOK_TYPES, type DeliveryState, type WebhookTarget, type WebhookType } from '../../vocabulary.ts';
import { rotated, validSecrets } from '../secrets.ts';
import { hostOf, urlProblem, type AllowList } from './address.ts';
import { sendTo } from './deliver.ts';
import type { Post } from './post.ts';
import { PAGING_TYPES, render, type Told } from './templates.ts';

export interface Endpoint extends EndpointFields {
  /** The host alone: the path of a Slack hook is a secret. */
  readonly host: string;
}

export interface NewEndpoint {
  readonly url: string;
  readonly target?: WebhookTarget;
  /** Left out: of all models. */
  readonly model?: string;
  /** Left out: all that the target takes. */
  readonly types?: readonly WebhookType[];
  /** PagerDuty's, needed for it and only for it. */
  readonly routingKey?: string;
}

/** `pending`: deliveries that wait for it. */
export type ListedEndpoint = Endpoint & { readonly pending: number };

/** `secret`: only when one was made, and only this once. `enabled`: it was disabled before. */
export type PutEndpoint = Endpoint & { readonly secret: string | null; readonly created: boolean; readonly enabled: boolean };

export interface Tried {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly problem: string | null;
  readonly seconds: number;
  /** What was sent. PagerDuty's key is left out. */
  readonly body: string;
}

export type Delivery = Omit<DeliveryRow, 'tries'>;

export interface Endpoints {
  /** Registers an endpoint, or changes and enables it. Throws `bad-request`, and `not-found` for a model. */
  put(name: string, input: NewEndpoint): Promise<PutEndpoint>;
  /** A new secret; messages are signed with the former too for a day more. Throws `not-found`. */
  rotate(name: string): Promise<PutEndpoint>;
  list(): Promise<ListedEndpoint[]>;
  /** Throws `not-found`. */
  get(name: string): Promise<ListedEndpoint>;
  /** Tells it nothing more until it is enabled; what happens meanwhile is kept. Throws `not-found`, `conflict` when it is disabled already. */
  disable(name: string, why: string): Promise<ListedEndpoint>;
  /** Tells it again, and at once, what waits for it. Throws `not-found`. */
  enable(name: string): Promise<ListedEndpoint>;
  /** Throws `not-found`. */
  remove(name: string): Promise<void>;
  /** Sends a test message now, past the line. Throws `not-found`. */
  test(name: string): Promise<Tried>;
  /** The newest first. Throws `not-found`. */
  deliveries(name: string, filter: { readonly state?: DeliveryState; readonly before?: number; readonly limit: number }): Promise<Delivery[]>;
  /** Throws `not-found`. */
  delivery(name: string, id: string): Promise<Delivery & { readonly tried: readonly AttemptRow[] }>;
  /** Sends it again, with the same id, before all that come after it. Throws `not-found`, `conflict` while the endpoint is disabled. */
  replay(name: string, id: string): Promise<Delivery>;
  /** Gives a delivery up, so that the next can go. Throws `not-found`, `conflict` when it does not wait. */
  skip(name: string, id: string): Promise<Delivery>;
}

export interface EndpointsParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly events: Pick<Events, 'emit'>;
  readonly seal: Seal;
  readonly allow: AllowList;
  readonly post: Post;
  /** Called when something may be due. */
  readonly onChange: () => void;
}

export function createEndpoints(parts: EndpointsParts): Endpoints {
  const { pool, clock, seal } = parts;
  const view = ({ url, secrets: _secrets, routingKey: _key, ...row }: EndpointRow): Endpoint => ({ ...row, host: hostOf(new URL(seal.open(url))) });
  const existing = async (name: string) => (await store.getEndpoint(pool, name)) ?? missing('webhook endpoint', name);
  const delivery = async (name: string, id: string) => (await deliveries.getDelivery(pool, name, id)) ?? missing('delivery', id);
  const listed = ({ pending, ...row }: EndpointRow & { readonly pending: number }): ListedEndpoint => ({ ...view(row), pending });
  const get = async (name: string) => listed((await store.getListedEndpoint(pool, name)) ?? missing('webhook endpoint', name));
  const shown = ({ tries: _tries, ...row }: DeliveryRow): Delivery => row;

  return {
    async put(name, input) {
      const row = await checked(parts, input);
      const done = await transaction(pool, async (db) => {
        await lockName(db, 'webhook-endpoint', name);
        const before = await store.getEndpoint(db, name);
        const made = before === null ? newWebhookSecret('standard', name) : null;
        const secrets = before?.secrets ?? rotated(seal, [], made as string, clock.now());
        return { ...view(await store.putEndpoint(db, { name, ...row, secrets }, clock.now())), secret: made, created: before === null, enabled: before !== null && before.disabledAt !== null };
      });
      parts.onChange();
      return done;
    },
    rotate: (name) => transaction(pool, async (db) => {
      await lockName(db, 'webhook-endpoint', name);
      const before = (await store.getEndpoint(db, name)) ?? missing('webhook endpoint', name);
      const secret = newWebhookSecret('standard', name);
      await store.setEndpointSecrets(db, name, rotated(seal, before.secrets, secret, clock.now()), clock.now());
      return { ...view(before), updatedAt: clock.now(), secret, created: false, enabled: false };
    }),
    list: async () => (await store.listEndpoints(pool)).map(listed),
    get,
    async disable(name, why) {
      await existing(name);
      if (!(await store.disableEndpoint(pool, name, why, clock.now()))) throw new TrimtabError('conflict', { problem: `endpoint ${name} is disabled already`, right: 'enable it when it shall be told again' });
      return get(name);
    },
    async enable(name) {
      await existing(name);
      await transaction(pool, (db) => store.enableEndpoint(db, name, clock.now()));
      parts.onChange();
      return get(name);
    },
    async remove(name) {
      if (!(await store.deleteEndpoint(pool, name))) missing('webhook endpoint', name);
      parts.onChange();
    },
    test: async (name) => tryEndpoint(parts, await existing(name)),
    async deliveries(name, { state = null, before = null, limit }) {
      await existing(name);
      return (await deliveries.listDeliveries(pool, name, { state, before, limit })).map(shown);
    },
    async delivery(name, id) {
      const row = await delivery(name, id);
      return { ...shown(row), tried: await deliveries.listAttempts(pool, id) };
    },
    async replay(name, id) {
      const { disabledAt } = await existing(name);
      await delivery(name, id);
      if (disabledAt !== null) throw new TrimtabError('conflict', { problem: `endpoint ${name} is disabled`, right: 'enable it first: what waits for it is then sent' });
      await deliveries.replayDelivery(pool, id, clock.now());
      parts.onChange();
      return shown(await delivery(name, id));
    },
    async skip(name, id) {
      const { state } = await delivery(name, id);
      if (!(await deliveries.skipDelivery(pool, id, clock.now()))) throw new TrimtabError('conflict', { problem: `delivery ${id} is ${state}`, right: 'only one that is pending can be skipped' });
      parts.onChange();
      return shown(await delivery(name, id));
    },
  };
}

async function checked({ pool, seal, allow }: EndpointsParts, input: NewEndpoint) {
  const { url, target = 'standard', model = null, routingKey } = input;
  const refuse = (what: string, problem: string, right: string) => new TrimtabError('bad-request', { what, problem, right });
  const problem = urlProblem(url, allow);
  if (problem !== null) throw refuse('url', problem, 'give a public https address, or let the operator name it in TRIMTAB_WEBHOOK_ALLOW');
  if (model !== null && (await getModel(pool, model)) === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  if ((target === 'pagerduty') !== (routingKey !== undefined)) throw refuse('routingKey', target === 'pagerduty' ? 'it is missing' : `${target} takes none`, 'it is the integration key of a PagerDuty service');
  const takes = target === 'pagerduty' ? PAGING_TYPES : WEBHOOK_TYPES;
  const types = input.types ?? takes.filter((type) => type !== 'run.state');
  const strange = types.find((type) => !takes.includes(type));
  if (strange !== undefined) throw refuse('types', `${strange} is nothing to page somebody for`, `choose from ${takes.join(', ')}`);
  return { url: seal.close(url), target, model, types, routingKey: routingKey === undefined ? null : seal.close(routingKey) };
}

async function tryEndpoint({ post, seal, clock, events }: EndpointsParts, row: EndpointRow): Promise<Tried> {
  const at = clock.now();
  const told: Told = { id: `msg_test_${randomUUID().replaceAll('-', '')}`, type: 'test', model: row.model, at, data: { endpoint: row.name } };
  const routingKey = row.routingKey === null ? null : seal.open(row.routingKey);
  const { status, problem, seconds } = await sendTo({ post }, { url: seal.open(row.url), target: row.target, secrets: validSecrets(seal, row.secrets, at), routingKey }, told, at);
  events.emit('webhook:attempt', { target: row.target, result: problem === null ? 'delivered' : 'failed', seconds });
  return { delivered: problem === null, status, problem, seconds, body: render(row.target, told, routingKey === null ? null : '...') };
}

function missing(what: string, id: string): never {
  throw new TrimtabError('not-found', { what, id });
}
