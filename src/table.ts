/** Anyone's table of rows: CSV with a header, or JSONL, plain or gzipped. Rows that cannot be read are counted and named. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { TrimtabError, messageOf } from './errors.ts';

export type TableFormat = 'csv' | 'jsonl';

export interface TableRecord {
  /** Number of the row in the file, from 1, without the header. */
  readonly row: number;
  readonly record: Readonly<Record<string, unknown>>;
}

export interface Unreadable {
  /** Number of the row in the file, from 1, without the header. */
  readonly row: number;
  readonly problem: string;
}

export interface Table {
  readonly records: readonly TableRecord[];
  readonly unreadable: readonly Unreadable[];
}

/**
 * Text and format of a file whose name ends in .csv, .jsonl or .ndjson, or one of these with .gz.
 * @throws TrimtabError `bad-data`
 */
export async function readTableFile(file: string): Promise<{ text: string; format: TableFormat }> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new TrimtabError('bad-data', { what: file, problem: messageOf(error), right: 'give the path of a CSV or JSONL file' });
  });
  const name = file.replace(/\.gz$/, '');
  return { text: (name === file ? bytes : gunzipSync(bytes)).toString('utf8'), format: /\.(jsonl|ndjson)$/.test(name) ? 'jsonl' : 'csv' };
}

/**
 * `what` names the source in errors.
 * @throws TrimtabError `bad-data` for a CSV without a header
 */
export function parseTable(text: string, format: TableFormat, what: string): Table {
  return format === 'csv' ? csvTable(text, what) : jsonTable(text);
}

/** The columns that occur in any record. */
export function columnsOf(table: Table): string[] {
  return [...new Set(table.records.flatMap(({ record }) => Object.keys(record)))];
}

/** True for a value that can stand in a cell: a text that is not blank, a number, a truth value. */
export const isFilled = (value: unknown) => (typeof value === 'string' && value.trim() !== '') || typeof value === 'number' || typeof value === 'boolean';

function csvTable(text: string, what: string): Table {
  const parsed = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true, relax_quotes: true }) as string[][];
  const [header, ...lines] = parsed;
  if (header === undefined) throw new TrimtabError('bad-data', { what, problem: 'it is empty', right: 'its first line names the columns' });
  const unreadable: Unreadable[] = [];
  const records = lines.flatMap((line, index) => {
    if (line.length === header.length) return [{ row: index + 1, record: Object.fromEntries(header.map((name, i) => [name, line[i]])) }];
    unreadable.push({ row: index + 1, problem: `${line.length} fields where the header has ${header.length}` });
    return [];
  });
  return { records, unreadable };
}

function jsonTable(text: string): Table {
  const unreadable: Unreadable[] = [];
  const records = text.split('\n').flatMap((line, index) => {
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
  return { records, unreadable };
}
