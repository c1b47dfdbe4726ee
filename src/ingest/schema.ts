/** What comes in, and what is answered. One schema gives validation, types and OpenAPI. */
import Type, { type Static } from 'typebox';
import { MOST_TOOLS } from '../tasks/index.ts';

const strict = { additionalProperties: false } as const;
const MODEL = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
const TIME = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})$';

/** Longest text of a row, in code points. */
export const MAX_TEXT = 65_536;
/** Longest id, label, segment, adapter: they are keys of indexes, which PostgreSQL limits to 2,704 bytes. */
export const MAX_NAME = 200;
/** Longest JSON text of `scores` and of `features` without their vectors, in UTF-16 units. */
export const MAX_JSON = 65_536;
/** Longest vector; of all vectors of a row together, the longest JSON text. */
export const MAX_DIMS = 4_096;
export const MAX_VECTORS = 131_072;
export const MAX_DOCUMENTS = 1_000;

const name = (description: string) => Type.String({ minLength: 1, maxLength: MAX_NAME, description });
const model = Type.String({ pattern: MODEL, description: 'name of the model' });
const time = (description: string) => Type.String({ pattern: TIME, description });
const text = (description: string) => Type.String({ maxLength: MAX_TEXT, description });

export const SpanSchema = Type.Object(
  {
    start: Type.Integer({ minimum: 0, description: 'first UTF-16 unit of the span, from 0, as JavaScript counts' }),
    end: Type.Integer({ minimum: 1, description: 'the unit after its last' }),
    label: name('what the span is'),
  },
  { ...strict, title: 'Span' },
);
export const MessageSchema = Type.Object(
  {
    role: name('who speaks, such as user'),
    content: Type.Union([text('what is said'), Type.Null()], { description: 'what is said; null where an assistant only calls tools' }),
    tool_calls: Type.Optional(Type.Array(Type.Object({}, { additionalProperties: true }), { description: 'of an assistant: {type: "function", function: {name, arguments}}' })),
    tool_call_id: Type.Optional(name('of a tool: the call that it answers')),
    name: Type.Optional(name('of a tool: its name')),
  },
  { ...strict, title: 'Message' },
);
export const messages = Type.Array(MessageSchema, { minItems: 1, description: 'generation: a chat, in place of the text' });
export const tools = Type.Array(Type.Object({}, { additionalProperties: true }), {
  minItems: 1, maxItems: MOST_TOOLS, description: 'generation, beside messages: the functions that may be called, {type: "function", function: {name, description, parameters}}',
});

/** A row has exactly the field of its model's task. */
const labels = (description: string) => Type.Array(name('a label'), { description });
const spans = (description: string) => Type.Array(SpanSchema, { description });
const TRUTH = {
  label: Type.Optional(name('classification: true label')),
  labels: Type.Optional(labels('classification, labels multi: all true labels, [] for none')),
  spans: Type.Optional(spans('extraction: the true spans, not overlapping, [] for none')),
  document: Type.Optional(text('embedding: text of the right document, such as the one that was clicked, or a better one')),
  completion: Type.Optional(text('generation: the text that would have been right, such as the corrected output')),
};

export const PredictionInputSchema = Type.Object(
  {
    model,
    id: name('id of the prediction, unique per model: the same id again within seven days is a duplicate'),
    input: Type.Optional(text('text that the model was given')),
    messages: Type.Optional(messages),
    tools: Type.Optional(tools),
    label: Type.Optional(name('classification: label that the model answered')),
    labels: Type.Optional(labels('classification, labels multi: all labels that it answered')),
    spans: Type.Optional(spans('extraction: spans that it answered, not overlapping')),
    ranking: Type.Optional(Type.Array(text('text of a document'), { maxItems: MAX_DOCUMENTS, description: 'embedding: texts of the documents that it found, best first; the first ten are kept' })),
    output: Type.Optional(text('generation: text that it answered')),
    confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'probability of the answer' })),
    scores: Type.Optional(Type.Record(Type.String(), Type.Number(), { description: 'probability of each label' })),
    features: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_DIMS })]), { description: 'further values of the request; a list of numbers is a vector, such as an embedding' }),
    ),
    segment: Type.Optional(name('part of the traffic, such as a language')),
    adapter: Type.Optional(name('adapter that answered; the live one when left out')),
    occurredAt: Type.Optional(time('when the model answered, ISO 8601 with a zone')),
  },
  { ...strict, title: 'Prediction', description: 'input (or messages), and the answer in the field of the model\'s task' },
);
export type PredictionInput = Static<typeof PredictionInputSchema>;

export const FeedbackInputSchema = Type.Object(
  {
    model,
    predictionId: name('id of the prediction'),
    ...TRUTH,
    score: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'what the answer was worth, where nobody says what would have been right: feeds the error monitor, never datasets' })),
    thumbs: Type.Optional(Type.Unsafe<'up' | 'down'>({ type: 'string', enum: ['up', 'down'], description: 'up is a score of 1, down of 0' })),
    chosen: Type.Optional(Type.Boolean({ description: 'true: the prediction was chosen for its answer, as the label queue does. Such rows are no fair sample: they go to the train side of datasets, never to monitors, the watch or exams' })),
    id: Type.Optional(name('id of the feedback; made of predictionId and what is told when left out, so that a repeat is a duplicate')),
  },
  { ...strict, title: 'Feedback', description: 'the truth in the field of the model\'s task, or score, or thumbs' },
);
export type FeedbackInput = Static<typeof FeedbackInputSchema>;

export const ImportRowSchema = Type.Object(
  {
    id: Type.Optional(name('id of the row; made of its text when left out')),
    text: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_TEXT, description: 'text that the truth is about' })),
    messages: Type.Optional(messages),
    tools: Type.Optional(tools),
    ...TRUTH,
    segment: Type.Optional(name('part of the traffic, such as a language')),
    labelledAt: Type.Optional(time('when it was labelled; now when left out')),
  },
  { ...strict, title: 'ImportRow', description: 'text (or messages), and the truth in the field of the model\'s task' },
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
