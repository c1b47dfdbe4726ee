/** Where others call us. No API key: each request proves by itself that it is its source's, on the bytes as they came. */
import Type, { type TSchema } from 'typebox';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type { HttpParts } from '../parts.ts';
import { problemsOf } from '../schemas/answers.ts';
import { id, strict } from '../schemas/common.ts';
import { ReceiptAnswer } from '../schemas/webhooks.ts';
import type { TypedApp } from './app.ts';

const SourceParams = Type.Object({ source: id('name of the source') }, strict);
const consumes = ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'];
const bodyUnchecked: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : TypeBoxValidatorCompiler(route);

/** Needs a scope of its own: bodies stay bytes here, of whatever type, until they are verified. */
export function receiveRoutes(app: TypedApp, { webhooks }: Pick<HttpParts, 'webhooks'>): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
  app.setValidatorCompiler(bodyUnchecked);

  app.post(
    '/v1/webhooks/:source',
    {
      schema: {
        tags: ['webhooks'], security: [], consumes, summary: 'A webhook of a registered source; proves itself by its signature, token or password',
        params: SourceParams, body: Type.Unsafe<Buffer | null>({ description: 'what the source\'s format says' }),
        response: { 202: ReceiptAnswer, ...problemsOf([400, 401, 413, 500, 503]) } as { 202: typeof ReceiptAnswer },
      },
    },
    async (request, reply) => reply.code(202).send(await webhooks.receive(request.params.source, { headers: request.headers, body: request.body ?? Buffer.alloc(0) })),
  );

  // CloudEvents' handshake: the sender asks whether it may send here. Yes, since what comes still has to prove itself.
  app.options('/v1/webhooks/:source', { schema: { hide: true, params: SourceParams } }, async (request, reply) => {
    const origin = request.headers['webhook-request-origin'];
    if (typeof origin === 'string') void reply.header('webhook-allowed-origin', '*').header('webhook-allowed-rate', '*');
    return reply.code(204).header('allow', 'POST, OPTIONS').send();
  });
}
