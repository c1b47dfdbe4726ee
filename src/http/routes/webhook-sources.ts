/** Who may call us. */
import Type from 'typebox';
import type { NewSource, PutSource } from '../../webhooks/index.ts';
import { audited } from '../audited.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { list, ModelParams, ref } from '../schemas/common.ts';
import { PutSourceAnswer, RotateBody, SourceBody, SourceView } from '../schemas/webhooks.ts';
import type { TypedApp } from './app.ts';

const tags = ['webhooks'];
const params = ModelParams;

export function sourceRoutes(app: TypedApp, { webhooks: { sources }, audit }: Pick<HttpParts, 'webhooks' | 'audit'>): void {
  const administer = { may: 'administer' } as const;
  const read = { may: 'read' } as const;
  app.put(
    '/v1/webhooks/sources/:name',
    {
      config: administer,
      schema: { tags, summary: 'Register who may call us, or change it', params, body: SourceBody, response: { ...answers(200, PutSourceAnswer, [...BODY, 404]), 201: PutSourceAnswer } },
    },
    async (request, reply) => {
      const { params: { name }, body } = request;
      const put = await audited(audit, request, { action: 'put-source', model: body.model ?? null, subject: name }, () => sources.put(name, body), (done) => said(done, body));
      return reply.code(put.created ? 201 : 200).send(put);
    },
  );

  app.post(
    '/v1/webhooks/sources/:name/rotate',
    { config: administer, schema: { tags, summary: 'A new secret; the former stays valid for a day', params, body: RotateBody, response: answers(200, PutSourceAnswer, [...BODY, 404]) } },
    async (request) => {
      const { name, model } = await sources.get(request.params.name);
      return audited(audit, request, { action: 'rotate-source', model, subject: name }, () => sources.rotate(name, request.body.secret));
    },
  );

  app.get('/v1/webhooks/sources', { config: read, schema: { tags, summary: 'All sources', response: answers(200, list(SourceView)) } }, () => sources.list());

  app.get(
    '/v1/webhooks/sources/:name',
    { config: read, schema: { tags, summary: 'A source', params, response: answers(200, ref(SourceView), [400, 404]) } },
    (request) => sources.get(request.params.name),
  );

  app.delete(
    '/v1/webhooks/sources/:name',
    { config: administer, schema: { tags, summary: 'Let a source call us no more', params, response: answers(204, Type.Null({ description: 'removed' }), [400, 404]) } },
    async (request, reply) => {
      const { name, model } = await sources.get(request.params.name);
      await audited(audit, request, { action: 'remove-source', model, subject: name }, () => sources.remove(name));
      return reply.code(204).send(null);
    },
  );
}

const said = ({ created, format, auth, secret: made }: PutSource, { secret: given }: NewSource) =>
  `${created ? 'registered' : 'changed'}: ${format}, proves itself by ${auth}${made === null && given === undefined ? '' : ', with a new secret'}`;
