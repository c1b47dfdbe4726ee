/** Why everything was decided. */
import Type from 'typebox';
import { found } from '../found.ts';
import type { HttpParts } from '../parts.ts';
import { answers } from '../schemas/answers.ts';
import { DEFAULT_LIMIT, IdParams, limit, list, ModelParams, ref, strict } from '../schemas/common.ts';
import { RecordView, VerificationView } from '../schemas/views.ts';
import type { TypedApp } from './app.ts';

const tags = ['records'];
const Query = Type.Object({ before: Type.Optional(Type.Integer({ minimum: 1, description: 'seq to page on from' })), limit }, strict);

export function recordRoutes(app: TypedApp, { records, models }: Pick<HttpParts, 'records' | 'models'>): void {
  const config = { may: 'read' } as const;
  app.get(
    '/v1/models/:name/records',
    { config, schema: { tags, summary: 'Decision records, newest first', params: ModelParams, querystring: Query, response: answers(200, list(RecordView), [400, 404]) } },
    async (request) => {
      const { name } = await models.get(request.params.name);
      return records.list(name, { ...request.query, limit: request.query.limit ?? DEFAULT_LIMIT });
    },
  );

  app.get(
    '/v1/records/:id',
    { config, schema: { tags, summary: 'A decision record', params: IdParams, response: answers(200, ref(RecordView), [400, 404]) } },
    async (request) => found(await records.get(request.params.id), 'record', request.params.id),
  );

  app.get(
    '/v1/records/:id/verification',
    { config, schema: { tags, summary: 'Checks the chain of the record\'s model, and makes the decision again', params: IdParams, response: answers(200, ref(VerificationView), [400, 404]) } },
    (request) => records.verify(request.params.id),
  );
}
