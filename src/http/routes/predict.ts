/** Serve the live adapter. */
import Type from 'typebox';
import { IngestAnswerSchema, MAX_DOCUMENTS, MAX_NAME, MAX_TEXT, messages, SpanSchema, tools } from '../../ingest/schema.ts';
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
    messages: Type.Optional(messages),
    tools: Type.Optional(tools),
    documents: Type.Optional(Type.Array(input, { minItems: 1, maxItems: MAX_DOCUMENTS, description: 'embedding: what is searched; without them the answer is a vector, and nothing is logged' })),
    id: Type.Optional(name('id of the prediction; made when left out')),
    ids: Type.Optional(Type.Array(name('id of the prediction'), { description: 'as many as texts' })),
    segment: Type.Optional(name('part of the traffic, such as a language')),
    scores: Type.Optional(Type.Boolean({ description: 'classification: true for the probability of every label' })),
    log: Type.Optional(Type.Boolean({ description: 'false: answer only, so that a check does not count as traffic' })),
  },
  strict,
);

const Predicted = Type.Unsafe<PredictAnswer>(
  Type.Object({
    adapter: text('the live adapter, which answered'),
    predictions: Type.Array(Type.Object({
      id: text('feedback refers to it'),
      label: Type.Optional(text('classification')),
      labels: Type.Optional(Type.Array(text(), { description: 'classification, labels multi' })),
      spans: Type.Optional(Type.Array(SpanSchema, { description: 'extraction' })),
      ranking: Type.Optional(Type.Array(
        Type.Object({ document: Type.Integer({ description: 'its place in `documents`, from 0' }), digest: text('first 16 hex digits of its sha256'), cosine: Type.Number() }),
        { description: 'embedding, with documents: the nearest ten, best first' },
      )),
      vector: Type.Optional(Type.Array(Type.Number(), { description: 'embedding, without documents' })),
      output: Type.Optional(text('generation')),
      confidence: Type.Number({ description: 'probability of the answer; of a search the cosine of the best document' }),
      scores: Type.Optional(Type.Record(Type.String(), Type.Number())),
    }), { description: 'the answers, each in the field of the model\'s task' }),
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
