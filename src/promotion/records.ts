/**
 * The decision records of a model: a hash chain, so that a record changed, taken out or slipped in later is noticed.
 * What the chain cannot notice by itself is a cut at its end: note the head's hash elsewhere to notice that too.
 */
import { canonicalJson, sha256 } from '../canonical.ts';
import { TrimtabError } from '../errors.ts';
import { lockModel, type Client, type Queryable } from '../store/postgres.ts';
import { insertRecord, lastRecord, recordById, recordOfRun, recordsAfter, recordsBefore, type RecordRow } from '../store/records.ts';

export interface DecisionRecord {
  readonly id: string;
  readonly model: string;
  readonly seq: number;
  readonly runId: string | null;
  readonly kind: string;
  readonly content: unknown;
  readonly previous: string;
  readonly hash: string;
  readonly createdAt: Date;
}

export type ChainCheck =
  /** `head`: hash of the last record, 64 zeros for an empty chain. */
  | { readonly whole: true; readonly records: number; readonly head: string }
  /** `records`: how many were in order before the broken one. */
  | { readonly whole: false; readonly records: number; readonly brokenAt: { readonly id: string; readonly seq: number; readonly problem: string } };

/** What is hashed: the content, and the columns beside it. */
interface Envelope {
  readonly version: 1;
  readonly model: string;
  readonly seq: number;
  readonly runId: string | null;
  readonly kind: string;
  readonly at: string;
  readonly content: unknown;
}

export const GENESIS = '0'.repeat(64);
const PAGE = 200;

/**
 * Appends to the model's chain. Give it a transaction: the lock on the chain must hold until the row is in. A run has one record
 * of a kind: appending it again returns the first, whatever `body` says now.
 */
export async function appendRecord(db: Client, input: { model: string; runId: string | null; kind: string; body: unknown; at: Date }): Promise<DecisionRecord> {
  const { model, runId, kind, at } = input;
  await lockModel(db, 'record', model, 'exclusive');
  const known = runId === null ? null : await recordOfRun(db, runId, kind);
  if (known !== null) return recordOf(known);
  const last = await lastRecord(db, model);
  const [seq, previous] = [(last?.seq ?? 0) + 1, last?.hash ?? GENESIS];
  const body = canonicalJson({ version: 1, model, seq, runId, kind, at: at.toISOString(), content: input.body } satisfies Envelope);
  const row: RecordRow = { id: `${model}--record-${seq}`, model, seq, runId, kind, body, previous, hash: sha256(previous + body), createdAt: at };
  await insertRecord(db, row);
  return recordOf(row);
}

/** Throws `not-found`. */
export async function getRecord(db: Queryable, id: string): Promise<DecisionRecord> {
  const row = await recordById(db, id);
  if (row === null) throw new TrimtabError('not-found', { what: 'record', id });
  return recordOf(row);
}

/** Newest first; `before` (a seq) pages on. */
export async function listRecords(db: Queryable, model: string, page: { before?: number; limit?: number } = {}): Promise<DecisionRecord[]> {
  return (await recordsBefore(db, model, page.before ?? null, page.limit ?? 50)).map(recordOf);
}

/** Computes the model's chain again from its first record, and says where it breaks. */
export async function verifyChain(db: Queryable, model: string): Promise<ChainCheck> {
  let [records, head] = [0, GENESIS];
  for (;;) {
    const rows = await recordsAfter(db, model, records, PAGE);
    for (const row of rows) {
      const problem = problemOf(row, records + 1, head);
      if (problem !== null) return { whole: false, records, brokenAt: { id: row.id, seq: row.seq, problem } };
      [records, head] = [row.seq, row.hash];
    }
    if (rows.length < PAGE) return { whole: true, records, head };
  }
}

function problemOf(row: RecordRow, seq: number, previous: string): string | null {
  if (row.seq !== seq) return `record ${seq} is missing`;
  if (row.previous !== previous) return `it names ${row.previous} as the hash before it, which is ${previous}`;
  if (row.hash !== sha256(row.previous + row.body)) return 'its body does not give its hash';
  const { content: _, ...covered } = JSON.parse(row.body) as Envelope;
  const columns = { version: 1, model: row.model, seq: row.seq, runId: row.runId, kind: row.kind, at: row.createdAt.toISOString() };
  if (canonicalJson(covered) !== canonicalJson(columns)) return 'its columns differ from its body';
  return row.id === `${row.model}--record-${row.seq}` ? null : 'its id is not the one of its model and number';
}

function recordOf({ body, ...row }: RecordRow): DecisionRecord {
  return { ...row, content: (JSON.parse(body) as Envelope).content };
}
