/** Performance by the time of the prediction. */
import Type from 'typebox';
import { milliseconds } from '../../spec.ts';
import { DAY } from '../../vocabulary.ts';
import type { HttpParts } from '../parts.ts';
import { answers } from '../schemas/answers.ts';
import { ModelParams, ref, strict } from '../schemas/common.ts';
import { PerformanceView } from '../schemas/views.ts';
import type { TypedApp } from './app.ts';

const moment = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));
const Query = Type.Object(
  {
    from: moment('predictions received from then on; seven days before `to` when left out'),
    to: moment('and before then; now when left out'),
    bucket: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,5}(s|m|h|d)$', description: 'length of a bucket, from `from` on; 1d when left out' })),
    segment: Type.Optional(Type.String({ pattern: '^[^\\u0000]{1,200}$', description: 'of this segment only' })),
  },
  strict,
);
const DEFAULT_RANGE = 7 * DAY;

export function performanceRoutes(app: TypedApp, { performance, clock }: Pick<HttpParts, 'performance' | 'clock'>): void {
  app.get(
    '/v1/models/:name/performance',
    {
      config: { may: 'read' },
      schema: { tags: ['drift'], summary: 'What predictions were worth, by when they were made, also before their labels come', params: ModelParams, querystring: Query, response: answers(200, ref(PerformanceView), [400, 404]) },
    },
    ({ params, query: { from, to, bucket, segment } }) => {
      const end = to === undefined ? clock.now() : new Date(to);
      return performance.report({
        model: params.name,
        from: from === undefined ? new Date(end.getTime() - DEFAULT_RANGE) : new Date(from),
        to: end,
        bucketMs: milliseconds(bucket ?? '1d'),
        segment: segment ?? null,
      });
    },
  );
}
