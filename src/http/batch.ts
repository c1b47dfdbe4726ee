/** Bodies of many rows: a JSON array, one JSON object, or NDJSON. One bad line costs that line, not the others. */
import { isUtf8 } from 'node:buffer';
import { messageOf, TrimtabError } from '../errors.ts';
import type { IngestAnswer, Refusal } from '../ingest/schema.ts';
import { isJsonObject } from './schemas/json.ts';

export interface Batch {
  readonly rows: readonly unknown[];
  /** Place of each row in the body, from 0; null when it is the row's own. For NDJSON: its line, blank lines counted. */
  readonly places: readonly number[] | null;
  /** Lines that are no JSON. */
  readonly refused: readonly Refusal[];
}

const LINE_FEED = 10;

/** Throws `bad-request` when nothing of the body can be read. */
export function parseJsonBatch(body: Buffer): Batch {
  const value = parse(body);
  if (Array.isArray(value)) return { rows: value, places: null, refused: [] };
  if (isJsonObject(value)) return { rows: [value], places: null, refused: [] };
  throw unreadable(`it is ${value === null ? 'null' : `a ${typeof value}`}`);
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body)) throw unreadable('it is not UTF-8');
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch (error) {
    throw unreadable(messageOf(error));
  }
}

function unreadable(problem: string): TrimtabError {
  return new TrimtabError('bad-request', { what: 'the body', problem, right: 'send a JSON array of rows, one JSON object, or NDJSON as application/x-ndjson' });
}

export function parseNdjsonBatch(body: Buffer): Batch {
  const batch = { rows: [] as unknown[], places: [] as number[], refused: [] as Refusal[] };
  let line = 0;
  for (let start = 0; start < body.length; line++) {
    const found = body.indexOf(LINE_FEED, start);
    const end = found === -1 ? body.length : found;
    addLine(batch, body.subarray(start, end), line);
    start = end + 1;
  }
  return batch;
}

function addLine(batch: { rows: unknown[]; places: number[]; refused: Refusal[] }, bytes: Buffer, line: number): void {
  const text = bytes.toString();
  if (text.trim() === '') return;
  const refuse = (problem: string) => batch.refused.push({ index: line, id: null, reason: `line ${line + 1}: ${problem}` });
  // Bad bytes would become U+FFFD silently, and a text that nobody wrote be stored.
  if (text.includes('\ufffd') && !isUtf8(bytes)) return void refuse('not UTF-8');
  try {
    batch.rows.push(JSON.parse(text));
    batch.places.push(line);
  } catch (error) {
    refuse(`not JSON (${messageOf(error)})`);
  }
}

/** Takes the rows in and answers for the whole body, each refusal at its place in it. */
export async function answerBatch({ rows, places, refused }: Batch, take: (rows: readonly unknown[]) => Promise<IngestAnswer>): Promise<IngestAnswer> {
  const answer = rows.length === 0 ? { accepted: 0, duplicates: 0, refused: [] } : await take(rows);
  if (places === null) return answer;
  const placed = answer.refused.map((refusal) => ({ ...refusal, index: places[refusal.index] ?? refusal.index }));
  return { ...answer, refused: [...refused, ...placed].sort((a, b) => a.index - b.index) };
}
