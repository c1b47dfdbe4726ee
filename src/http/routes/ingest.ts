/** Predictions, feedback and labelled rows. 202 whenever the body could be read; each row that was refused stands in the answer. */
import Type, { type TSchema } from 'typebox';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import { FeedbackInputSchema, ImportRowSchema, IngestAnswerSchema, PredictionInputSchema } from '../../ingest/schema.ts';
import { answerBatch, parseJsonBatch, parseNdjsonBatch, type Batch } from '../batch.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { ModelParams } from '../schemas/common.ts';
import type { TypedApp } from './app.ts';

const tags = ['ingest'];
const consumes = ['application/json', 'application/x-ndjson'];
/** Described here, checked row by row in ingest: a request is not refused for one bad row. */
const body = (row: TSchema) => Type.Unsafe<Batch>({ anyOf: [{ type: 'array', items: row }, row] });
const rowsUnchecked: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : TypeBoxValidatorCompiler(route);

/** Needs a scope of its own: bodies are parsed in another way here. */
export function ingestRoutes(app: TypedApp, { ingest }: Pick<HttpParts, 'ingest'>): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes, done) => parsed(done, () => parseJsonBatch(bytes as Buffer)));
  app.addContentTypeParser(['application/x-ndjson', 'application/ndjson'], { parseAs: 'buffer' }, (_request, bytes, done) =>
    parsed(done, () => parseNdjsonBatch(bytes as Buffer)),
  );
  app.setValidatorCompiler(rowsUnchecked);
  const config = { may: 'ingest' } as const;

  app.post(
    '/v1/predictions',
    { config, schema: { tags, consumes, summary: 'Production predictions', body: body(PredictionInputSchema), response: answers(202, IngestAnswerSchema, BODY) } },
    async (request, reply) => reply.code(202).send(await answerBatch(request.body, ingest.predictions)),
  );

  app.post(
    '/v1/feedback',
    { config, schema: { tags, consumes, summary: 'What became known about predictions', body: body(FeedbackInputSchema), response: answers(202, IngestAnswerSchema, BODY) } },
    async (request, reply) => reply.code(202).send(await answerBatch(request.body, ingest.feedback)),
  );

  app.post(
    '/v1/models/:name/import',
    {
      config,
      schema: {
        tags, consumes, summary: 'Labelled rows from outside: for datasets, never for monitors',
        params: ModelParams, body: body(ImportRowSchema), response: answers(202, IngestAnswerSchema, [...BODY, 404]),
      },
    },
    async (request, reply) => reply.code(202).send(await answerBatch(request.body, (rows) => ingest.importRows(request.params.name, rows))),
  );
}

function parsed(done: (error: Error | null, batch?: Batch) => void, parse: () => Batch): void {
  try {
    done(null, parse());
  } catch (error) {
    done(error as Error);
  }
}
