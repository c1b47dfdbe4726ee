/** Ingest: predictions, feedback and labelled rows, idempotent, durable before the answer, profiled in the same transaction. */
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { isBadValue, type Pool } from '../store/postgres.ts';
import type { NewPrediction } from '../store/predictions.ts';
import type { Events } from '../telemetry/events.ts';
import { createBatcher, type Batcher, type Group } from './batcher.ts';
import { createReferences } from '../store/reference-cache.ts';
import { writeFeedback } from './feedback.ts';
import { writeImport } from './labels.ts';
import { idOf, parseFeedback, parseImport, parsePrediction, type Parsed, type ParsedFeedback, type ParsedLabel, type RulesOf } from './parse.ts';
import { writePredictions } from './predictions.ts';
import { createRules } from './rules.ts';
import type { IngestAnswer, Refusal } from './schema.ts';
import { createDays, type RowResult, type WriteParts } from './write.ts';

export interface IngestLimits {
  /** Rows of one request of predictions or feedback. */
  readonly rowsPerRequest: number;
  readonly rowsPerImport: number;
  /** Rows, and characters of text, that may wait or be in writing, of each kind. */
  readonly maxRows: number;
  readonly maxSize: number;
  /** Transactions of predictions at once. */
  readonly lanes: number;
  /** Rows of one transaction that several requests share. */
  readonly rowsPerBatch: number;
}

export const LIMITS: IngestLimits = { rowsPerRequest: 10_000, rowsPerImport: 50_000, maxRows: 50_000, maxSize: 64 * 1024 * 1024, lanes: 2, rowsPerBatch: 2_000 };

export interface Ingest {
  /** All answer once the rows are durable. @throws TrimtabError `too-large`, `overloaded`, `stopping` */
  predictions(rows: readonly unknown[]): Promise<IngestAnswer>;
  feedback(rows: readonly unknown[]): Promise<IngestAnswer>;
  /** @throws TrimtabError `not-found` for a model that is not registered */
  importRows(model: string, rows: readonly unknown[]): Promise<IngestAnswer>;
  /** Rows that wait or are being written, of each kind. */
  queued(): Readonly<Record<Kind, number>>;
  /** Takes no more, and ends when all that was taken is written. */
  stop(): Promise<void>;
}

type Kind = 'predictions' | 'feedback' | 'import';
type Parse<Row> = (input: unknown, rulesOf: RulesOf) => Parsed<Row> | string;

export function createIngest(options: { pool: Pool; clock: Clock; events: Pick<Events, 'emit'>; limits?: Partial<IngestLimits> }): Ingest {
  const limits = { ...LIMITS, ...options.limits };
  const rules = createRules();
  const parts: WriteParts = {
    pool: options.pool, clock: options.clock, references: createReferences(),
    rulesOf: (model) => rules.of(model) ?? notRegistered(model),
  };
  const ensureDay = createDays(options.pool);
  const batcher = <Row>(what: string, lanes: number, write: (parts: WriteParts, model: string, rows: readonly Row[]) => Promise<RowResult[]>) =>
    createBatcher<Row, RowResult>({
      what, lanes, rowsPerBatch: limits.rowsPerBatch, rowsForLane: limits.rowsPerBatch / 4, maxRows: limits.maxRows, maxSize: limits.maxSize,
      write: (model, rows) => write(parts, model, rows), isolates: isBadValue,
    });
  const predictions = batcher<NewPrediction>('predictions', limits.lanes, async (_, model, rows) => {
    await ensureDay(parts.clock.now());
    return writePredictions(parts, model, rows);
  });
  const feedback = batcher<ParsedFeedback>('feedbacks', 1, writeFeedback);
  const imports = batcher<ParsedLabel>('rows of imports', 1, writeImport);
  const report = reporter(options.events);

  const submit = async <Row>(kind: Kind, to: Batcher<Row, RowResult>, rows: readonly unknown[], parse: Parse<Row>): Promise<IngestAnswer> => {
    const limit = kind === 'import' ? limits.rowsPerImport : limits.rowsPerRequest;
    if (rows.length > limit) throw new TrimtabError('too-large', { what: `a request of ${rows.length} rows`, limit: `${limit} rows` });
    const started = performance.now();
    const unknown = rules.load(options.pool, rows.flatMap((row) => namedModel(row) ?? []));
    if (unknown !== null) await unknown;
    const { groups, refused } = sort(rows, (row) => parse(row, rules.of));
    const results = await to.add(groups);
    const answer = answerOf(rows, groups, results, refused);
    report(kind, rows, groups, results, refused, (performance.now() - started) / 1000);
    return answer;
  };

  return {
    predictions: (rows) => submit('predictions', predictions, rows, parsePrediction),
    feedback: (rows) => submit('feedback', feedback, rows, parseFeedback),
    async importRows(model, rows) {
      await rules.load(options.pool, [model]);
      if (rules.of(model) === null) return notRegistered(model);
      return submit('import', imports, rows, (row, rulesOf) => parseImport(model, row, rulesOf));
    },
    queued: () => ({ predictions: predictions.held, feedback: feedback.held, import: imports.held }),
    async stop() {
      await Promise.all([predictions.stop(), feedback.stop(), imports.stop()]);
    },
  };
}

