/** What is live, and was; and the way back. */
import Type from 'typebox';
import { audited } from '../audited.ts';
import { found } from '../found.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { id, list, ModelParams, ref, strict } from '../schemas/common.ts';
import { AdapterView, LiveView, PromotionView } from '../schemas/views.ts';
import type { TypedApp } from './app.ts';

const tags = ['adapters'];
const AtQuery = Type.Object({ at: Type.Optional(Type.String({ format: 'date-time', description: 'then, instead of now; ISO 8601 with a zone' })) }, strict);
const RollbackBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 2_000, description: 'for the record' }), to: Type.Optional(id('an adapter that was live once; the one before when left out')) },
  strict,
);

export function adapterRoutes(app: TypedApp, { registry, models, audit }: Pick<HttpParts, 'registry' | 'models' | 'audit'>): void {
  const config = { may: 'read' } as const;
  app.get(
    '/v1/models/:name/adapters',
    { config, schema: { tags, summary: 'Every adapter, newest first', params: ModelParams, response: answers(200, list(AdapterView), [400, 404]) } },
    async (request) => registry.adapters((await models.get(request.params.name)).name),
  );

  app.get(
    '/v1/models/:name/promotions',
    { config, schema: { tags, summary: 'What was live, from when on, and why, newest first', params: ModelParams, response: answers(200, list(PromotionView), [400, 404]) } },
    async (request) => registry.history((await models.get(request.params.name)).name),
  );

  app.get(
    '/v1/models/:name/live',
    { config, schema: { tags, summary: 'What is live, or was at a time', params: ModelParams, querystring: AtQuery, response: answers(200, ref(LiveView), [400, 404]) } },
    async (request) => {
      const { name } = await models.get(request.params.name);
      const { at } = request.query;
      const live = await (at === undefined ? registry.live(name) : registry.liveAt(name, new Date(at)));
      return found(live, at === undefined ? 'live adapter of' : `adapter live at ${at} of`, name);
    },
  );

  app.post(
    '/v1/models/:name/rollback',
    {
      config: { may: 'operate' },
      schema: { tags, summary: 'Back to an adapter that was live before', params: ModelParams, body: RollbackBody, response: answers(200, ref(PromotionView), [...BODY, 404, 409]) },
    },
    async (request) => {
      const { name } = await models.get(request.params.name);
      const { reason, to } = request.body;
      return audited(audit, request, { action: 'rollback', model: name, subject: to ?? 'the adapter before', reason }, () => registry.rollback({ model: name, ...request.body, by: request.principal.name }), ({ adapter }) => `${adapter} is live`);
    },
  );
}
