/** Models and their policies. */
import Type from 'typebox';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { TrimtabError } from '../../errors.ts';
import type { StoredModel } from '../../models.ts';
import { ModelSpecSchema } from '../../spec.ts';
import { audited } from '../audited.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { integer, json, list, ModelParams, ref, strict, text, time } from '../schemas/common.ts';
import { isJsonObject } from '../schemas/json.ts';
import { withOptionalDefaults } from '../schemas/optional-defaults.ts';
import { ModelView } from '../schemas/views.ts';
import type { TypedApp } from './app.ts';

const tags = ['models'];
const PutAnswer = Type.Unsafe<StoredModel & { changed: boolean }>(
  Type.Object({ name: text(), spec: json('the spec in force, complete with defaults'), version: integer(), createdAt: time(), changed: Type.Boolean({ description: 'false when this spec was in force already' }) }),
);

export function modelRoutes(app: TypedApp, { models, audit }: Pick<HttpParts, 'models' | 'audit'>): void {
  app.put(
    '/v1/models/:name',
    {
      config: { may: 'administer' },
      validatorCompiler: bodyUnchecked,
      schema: {
        tags, summary: 'Put a model under watch, or change its policy',
        params: ModelParams,
        body: Type.Unsafe<unknown>(withOptionalDefaults(ModelSpecSchema, ['name'])),
        response: { ...answers(200, PutAnswer, [...BODY, 409, 422]), 201: PutAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const model = await audited(audit, request, { action: 'put-model', model: name, subject: name }, () => models.put(named(request.body, name)), policyOf);
      return reply.code(model.changed && model.version === 1 ? 201 : 200).send(model);
    },
  );

  app.get(
    '/v1/models',
    { config: { may: 'read' }, schema: { tags, summary: 'All models', querystring: Type.Object({}, strict), response: answers(200, list(ModelView), [400]) } },
    () => models.list(),
  );

  app.get(
    '/v1/models/:name',
    { config: { may: 'read' }, schema: { tags, summary: 'A model', params: ModelParams, response: answers(200, ref(ModelView), [400, 404]) } },
    (request) => models.get(request.params.name),
  );
}

/** The spec's own parser completes and checks the body, and reports all problems together. */
const bodyUnchecked: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : TypeBoxValidatorCompiler(route);

function named(body: unknown, name: string): unknown {
  if (!isJsonObject(body)) return body;
  const given = body['name'] ?? name;
  if (given !== name) throw new TrimtabError('bad-request', { what: 'body/name', problem: `it is ${JSON.stringify(given)}`, right: `the URL says "${name}": leave it out or make them equal` });
  return { ...body, name };
}

const policyOf = ({ version, changed }: { readonly version: number; readonly changed: boolean }) => `version ${version}${changed ? '' : ', which it was already'}`;
