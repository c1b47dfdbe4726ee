/** The rows of a file to import, and the batches that they are sent in. */
import { TrimtabError } from '../errors.ts';
import type { ImportRow } from '../ingest/schema.ts';
import { columnsOf, isFilled, parseTable, readTableFile, type TableFormat, type Unreadable } from '../table.ts';

export interface ImportColumns {
  readonly text: string;
  readonly label: string;
  /** Null: the service makes ids from the texts. */
  readonly id: string | null;
  readonly segment: string | null;
}

export interface NumberedRow extends ImportRow {
  /** Number of the row in the file, from 1. */
  readonly row: number;
  readonly text: string;
  readonly label: string;
}

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
export function parseImportFile(text: string, format: TableFormat, columns: ImportColumns, what: string): ImportFile {
  const table = parseTable(text, format, what);
  const existing = columnsOf(table);
  const wanted = Object.entries(columns).flatMap(([role, name]) => (name === null ? [] : [[role, name as string] as const]));
  for (const [role, name] of wanted) {
    if (table.records.length === 0 || existing.includes(name)) continue;
    throw new TrimtabError('bad-data', { what, problem: `it has no column "${name}" (--${role})`, right: `its columns are: ${existing.join(', ')}` });
  }
  const rows: NumberedRow[] = [];
  const unreadable = [...table.unreadable];
  for (const { row, record } of table.records) {
    const missing = [columns.text, columns.label].find((name) => !isFilled(record[name]));
    if (missing !== undefined) unreadable.push({ row, problem: `column "${missing}" is empty or no plain value` });
    else rows.push({ row, text: String(record[columns.text]), label: String(record[columns.label]), ...optional('id', columns.id, record), ...optional('segment', columns.segment, record) });
  }
  return { rows, unreadable };
}

function optional<const K extends 'id' | 'segment'>(key: K, column: string | null, record: Readonly<Record<string, unknown>>): { [key in K]?: string } {
  const value = column === null ? undefined : record[column];
  return isFilled(value) ? ({ [key]: String(value) } as { [key in K]?: string }) : {};
}

/** In order, each within the limits of one request; a longer row stands alone. */
export function* inBatches(rows: readonly NumberedRow[]): Generator<readonly NumberedRow[]> {
  let [batch, characters]: [NumberedRow[], number] = [[], 0];
  for (const row of rows) {
    const size = row.text.length + row.label.length;
    if (batch.length > 0 && (batch.length === MOST_ROWS || characters + size > MOST_CHARACTERS)) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(row);
    characters += size;
  }
  if (batch.length > 0) yield batch;
}
