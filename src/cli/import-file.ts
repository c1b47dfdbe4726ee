/** The rows of a file to import, and the batches that they are sent in. Whether a truth is of the model's task, ingest says. */
import { TrimtabError, messageOf } from '../errors.ts';
import type { ImportRow } from '../ingest/schema.ts';
import { columnsOf, isFilled, parseTable, readTableFile, type TableFormat, type Unreadable } from '../table.ts';

type Field = keyof ImportRow;

/** The option that names the column of each field. */
export const COLUMN_OPTIONS = {
  text: 'text', messages: 'messages', tools: 'tools', label: 'label', labels: 'labels', spans: 'spans', document: 'document', completion: 'completion',
  id: 'id', segment: 'segment', labelledAt: 'labelled-at',
} as const satisfies Record<Field, string>;

const INPUTS = ['text', 'messages'] as const satisfies readonly Field[];
const TRUTHS = ['label', 'labels', 'spans', 'document', 'completion'] as const satisfies readonly Field[];

/** Fields that are lists, with an example: JSON in a cell of a CSV. */
const LISTS: Readonly<Partial<Record<Field, string>>> = {
  messages: '[{"role": "user", "content": "hi"}]',
  tools: '[{"type": "function", "function": {"name": "weather"}}]',
  labels: '["billing", "urgent"]',
  spans: '[{"start": 0, "end": 4, "label": "city"}]',
};

/** Columns that somebody named, by their field. The others are found by the field's own name; id, segment and labelledAt are taken only when named. */
export type ImportColumns = Readonly<Partial<Record<Field, string>>>;

export type NumberedRow = ImportRow & {
  /** Number of the row in the file, from 1. */
  readonly row: number;
};

export interface ImportFile {
  readonly rows: readonly NumberedRow[];
  readonly unreadable: readonly Unreadable[];
}

const MOST_ROWS = 2_000;
/** Characters; with three bytes for each it stays below the service's limit of a body. */
const MOST_CHARACTERS = 2_000_000;

/** @throws TrimtabError `bad-data` when the file cannot be read or lacks a column */
export async function readImport(file: string, columns: ImportColumns): Promise<ImportFile> {
  const { text, format } = await readTableFile(file);
  return parseImportFile(text, format, columns, file);
}

/** `what` names the source in errors. */
export function parseImportFile(text: string, format: TableFormat, named: ImportColumns, what: string): ImportFile {
  const table = parseTable(text, format, what);
  const unreadable = [...table.unreadable];
  if (table.records.length === 0) return { rows: [], unreadable };
  const columns = columnsFor(named, columnsOf(table), what);
  const rows: NumberedRow[] = [];
  for (const { row, record } of table.records) {
    const read = rowOf(columns, record);
    if (typeof read === 'string') unreadable.push({ row, problem: read });
    else rows.push({ row, ...read });
  }
  return { rows, unreadable };
}

type Columns = ReadonlyMap<Field, string>;

/** The columns that are read. */
function columnsFor(named: ImportColumns, existing: readonly string[], what: string): Columns {
  const refuse = (problem: string): never => {
    throw new TrimtabError('bad-data', { what, problem, right: `its columns are: ${existing.join(', ')}` });
  };
  for (const [field, column] of Object.entries(named) as [Field, string][]) if (!existing.includes(column)) refuse(`it has no column "${column}" (--${COLUMN_OPTIONS[field]})`);
  const found = (fields: readonly Field[]): Field[] => {
    const given = fields.filter((field) => named[field] !== undefined);
    return given.length > 0 ? given : fields.filter((field) => existing.includes(field));
  };
  const options = (fields: readonly Field[]) => fields.map((field) => `--${COLUMN_OPTIONS[field]}`).join(', ');
  const [inputs, truths] = [found(INPUTS), found(TRUTHS)];
  if (inputs.length === 0) refuse('it has no column "text" (--text) and none "messages" (--messages)');
  if (truths.length === 0) refuse(`it has no column ${TRUTHS.map((field) => `"${field}"`).join(', ')}; name the one that holds the truth (${options(TRUTHS)})`);
  if (truths.length > 1) refuse(`it has several truths, and a model learns one; give one of ${options(truths)}`);
  const tools = inputs.includes('messages') ? found(['tools']) : [];
  const further = (['id', 'segment', 'labelledAt'] as const).filter((field) => named[field] !== undefined);
  return new Map([...inputs, ...truths, ...tools, ...further].map((field) => [field, named[field] ?? field]));
}

/** The row, or why it cannot be read. */
function rowOf(columns: Columns, record: Readonly<Record<string, unknown>>): ImportRow | string {
  const row: Record<string, unknown> = {};
  for (const [field, column] of columns) {
    const value = LISTS[field] === undefined ? plain(record[column]) : list(field, column, record[column]);
    if (typeof value === 'object' && 'problem' in value) return value.problem;
    if (value !== undefined) row[field] = value;
  }
  const missing = [INPUTS, TRUTHS].map((fields: readonly Field[]) => fields.filter((field) => columns.has(field))).find((fields) => fields.every((field) => row[field] === undefined));
  if (missing === undefined) return row as ImportRow;
  return missing.map((field) => `column "${columns.get(field)}" is empty or no ${LISTS[field] === undefined ? 'plain value' : 'list'}`).join(', ');
}

const plain = (value: unknown): string | undefined => (isFilled(value) ? String(value) : undefined);

function list(field: Field, column: string, value: unknown): readonly unknown[] | { readonly problem: string } | undefined {
  if (Array.isArray(value)) return value;
  if (!isFilled(value)) return undefined;
  const wrong = (problem: string) => ({ problem: `column "${column}" ${problem}; write a list such as ${LISTS[field]}` });
  try {
    const parsed: unknown = JSON.parse(String(value));
    return Array.isArray(parsed) ? parsed : wrong('is JSON but no list');
  } catch (error) {
    return wrong(`is no JSON (${messageOf(error)})`);
  }
}

/** In order, each within the limits of one request; a longer row stands alone. */
export function* inBatches(rows: readonly NumberedRow[]): Generator<readonly NumberedRow[]> {
  let [batch, characters]: [NumberedRow[], number] = [[], 0];
  for (const row of rows) {
    const size = JSON.stringify(row).length;
    if (batch.length > 0 && (batch.length === MOST_ROWS || characters + size > MOST_CHARACTERS)) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(row);
    characters += size;
  }
  if (batch.length > 0) yield batch;
}
