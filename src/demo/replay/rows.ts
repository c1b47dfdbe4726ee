/** Reads anyone's labelled rows: CSV with a header, or JSONL, plain or gzipped. Rows that cannot be read are counted and named. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { TrimtabError, messageOf } from '../../errors.ts';

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

export interface Unreadable {
  /** Number of the row in the file, from 1, without the header. */
  readonly row: number;
  readonly problem: string;
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
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new TrimtabError('bad-data', { what: file, problem: messageOf(error), right: 'give --data the path of a CSV or JSONL file' });
  });
  const name = file.replace(/\.gz$/, '');
  const text = (name === file ? bytes : gunzipSync(bytes)).toString('utf8');
  return parseRows(text, /\.(jsonl|ndjson)$/.test(name) ? 'jsonl' : 'csv', columns, file);
}

/**
 * `what` names the source in errors.
 * @throws TrimtabError `bad-data` when a column is missing (naming those that exist) or no row can be read
 */
export function parseRows(text: string, format: 'csv' | 'jsonl', columns: Columns, what: string): ReadRows {
  const unreadable: Unreadable[] = [];
  const records = format === 'csv' ? csvRecords(text, what, unreadable) : jsonRecords(text, unreadable);
  requireColumns(records, columns, what);
  const rows: ReplayRow[] = [];
  for (const { row, record } of records) {
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

interface NumberedRecord {
  readonly row: number;
  readonly record: Readonly<Record<string, unknown>>;
}

function csvRecords(text: string, what: string, unreadable: Unreadable[]): NumberedRecord[] {
  const parsed = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true, relax_quotes: true }) as string[][];
  const [header, ...lines] = parsed;
  if (header === undefined) throw new TrimtabError('bad-data', { what, problem: 'it is empty', right: 'its first line names the columns' });
  return lines.flatMap((line, index) => {
    if (line.length === header.length) return [{ row: index + 1, record: Object.fromEntries(header.map((name, i) => [name, line[i]])) }];
    unreadable.push({ row: index + 1, problem: `${line.length} fields where the header has ${header.length}` });
    return [];
  });
}

function jsonRecords(text: string, unreadable: Unreadable[]): NumberedRecord[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return [{ row: index + 1, record: value as Record<string, unknown> }];
      unreadable.push({ row: index + 1, problem: 'is JSON but no object' });
    } catch (error) {
      unreadable.push({ row: index + 1, problem: messageOf(error) });
    }
    return [];
  });
}

function requireColumns(records: readonly NumberedRecord[], columns: Columns, what: string): void {
  const existing = [...new Set(records.flatMap(({ record }) => Object.keys(record)))];
  if (records.length === 0) return;
  for (const role of ['text', 'label', 'stage'] as const) {
    if (existing.includes(columns[role])) continue;
    throw new TrimtabError('bad-data', { what, problem: `it has no column "${columns[role]}" (--${role})`, right: `its columns are: ${existing.join(', ')}` });
  }
}

const isFilled = (value: unknown) => (typeof value === 'string' && value.trim() !== '') || typeof value === 'number' || typeof value === 'boolean';
