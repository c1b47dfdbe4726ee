/** What those whom we tell were told, and will be. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { DELIVERY_STATES } from '../../vocabulary.ts';
import { allowNoBody, audited, ReasonBody } from '../audited.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { DEFAULT_LIMIT, id, limit, list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { DeliveryAnswer, DeliveryView } from '../schemas/webhooks.ts';
import type { TypedApp } from './app.ts';

const tags = ['webhooks'];
const Query = Type.Object({ state: Type.Optional(oneOf(DELIVERY_STATES)), before: Type.Optional(Type.Integer({ minimum: 1, description: 'seq to page on from' })), limit }, strict);
const DeliveryParams = Type.Object({ name: id('name of the endpoint'), id: id('id of the delivery') }, strict);
const read = { may: 'read' } as const;

export function deliveryRoutes(app: TypedApp, { webhooks: { endpoints }, audit }: Pick<HttpParts, 'webhooks' | 'audit'>): void {
  app.get(
    '/v1/webhooks/endpoints/:name/deliveries',
    { config: read, schema: { tags, summary: 'What an endpoint was told and will be, newest first', params: ModelParams, querystring: Query, response: answers(200, list(DeliveryView), [400, 404]) } },
    (request) => endpoints.deliveries(request.params.name, { ...request.query, limit: request.query.limit ?? DEFAULT_LIMIT }),
  );

  app.get(
    '/v1/webhooks/endpoints/:name/deliveries/:id',
    { config: read, schema: { tags, summary: 'A delivery with every attempt', params: DeliveryParams, response: answers(200, DeliveryAnswer, [400, 404]) } },
    (request) => endpoints.delivery(request.params.name, request.params.id),
  );

  void app.register(async (scope) => {
    allowNoBody(scope);
    const moved = (verb: 'replay' | 'skip', summary: string) => {
      const schema = { tags, summary, params: DeliveryParams, body: ReasonBody, response: answers(200, ref(DeliveryView), [...BODY, 404, 409]) };
      scope.withTypeProvider<TypeBoxTypeProvider>().post(`/v1/webhooks/endpoints/:name/deliveries/:id/${verb}`, { config: { may: 'operate' }, schema }, async (request) => {
        const { name, id: subject } = request.params;
        const { model, type } = await endpoints.delivery(name, subject);
        return audited(audit, request, { action: `${verb}-delivery`, model, subject, reason: request.body.reason }, () => endpoints[verb](name, subject), () => `${type} to ${name}`);
      });
    };
    moved('replay', 'Send a delivery again, before all that come after it');
    moved('skip', 'Give a delivery up, so that the next can go');
  });
}
