/** The label queue, and predictions to read. */
import Type from 'typebox';
import { QUEUE_WAYS } from '../../datasets/queue.ts';
import { MAX_NAME } from '../../ingest/schema.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { LabelQueueView, PredictionView } from '../schemas/overview.ts';
import type { TypedApp } from './app.ts';

const tags = ['ingest'];
const MOST_IDS = 100;
const predictionId = Type.String({ minLength: 1, maxLength: MAX_NAME, description: 'id of a prediction' });
const QueueQuery = Type.Object(
  {
    by: Type.Optional(oneOf(QUEUE_WAYS, 'worth (when left out): those that unresolved incidents name as texts that moved, then those that the live adapter is least sure of, in turns over its answers, no two alike; their labels teach and never measure, so send them with `chosen`. chance: a fair sample')),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'rows at most; 20 when left out' })),
  },
  strict,
);
const ROWS = 20;

export function queueRoutes(app: TypedApp, { labels, overview, models }: Pick<HttpParts, 'labels' | 'overview' | 'models'>): void {
  app.get(
    '/v1/models/:name/queue',
    { config: { may: 'read' }, schema: { tags, summary: 'Predictions that are most worth a label', params: ModelParams, querystring: QueueQuery, response: answers(200, ref(LabelQueueView), [400, 404]) } },
    ({ params, query: { by = 'worth', limit = ROWS } }) => labels.next({ model: params.name, by, limit }),
  );

  app.post(
    '/v1/models/:name/queue/skip',
    {
      config: { may: 'operate' },
      schema: { tags, summary: 'Nobody can say: it does not come again', params: ModelParams, body: Type.Object({ predictionId }, strict), response: answers(204, Type.Null({ description: 'skipped' }), [...BODY, 404]) },
    },
    async (request, reply) => {
      await labels.skip({ model: request.params.name, predictionId: request.body.predictionId, by: request.principal.name });
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/models/:name/predictions/find',
    {
      config: { may: 'read' },
      schema: {
        tags, summary: 'Predictions by id, with what became known of them; those that are not known are missing',
        params: ModelParams, body: Type.Object({ ids: Type.Array(predictionId, { maxItems: MOST_IDS }) }, strict), response: answers(200, list(PredictionView), [...BODY, 404]),
      },
    },
    async (request) => overview.predictions((await models.get(request.params.name)).name, request.body.ids),
  );
}