interface IndexedGroup<Row> extends Group<Row> {
  /** Place of each row in the request. */
  readonly indices: readonly number[];
}

/** Parses rows and sorts the good ones by model. */
function sort<Row>(rows: readonly unknown[], parse: (row: unknown) => Parsed<Row> | string): { groups: IndexedGroup<Row>[]; refused: Refusal[] } {
  const groups = new Map<string, { key: string; rows: Row[]; indices: number[]; size: number }>();
  const refused: Refusal[] = [];
  rows.forEach((input, index) => {
    const parsed = parse(input);
    if (typeof parsed === 'string') {
      refused.push({ index, id: idOf(input), reason: parsed });
      return;
    }
    let group = groups.get(parsed.model);
    if (group === undefined) groups.set(parsed.model, (group = { key: parsed.model, rows: [], indices: [], size: 0 }));
    group.rows.push(parsed.row);
    group.indices.push(index);
    group.size += parsed.size;
  });
  return { groups: [...groups.values()], refused };
}

function answerOf<Row>(rows: readonly unknown[], groups: readonly IndexedGroup<Row>[], results: readonly RowResult[][], invalid: readonly Refusal[]): IngestAnswer {
  let [accepted, duplicates] = [0, 0];
  const refused = [...invalid];
  groups.forEach((group, g) => results[g]?.forEach((result, at) => {
    const index = group.indices[at] ?? -1;
    if (result === 'accepted') accepted++;
    else if (result === 'duplicate') duplicates++;
    else refused.push({ index, id: idOf(rows[index]), reason: result.refused });
  }));
  return { accepted, duplicates, refused: refused.sort((a, b) => a.index - b.index) };
}

/** Emits one event for each model of a request. Only models that exist are named: a client must not be able to invent series. */
function reporter(events: Pick<Events, 'emit'>) {
  return <Row>(kind: Kind, rows: readonly unknown[], groups: readonly IndexedGroup<Row>[], results: readonly RowResult[][], invalid: readonly Refusal[], seconds: number) => {
    groups.forEach((group, g) => {
      const mine = results[g] ?? [];
      const refused = mine.filter((result) => typeof result === 'object').length;
      if (refused === mine.length && kind !== 'import') return;
      const count = (word: RowResult) => mine.filter((result) => result === word).length;
      const invalidHere = kind === 'import' ? invalid.length : invalid.filter(({ index }) => modelOf(rows[index]) === group.key).length;
      events.emit('ingest:batch', { model: group.key, kind, accepted: count('accepted'), duplicates: count('duplicate'), refused: refused + invalidHere, seconds });
    });
  };
}

function modelOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null && 'model' in input ? input.model : null;
}

function namedModel(input: unknown): string | null {
  const model = modelOf(input);
  return typeof model === 'string' ? model : null;
}

function notRegistered(model: string): never {
  throw new TrimtabError('not-found', { what: 'model', id: model });
}
