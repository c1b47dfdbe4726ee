/** Reads the rows of a replay: anyone's labelled table, with a column that says the stage. */
import { messageOf, TrimtabError } from '../../errors.ts';
import { columnsOf, isFilled, parseTable, readTableFile, type Table, type TableFormat, type TableRecord, type Unreadable } from '../../table.ts';
import { canonicalChat, type TaskRules } from '../../tasks/index.ts';

export interface ReplayRow {
  /** `r` and the row's number in the file, from 1. */
  readonly id: string;
  readonly text: string;
  /** The canonical truth. */
  readonly label: string;
  readonly stage: string;
}

export interface Columns {
  readonly text: string;
  readonly truth: string;
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
export async function readRows(file: string, columns: Columns, rules: TaskRules): Promise<ReadRows> {
  const { text, format } = await readTableFile(file);
  return parseRows(text, format, columns, file, rules);
}

/**
 * `what` names the source in errors.
 * @throws TrimtabError `bad-data` when a column is missing (naming those that exist) or no row can be read
 */
export function parseRows(text: string, format: TableFormat, columns: Columns, what: string, rules: TaskRules): ReadRows {
  const table = parseTable(text, format, what);
  requireColumns(table, columns, what);
  const unreadable = [...table.unreadable];
  const rows: ReplayRow[] = [];
  for (const each of table.records) {
    const row = rowOf(each, columns, rules);
    if (typeof row === 'string') unreadable.push({ row: each.row, problem: row });
    else rows.push(row);
  }
  if (rows.length === 0) {
    const first = unreadable[0];
    const problem = first === undefined ? 'it holds no rows' : `none of its ${unreadable.length} rows can be read (row ${first.row}: ${first.problem})`;
    throw new TrimtabError('bad-data', { what, problem, right: 'give rows with a text, a truth and a stage' });
  }
  return { rows, unreadable: unreadable.sort((a, b) => a.row - b.row) };
}

/** The row, or why it cannot be read. */
function rowOf({ row, record }: TableRecord, columns: Columns, rules: TaskRules): ReplayRow | string {
  const [text, truth, stage] = [record[columns.text], record[columns.truth], record[columns.stage]];
  const isChat = rules.task === 'generation' && Array.isArray(text);
  const isList = LISTS.includes(rules.truthField);
  if (!isFilled(stage)) return empty(columns.stage);
  if (!isChat && !isFilled(text)) return empty(columns.text);
  if (!isFilled(truth) && !(isList && Array.isArray(truth))) return empty(columns.truth);
  try {
    const input = isChat ? canonicalChat({ messages: text, tools: record['tools'] }) : String(text);
    const value = !isList ? String(truth) : typeof truth === 'string' ? (JSON.parse(truth) as unknown) : truth;
    return { id: `r${row}`, text: input, label: rules.parseTruth(value, input), stage: String(stage) };
  } catch (error) {
    return `column "${columns.truth}": ${messageOf(error)}`;
  }
}

/** Truths that are lists: JSON in a cell of a CSV. */
const LISTS: readonly string[] = ['labels', 'spans'];
const empty = (column: string) => `column "${column}" is empty or no plain value`;

/** A column and the option that names it. */
function requireColumns(table: Table, { text, truth, stage }: Columns, what: string): void {
  const existing = columnsOf(table);
  if (table.records.length === 0) return;
  for (const [option, column] of [['text', text], ['label', truth], ['stage', stage]] as const) {
    if (existing.includes(column)) continue;
    throw new TrimtabError('bad-data', { what, problem: `it has no column "${column}" (--${option})`, right: `its columns are: ${existing.join(', ')}` });
  }
}
