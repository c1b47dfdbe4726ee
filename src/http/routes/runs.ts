/** Reasons to retrain, and the runs that came of them. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { allowNoBody, audited, ReasonBody } from '../audited.ts';
import { found } from '../found.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { DEFAULT_LIMIT, id, IdParams, limit, list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { RunView, TriggerView } from '../schemas/views.ts';
import type { TypedApp } from './app.ts';

const tags = ['runs'];
const TriggerBody = Type.Object(
  {
    reason: Type.Optional(oneOf(['manual', 'webhook'], 'who asks: a person (when left out) or another system')),
    why: Type.String({ minLength: 1, maxLength: 2_000, description: 'for the record' }),
    evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'whatever explains it' })),
  },
  strict,
);

export function triggerRoutes(app: TypedApp, { triggers, models, audit }: Pick<HttpParts, 'triggers' | 'models' | 'audit'>): void {
  app.get(
    '/v1/models/:name/triggers',
    {
      config: { may: 'read' },
      schema: {
        tags, summary: 'Every reason to retrain, and every decision not to, newest first',
        params: ModelParams, querystring: Type.Object({ limit }, strict), response: answers(200, list(TriggerView), [400, 404]),
      },
    },
    async (request) => {
      const { name } = await models.get(request.params.name);
      return triggers.list({ model: name, limit: request.query.limit ?? DEFAULT_LIMIT });
    },
  );

  app.post(
    '/v1/models/:name/triggers',
    {
      config: { may: 'operate' },
      schema: { tags, summary: 'Ask for a run', params: ModelParams, body: TriggerBody, response: answers(201, ref(TriggerView), [...BODY, 404]) },
    },
    async (request, reply) => {
      const { name } = await models.get(request.params.name);
      const { reason = 'manual', why, evidence = {} } = request.body;
      const work = () => triggers.request({ model: name, reason, why, evidence, source: request.principal.name });
      return reply.code(201).send(await audited(audit, request, { action: 'retrain', model: name, subject: name, reason: why }, work, ({ decision, runId }) => (runId === null ? decision : `${decision}, ${runId}`)));
    },
  );
}

export function runRoutes(app: TypedApp, { runs, audit }: Pick<HttpParts, 'runs' | 'audit'>): void {
  const Query = Type.Object({ model: Type.Optional(id('of this model only')), limit }, strict);
  app.get(
    '/v1/runs',
    { config: { may: 'read' }, schema: { tags, summary: 'Runs, newest first', querystring: Query, response: answers(200, list(RunView), [400]) } },
    (request) => runs.list({ ...request.query, limit: request.query.limit ?? DEFAULT_LIMIT }),
  );

  app.get(
    '/v1/runs/:id',
    { config: { may: 'read' }, schema: { tags, summary: 'A run', params: IdParams, response: answers(200, ref(RunView), [400, 404]) } },
    async (request) => found(await runs.get(request.params.id), 'run', request.params.id),
  );

  void app.register(async (scope) => {
    allowNoBody(scope);
    const operated = (verb: 'approve' | 'cancel', summary: string) => {
      const schema = { tags, summary, params: IdParams, body: ReasonBody, response: answers(200, ref(RunView), [...BODY, 404, 409]) };
      scope.withTypeProvider<TypeBoxTypeProvider>().post(`/v1/runs/:id/${verb}`, { config: { may: 'operate' }, schema }, async (request) => {
        const { id: subject } = request.params;
        const { model } = found(await runs.get(subject), 'run', subject);
        await audited(audit, request, { action: verb, model, subject, reason: request.body.reason }, () => runs[verb](subject, request.principal.name));
        return found(await runs.get(subject), 'run', subject);
      });
    };
    operated('approve', 'Let a promotion through that waits for a person');
    operated('cancel', 'Stop a run');
  });
}
