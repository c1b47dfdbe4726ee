/** Predict with the live adapter, and log what it said as production predictions so that it is watched and feedback can refer to it. */
import { randomUUID } from 'node:crypto';
import { TrimtabError } from '../errors.ts';
import type { IngestAnswer } from '../ingest/schema.ts';
import type { Answer, Answered } from '../promotion/targets/builtin.ts';
import { canonicalChat, documentDigest, type Span } from '../tasks/index.ts';
import type { Message } from '../vocabulary.ts';
import type { HttpParts } from './parts.ts';

export interface PredictRequest {
  readonly text?: string;
  readonly texts?: readonly string[];
  readonly messages?: readonly Message[];
  readonly tools?: readonly object[];
  readonly documents?: readonly string[];
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly segment?: string;
  readonly scores?: boolean;
  readonly log?: boolean;
}

/** One answer, in the field of the model's task. */
export interface PredictedRow {
  readonly id: string;
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly spans?: readonly Span[];
  /** Documents by their place in the request, best first. */
  readonly ranking?: readonly { readonly document: number; readonly digest: string; readonly cosine: number }[];
  readonly vector?: readonly number[];
  readonly output?: string;
  readonly confidence: number;
  readonly scores?: Readonly<Record<string, number>>;
}

export interface PredictAnswer {
  readonly adapter: string;
  readonly predictions: readonly PredictedRow[];
  /** What became of the log; null when nothing was to be logged. */
  readonly logged: IngestAnswer | null;
}

/**
 * The answer waits until the predictions are durable: what is served and not logged could never be watched. A vector without
 * documents is no answer that could be right or wrong, and is not logged: whoever searches with it logs what was found.
 * Throws `bad-request`, `no-live-adapter`, and `overloaded` when ingest is.
 */
export async function predict(parts: Pick<HttpParts, 'target' | 'ingest' | 'events'>, model: string, request: PredictRequest): Promise<PredictAnswer> {
  const { texts, ids } = rowsOf(request);
  const { documents, segment, log } = request;
  const started = performance.now();
  const answer = await parts.target.predict(model, texts, documents === undefined ? {} : { documents });
  parts.events.emit('predict', { model, seconds: (performance.now() - started) / 1000, rows: texts.length });
  const { adapter, rules, rows } = answer;
  if (request.messages !== undefined && rules.task !== 'generation') throw bad(`task ${rules.task} takes no messages`);
  const predictions = rows.map((row, i) => ({ id: ids[i] ?? randomUUID(), ...shown(answer, row, request) }));
  if (log === false || (rules.task === 'embedding' && documents === undefined)) return { adapter, predictions, logged: null };
  const logged = await parts.ingest.predictions(rows.map((row, i) => ({
    model,
    id: predictions[i]?.id,
    ...(request.messages === undefined ? { input: texts[i] } : { messages: request.messages, ...(request.tools === undefined ? {} : { tools: request.tools }) }),
    [rules.answerField]: row.ranking === undefined ? rules.answerValue(row.label) : row.ranking.map(({ document }) => documents?.[document]),
    confidence: row.confidence,
    adapter,
    ...(segment === undefined ? {} : { segment }),
  })));
  return { adapter, predictions, logged };
}

function shown({ rules, labels }: Answer, { label, confidence, scores, vector, ranking }: Answered, request: PredictRequest): Omit<PredictedRow, 'id'> {
  const { documents = [] } = request;
  const found = ranking?.map(({ document, cosine }) => ({ document, digest: documentDigest(documents[document] ?? ''), cosine }));
  return {
    ...(rules.task === 'embedding' ? (found === undefined ? { vector: vector ?? [] } : { ranking: found }) : { [rules.answerField]: rules.answerValue(label) }),
    confidence,
    ...(request.scores === true && scores !== undefined ? { scores: Object.fromEntries(labels.map((each, i) => [each, scores[i] ?? 0])) } : {}),
  };
}

const bad = (problem: string) => new TrimtabError('bad-request', { what: 'the body', problem, right: 'send "text" or "messages" (with "id", if any) or "texts" (with as many "ids", if any)' });

function rowsOf({ text, texts, messages, tools, id, ids }: PredictRequest): { texts: readonly string[]; ids: readonly (string | undefined)[] } {
  const given = [text, texts, messages].filter((each) => each !== undefined).length;
  if (given !== 1) throw bad('it must have one of "text", "texts" and "messages"');
  if (tools !== undefined && messages === undefined) throw bad('"tools" go with "messages"');
  if (texts === undefined) {
    if (ids !== undefined) throw bad('"ids" go with "texts"');
    return { texts: [text ?? canonicalChat({ messages, tools })], ids: [id] };
  }
  if (id !== undefined) throw bad('"id" goes with "text"');
  if (ids !== undefined && ids.length !== texts.length) throw bad(`there are ${texts.length} texts and ${ids.length} ids`);
  return { texts, ids: ids ?? [] };
}
