/** Whom we tell. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { PutEndpoint, Tried } from '../../webhooks/index.ts';
import { allowNoBody, audited, ReasonBody } from '../audited.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { list, ModelParams, ref } from '../schemas/common.ts';
import { DisableBody, EndpointBody, EndpointView, PutEndpointAnswer, TriedAnswer } from '../schemas/webhooks.ts';
import type { TypedApp } from './app.ts';

const tags = ['webhooks'];
const params = ModelParams;
const administer = { may: 'administer' } as const;
const operate = { may: 'operate' } as const;
const read = { may: 'read' } as const;

export function endpointRoutes(app: TypedApp, { webhooks: { endpoints }, audit }: Pick<HttpParts, 'webhooks' | 'audit'>): void {
  app.put(
    '/v1/webhooks/endpoints/:name',
    {
      config: administer,
      schema: { tags, summary: 'Register whom we tell, or change and enable it', params, body: EndpointBody, response: { ...answers(200, PutEndpointAnswer, [...BODY, 404]), 201: PutEndpointAnswer } },
    },
    async (request, reply) => {
      const { params: { name }, body } = request;
      const put = await audited(audit, request, { action: 'put-endpoint', model: body.model ?? null, subject: name }, () => endpoints.put(name, body), said);
      return reply.code(put.created ? 201 : 200).send(put);
    },
  );

  app.post(
    '/v1/webhooks/endpoints/:name/rotate',
    { config: administer, schema: { tags, summary: 'A new secret; messages are signed with the former too for a day', params, response: answers(200, PutEndpointAnswer, [400, 404]) } },
    async (request) => {
      const { name, model } = await endpoints.get(request.params.name);
      return audited(audit, request, { action: 'rotate-endpoint', model, subject: name }, () => endpoints.rotate(name));
    },
  );

  app.get('/v1/webhooks/endpoints', { config: read, schema: { tags, summary: 'All endpoints', response: answers(200, list(EndpointView)) } }, () => endpoints.list());

  app.get(
    '/v1/webhooks/endpoints/:name',
    { config: read, schema: { tags, summary: 'An endpoint', params, response: answers(200, ref(EndpointView), [400, 404]) } },
    (request) => endpoints.get(request.params.name),
  );

  app.delete(
    '/v1/webhooks/endpoints/:name',
    { config: administer, schema: { tags, summary: 'Tell an endpoint no more', params, response: answers(204, Type.Null({ description: 'removed' }), [400, 404]) } },
    async (request, reply) => {
      const { name, model } = await endpoints.get(request.params.name);
      await audited(audit, request, { action: 'remove-endpoint', model, subject: name }, () => endpoints.remove(name));
      return reply.code(204).send(null);
    },
  );

  void app.register(async (scope) => {
    allowNoBody(scope);
    switches(scope.withTypeProvider<TypeBoxTypeProvider>(), { endpoints, audit });
  });
}

function switches(app: TypedApp, { endpoints, audit }: Pick<HttpParts['webhooks'], 'endpoints'> & Pick<HttpParts, 'audit'>): void {
  app.post(
    '/v1/webhooks/endpoints/:name/disable',
    { config: operate, schema: { tags, summary: 'Tell an endpoint nothing until it is enabled; what happens meanwhile is kept', params, body: DisableBody, response: answers(200, ref(EndpointView), [...BODY, 404, 409]) } },
    async (request) => {
      const { name, model } = await endpoints.get(request.params.name);
      const { reason } = request.body;
      return audited(audit, request, { action: 'disable-endpoint', model, subject: name, reason }, () => endpoints.disable(name, `${request.principal.name}: ${reason}`));
    },
  );

  app.post(
    '/v1/webhooks/endpoints/:name/enable',
    { config: operate, schema: { tags, summary: 'Tell an endpoint again, and at once what waits for it', params, body: ReasonBody, response: answers(200, ref(EndpointView), [...BODY, 404]) } },
    async (request) => {
      const { name, model, disabledAt } = await endpoints.get(request.params.name);
      const tell = () => (disabledAt === null ? 'was enabled' : 'was disabled');
      return audited(audit, request, { action: 'enable-endpoint', model, subject: name, reason: request.body.reason }, () => endpoints.enable(name), tell);
    },
  );

  app.post(
    '/v1/webhooks/endpoints/:name/test',
    { config: operate, schema: { tags, summary: 'Send a test message now, and say how it went', params, body: ReasonBody, response: answers(200, TriedAnswer, [...BODY, 404]) } },
    async (request) => {
      const { name, model } = await endpoints.get(request.params.name);
      return audited(audit, request, { action: 'test-endpoint', model, subject: name, reason: request.body.reason }, () => endpoints.test(name), tried);
    },
  );
}

/** Where it leads stands in the audit, so that a change of address is seen; the rest of the URL is a secret. */
const said = ({ created, enabled, target, host }: PutEndpoint) => `${created ? 'registered' : enabled ? 'changed and enabled' : 'changed'}: ${target}, ${host}`;
const tried = ({ problem }: Tried) => problem ?? 'delivered';
