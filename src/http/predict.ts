/** Predict with the live adapter, and log what it said as production predictions so that it is watched and feedback can refer to it. */
import { randomUUID } from 'node:crypto';
import { TrimtabError } from '../errors.ts';
import type { IngestAnswer } from '../ingest/schema.ts';
import type { HttpParts } from './parts.ts';

export interface PredictRequest {
  readonly text?: string;
  readonly texts?: readonly string[];
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly segment?: string;
  readonly log?: boolean;
}

export interface PredictAnswer {
  readonly adapter: string;
  readonly predictions: readonly { readonly id: string; readonly label: string; readonly confidence: number }[];
  /** What became of the log; null when nothing was to be logged. */
  readonly logged: IngestAnswer | null;
}

/**
 * The answer waits until the predictions are durable: what is served and not logged could never be watched.
 * Throws `bad-request`, `no-live-adapter`, and `overloaded` when ingest is.
 */
export async function predict(parts: Pick<HttpParts, 'target' | 'ingest' | 'events'>, model: string, request: PredictRequest): Promise<PredictAnswer> {
  const { texts, ids } = rowsOf(request);
  const started = performance.now();
  const { adapter, rows } = await parts.target.predict(model, texts);
  parts.events.emit('predict', { model, seconds: (performance.now() - started) / 1000, rows: texts.length });
  const predictions = rows.map(({ label, confidence }, i) => ({ id: ids[i] ?? randomUUID(), label, confidence }));
  if (request.log === false) return { adapter, predictions, logged: null };
  const segment = request.segment === undefined ? {} : { segment: request.segment };
  const logged = await parts.ingest.predictions(predictions.map((row, i) => ({ model, input: texts[i], adapter, ...segment, ...row })));
  return { adapter, predictions, logged };
}

function rowsOf({ text, texts, id, ids }: PredictRequest): { texts: readonly string[]; ids: readonly (string | undefined)[] } {
  const bad = (problem: string) => new TrimtabError('bad-request', { what: 'the body', problem, right: 'send "text" (with "id", if any) or "texts" (with as many "ids", if any)' });
  if (text !== undefined && texts === undefined && ids === undefined) return { texts: [text], ids: [id] };
  if (texts === undefined || text !== undefined || id !== undefined) throw bad('it must have either "text" or "texts", and "id" or "ids" to match');
  if (ids !== undefined && ids.length !== texts.length) throw bad(`there are ${texts.length} texts and ${ids.length} ids`);
  return { texts, ids: ids ?? [] };
}
