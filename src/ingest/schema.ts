/** What comes in, and what is answered. One schema gives validation, types and OpenAPI. */
import Type, { type Static } from 'typebox';

const strict = { additionalProperties: false } as const;
const MODEL = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
const TIME = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})$';

/** Longest text of a row, in code points. */
export const MAX_TEXT = 65_536;
/** Longest id, label, segment, adapter: they are keys of indexes, which PostgreSQL limits to 2,704 bytes. */
export const MAX_NAME = 200;
/** Longest JSON text of `scores` and of `features`, in UTF-16 units. */
export const MAX_JSON = 65_536;

const name = (description: string) => Type.String({ minLength: 1, maxLength: MAX_NAME, description });
const model = Type.String({ pattern: MODEL, description: 'name of the model' });
const time = (description: string) => Type.String({ pattern: TIME, description });

export const PredictionInputSchema = Type.Object(
  {
    model,
    id: name('id of the prediction, unique per model: the same id again within seven days is a duplicate'),
    input: Type.String({ maxLength: MAX_TEXT, description: 'text that the model was given' }),
    label: name('label that the model answered'),
    confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'probability of the label' })),
    scores: Type.Optional(Type.Record(Type.String(), Type.Number(), { description: 'probability of each label' })),
    features: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), { description: 'further values of the request' }),
    ),
    segment: Type.Optional(name('part of the traffic, such as a language')),
    adapter: Type.Optional(name('adapter that answered; the live one when left out')),
    occurredAt: Type.Optional(time('when the model answered, ISO 8601 with a zone')),
  },
  { ...strict, title: 'Prediction' },
);
export type PredictionInput = Static<typeof PredictionInputSchema>;

export const FeedbackInputSchema = Type.Object(
  {
    model,
    predictionId: name('id of the prediction'),
    label: name('true label'),
    id: Type.Optional(name('id of the feedback; made of predictionId and label when left out, so that a repeat is a duplicate')),
  },
  { ...strict, title: 'Feedback' },
);
export type FeedbackInput = Static<typeof FeedbackInputSchema>;

export const ImportRowSchema = Type.Object(
  {
    id: Type.Optional(name('id of the row; made of its text when left out')),
    text: Type.String({ minLength: 1, maxLength: MAX_TEXT, description: 'text to be labelled' }),
    label: name('true label'),
    segment: Type.Optional(name('part of the traffic, such as a language')),
    labelledAt: Type.Optional(time('when it was labelled; now when left out')),
  },
  { ...strict, title: 'ImportRow' },
);
export type ImportRow = Static<typeof ImportRowSchema>;

export const RefusalSchema = Type.Object({
  index: Type.Integer({ description: 'place of the row in the request, from 0' }),
  id: Type.Union([Type.String(), Type.Null()]),
  reason: Type.String(),
});
export type Refusal = Static<typeof RefusalSchema>;

export const IngestAnswerSchema = Type.Object(
  { accepted: Type.Integer(), duplicates: Type.Integer(), refused: Type.Array(RefusalSchema) },
  { title: 'IngestAnswer' },
);
export type IngestAnswer = Static<typeof IngestAnswerSchema>;
