/** Whom we tell, and what they were told. */
import Type from 'typebox';
import { DELIVERY_STATES } from '../../vocabulary.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { DEFAULT_LIMIT, id, limit, list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { DeliveryAnswer, DeliveryView, EndpointBody, EndpointView, PutEndpointAnswer, TriedAnswer } from '../schemas/webhooks.ts';
import type { TypedApp } from './app.ts';

const tags = ['webhooks'];
const params = ModelParams;
const Query = Type.Object({ state: Type.Optional(oneOf(DELIVERY_STATES)), before: Type.Optional(Type.Integer({ minimum: 1, description: 'seq to page on from' })), limit }, strict);
const DeliveryParams = Type.Object({ name: id('name of the endpoint'), id: id('id of the delivery') }, strict);
const administer = { may: 'administer' } as const;
const operate = { may: 'operate' } as const;
const read = { may: 'read' } as const;

export function endpointRoutes(app: TypedApp, { webhooks: { endpoints } }: Pick<HttpParts, 'webhooks'>): void {
  app.put(
    '/v1/webhooks/endpoints/:name',
    {
      config: administer,
      schema: { tags, summary: 'Register whom we tell, or change and enable it', params, body: EndpointBody, response: { ...answers(200, PutEndpointAnswer, [...BODY, 404]), 201: PutEndpointAnswer } },
    },
    async (request, reply) => {
      const put = await endpoints.put(request.params.name, request.body);
      return reply.code(put.created ? 201 : 200).send(put);
    },
  );

  app.post(
    '/v1/webhooks/endpoints/:name/rotate',
    { config: administer, schema: { tags, summary: 'A new secret; messages are signed with the former too for a day', params, response: answers(200, PutEndpointAnswer, [400, 404]) } },
    (request) => endpoints.rotate(request.params.name),
  );

  app.get('/v1/webhooks/endpoints', { config: read, schema: { tags, summary: 'All endpoints', response: answers(200, list(EndpointView)) } }, () => endpoints.list());

  app.delete(
    '/v1/webhooks/endpoints/:name',
    { config: administer, schema: { tags, summary: 'Tell an endpoint no more', params, response: answers(204, Type.Null({ description: 'removed' }), [400, 404]) } },
    async (request, reply) => {
      await endpoints.remove(request.params.name);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/webhooks/endpoints/:name/test',
    { config: operate, schema: { tags, summary: 'Send a test message now, and say how it went', params, response: answers(200, TriedAnswer, [400, 404]) } },
    (request) => endpoints.test(request.params.name),
  );
}

export function deliveryRoutes(app: TypedApp, { webhooks: { endpoints } }: Pick<HttpParts, 'webhooks'>): void {
  app.get(
    '/v1/webhooks/endpoints/:name/deliveries',
    { config: read, schema: { tags, summary: 'What an endpoint was told and will be, newest first', params, querystring: Query, response: answers(200, list(DeliveryView), [400, 404]) } },
    (request) => endpoints.deliveries(request.params.name, { ...request.query, limit: request.query.limit ?? DEFAULT_LIMIT }),
  );

  app.get(
    '/v1/webhooks/endpoints/:name/deliveries/:id',
    { config: read, schema: { tags, summary: 'A delivery with every attempt', params: DeliveryParams, response: answers(200, DeliveryAnswer, [400, 404]) } },
    (request) => endpoints.delivery(request.params.name, request.params.id),
  );

  const moved = (summary: string) =>
    ({ config: operate, schema: { tags, summary, params: DeliveryParams, response: answers(200, ref(DeliveryView), [400, 404, 409]) } }) as const;

  app.post('/v1/webhooks/endpoints/:name/deliveries/:id/replay', moved('Send a delivery again, before all that come after it'), (request) =>
    endpoints.replay(request.params.name, request.params.id),
  );

  app.post('/v1/webhooks/endpoints/:name/deliveries/:id/skip', moved('Give a delivery up, so that the next can go'), (request) =>
    endpoints.skip(request.params.name, request.params.id),
  );
}
