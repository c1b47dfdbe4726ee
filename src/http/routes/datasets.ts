/** What adapters were made from. */
import Type from 'typebox';
import type { HttpParts } from '../parts.ts';
import { answers } from '../schemas/answers.ts';
import { DEFAULT_LIMIT, IdParams, limit, list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { DatasetView } from '../schemas/overview.ts';
import type { TypedApp } from './app.ts';

const tags = ['datasets'];
const RowsQuery = Type.Object({ part: Type.Optional(oneOf(['train', 'exam'], 'train when left out')), offset: Type.Optional(Type.Integer({ minimum: 0 })), limit }, strict);
const Rows = Type.Unsafe<readonly unknown[]>({ type: 'array', items: { type: 'object', additionalProperties: true }, description: '{id, text, label}, of an exam also {window, origin}' });

export function datasetRoutes(app: TypedApp, { overview, models }: Pick<HttpParts, 'overview' | 'models'>): void {
  const config = { may: 'read' } as const;
  app.get(
    '/v1/models/:name/datasets',
    { config, schema: { tags, summary: 'Manifests of a model\'s datasets, newest first', params: ModelParams, querystring: Type.Object({ limit }, strict), response: answers(200, list(DatasetView), [400, 404]) } },
    async (request) => overview.datasets((await models.get(request.params.name)).name, request.query.limit ?? DEFAULT_LIMIT),
  );

  app.get(
    '/v1/datasets/:id',
    { config, schema: { tags, summary: 'A dataset\'s manifest', params: IdParams, response: answers(200, ref(DatasetView), [400, 404]) } },
    (request) => overview.dataset(request.params.id),
  );

  app.get(
    '/v1/datasets/:id/rows',
    { config, schema: { tags, summary: 'Its rows, as they are trained on or examined with', params: IdParams, querystring: RowsQuery, response: answers(200, Rows, [400, 404]) } },
    ({ params, query: { part = 'train', offset = 0, limit: most = DEFAULT_LIMIT } }) => overview.datasetRows({ dataset: params.id, part, offset, limit: most }),
  );
}
