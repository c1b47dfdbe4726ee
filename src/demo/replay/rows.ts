/** Reads the rows of a replay: anyone's labelled table, with a column that says the stage. */
import { TrimtabError } from '../../errors.ts';
import { columnsOf, isFilled, parseTable, readTableFile, type Table, type TableFormat, type Unreadable } from '../../table.ts';

export interface ReplayRow {
  /** `r` and the row's number in the file, from 1. */
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly stage: string;
}

export interface Columns {
  readonly text: string;
  readonly label: string;
  readonly stage: string;
}

export interface ReadRows {
  readonly rows: readonly ReplayRow[];
  readonly unreadable: readonly Unreadable[];
}

/**
 * Reads a file whose name ends in .csv, .jsonl or .ndjson, or one of these with .gz.
 * @throws TrimtabError `bad-data`
 */
export async function readRows(file: string, columns: Columns): Promise<ReadRows> {
  const { text, format } = await readTableFile(file);
  return parseRows(text, format, columns, file);
}

/**
 * `what` names the source in errors.
 * @throws TrimtabError `bad-data` when a column is missing (naming those that exist) or no row can be read
 */
export function parseRows(text: string, format: TableFormat, columns: Columns, what: string): ReadRows {
  const table = parseTable(text, format, what);
  requireColumns(table, columns, what);
  const unreadable = [...table.unreadable];
  const rows: ReplayRow[] = [];
  for (const { row, record } of table.records) {
    const missing = (['text', 'label', 'stage'] as const).find((role) => !isFilled(record[columns[role]]));
    if (missing === undefined) {
      rows.push({ id: `r${row}`, text: String(record[columns.text]), label: String(record[columns.label]), stage: String(record[columns.stage]) });
    } else {
      unreadable.push({ row, problem: `column "${columns[missing]}" is empty or no plain value` });
    }
  }
  if (rows.length === 0) {
    const first = unreadable[0];
    const problem = first === undefined ? 'it holds no rows' : `none of its ${unreadable.length} rows can be read (row ${first.row}: ${first.problem})`;
    throw new TrimtabError('bad-data', { what, problem, right: 'give rows with a text, a label and a stage' });
  }
  return { rows, unreadable: unreadable.sort((a, b) => a.row - b.row) };
}

function requireColumns(table: Table, columns: Columns, what: string): void {
  const existing = columnsOf(table);
  if (table.records.length === 0) return;
  for (const role of ['text', 'label', 'stage'] as const) {
    if (existing.includes(columns[role])) continue;
    throw new TrimtabError('bad-data', { what, problem: `it has no column "${columns[role]}" (--${role})`, right: `its columns are: ${existing.join(', ')}` });
  }
}
