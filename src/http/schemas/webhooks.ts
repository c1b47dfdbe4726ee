/** What webhooks are registered with, and their JSON forms. */
import Type from 'typebox';
import { DELIVERY_STATES, WEBHOOK_AUTHS, WEBHOOK_SOURCES, WEBHOOK_TARGETS, WEBHOOK_TYPES } from '../../vocabulary.ts';
import type { AttemptRow, Delivery, ListedEndpoint, PutEndpoint, PutSource, Receipt, Source, Tried } from '../../webhooks/index.ts';
import { id, integer, json, list, oneOf, orNull, strict, text, time, view } from './common.ts';

const types = (description: string) => Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 50, description });
const secret = Type.String({ minLength: 16, maxLength: 200, description: 'a secret that the sender already has: whsec_... for standard, user:password for basic' });

export const SourceBody = Type.Object(
  {
    format: oneOf(WEBHOOK_SOURCES, 'what the sender speaks; trimtab is our own small schema'),
    auth: Type.Optional(oneOf(WEBHOOK_AUTHS, 'how it proves where it comes from; the usual way of the format when left out')),
    model: Type.Optional(id('whose retraining it asks for; left out, each message names a model')),
    types: Type.Optional(types('types of message that ask for a run: "release" takes "release.published" too; all when left out')),
    cooldown: Type.Optional(Type.String({ pattern: '^[0-9]{1,6}(s|m|h|d)$', description: 'shortest time between two triggers of one model by this source; 10m when left out' })),
    secret: Type.Optional(secret),
  },
  strict,
);
export const RotateBody = Type.Object({ secret: Type.Optional(secret) }, strict);
export const DisableBody = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2_000, description: 'for the audit, and for who asks why nothing is told' }) }, strict);
export const EndpointBody = Type.Object(
  {
    url: Type.String({ minLength: 8, maxLength: 2_000, description: 'https, and public unless the operator allows more (TRIMTAB_WEBHOOK_ALLOW)' }),
    target: Type.Optional(oneOf(WEBHOOK_TARGETS, 'the form of the body; standard when left out')),
    model: Type.Optional(id('events of this model only')),
    types: Type.Optional(Type.Array(oneOf(WEBHOOK_TYPES), { minItems: 1, uniqueItems: true, description: 'left out: all but run.state; for pagerduty, what calls for a person' })),
    routingKey: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{8,200}$', description: 'integration key; pagerduty needs it' })),
  },
  strict,
);

const source = {
  name: text(), format: oneOf(WEBHOOK_SOURCES), auth: oneOf(WEBHOOK_AUTHS), model: orNull(text('null: each message names its model')), types: Type.Array(text()),
  cooldown: text(), secrets: integer('how many are valid now'), createdAt: time(), updatedAt: time(),
};
const endpoint = {
  name: text(), host: text('where it leads; the rest of the URL is a secret'), target: oneOf(WEBHOOK_TARGETS), model: orNull(text('null: of all models')), types: Type.Array(oneOf(WEBHOOK_TYPES)),
  failingSince: orNull(time('since when no delivery has succeeded')), disabledAt: orNull(time()), disabledWhy: orNull(text()), createdAt: time(), updatedAt: time(),
};
const delivery = {
  id: text('webhook-id: the same however often it is sent'), seq: integer('the order of the events'), endpoint: text(), type: oneOf(WEBHOOK_TYPES), model: orNull(text()), at: time('of the event'),
  data: json(), state: oneOf(DELIVERY_STATES), attempts: integer(), dueAt: time('of the next attempt, while it is pending'), endedAt: orNull(time()),
};
const once = orNull(text('shown this once, when one was made'));

export const SourceView = view<Source>('WebhookSource', source);
export const EndpointView = view<ListedEndpoint>('WebhookEndpoint', { ...endpoint, pending: integer('deliveries that wait') });
export const DeliveryView = view<Delivery>('WebhookDelivery', delivery);
export const AttemptView = view<AttemptRow>('WebhookAttempt', {
  n: integer(), at: time(), status: orNull(integer('of the answer; null when there was none')), problem: orNull(text('null: delivered')), seconds: Type.Number(),
});
export const WEBHOOK_VIEWS = [SourceView, EndpointView, DeliveryView, AttemptView];

export const PutSourceAnswer = Type.Unsafe<PutSource>(Type.Object({ ...source, secret: once, created: Type.Boolean() }));
export const PutEndpointAnswer = Type.Unsafe<PutEndpoint>(Type.Object({
  ...endpoint, secret: once, created: Type.Boolean(), enabled: Type.Boolean({ description: 'it was disabled before' }),
}));
export const TriedAnswer = Type.Unsafe<Tried>(Type.Object({
  delivered: Type.Boolean(), status: orNull(integer('of the answer')), problem: orNull(text()), seconds: Type.Number(), body: text('what was sent, without PagerDuty\'s key'),
}));
export const DeliveryAnswer = Type.Unsafe<Delivery & { tried: readonly AttemptRow[] }>(Type.Object({ ...delivery, tried: list(AttemptView) }));
export const ReceiptAnswer = Type.Unsafe<Receipt>(Type.Object({
  accepted: integer('messages that ask for a run and were kept'), duplicates: integer('those whose id was seen before'), ignored: integer('those that the source does not want, or that only inform'),
}));
