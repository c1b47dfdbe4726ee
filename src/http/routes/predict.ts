/** Serve the live adapter. */
import Type from 'typebox';
import { IngestAnswerSchema, MAX_NAME, MAX_TEXT } from '../../ingest/schema.ts';
import type { HttpParts } from '../parts.ts';
import { predict, type PredictAnswer } from '../predict.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { ModelParams, strict, text } from '../schemas/common.ts';
import type { TypedApp } from './app.ts';

const MAX_TEXTS = 1_024;
const input = Type.String({ maxLength: MAX_TEXT });
const name = (description: string) => Type.String({ minLength: 1, maxLength: MAX_NAME, description });

const PredictBody = Type.Object(
  {
    text: Type.Optional(input),
    texts: Type.Optional(Type.Array(input, { minItems: 1, maxItems: MAX_TEXTS })),
    id: Type.Optional(name('id of the prediction; made when left out')),
    ids: Type.Optional(Type.Array(name('id of the prediction'), { description: 'as many as texts' })),
    segment: Type.Optional(name('part of the traffic, such as a language')),
    log: Type.Optional(Type.Boolean({ description: 'false: answer only, so that a check does not count as traffic' })),
  },
  strict,
);

const Predicted = Type.Unsafe<PredictAnswer>(
  Type.Object({
    adapter: text('the live adapter, which answered'),
    predictions: Type.Array(Type.Object({ id: text('feedback refers to it'), label: text(), confidence: Type.Number() })),
    logged: Type.Union([Type.Null(), IngestAnswerSchema]),
  }),
);

export function predictRoutes(app: TypedApp, parts: HttpParts): void {
  app.post(
    '/v1/models/:name/predict',
    {
      config: { may: 'ingest' },
      schema: {
        tags: ['ingest'], summary: 'Predict with the live adapter, and log it as traffic',
        params: ModelParams, body: PredictBody, response: answers(200, Predicted, [...BODY, 404, 409]),
      },
    },
    (request) => predict(parts, request.params.name, request.body),
  );
}
