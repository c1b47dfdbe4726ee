/** Labelled rows of a file as the engine takes them: every truth checked by the rules of its task. */
import { TrimtabError } from '../errors.ts';
import { parseImport } from '../ingest/parse.ts';
import type { LabelledText, TaskRules } from '../tasks/index.ts';
import type { Arguments } from './arguments.ts';
import { textOf } from './arguments.ts';
import type { Context } from './command.ts';
import { COLUMN_OPTIONS, readImport, type ImportColumns } from './import-file.ts';

const text = { type: 'string' } as const;
export const COLUMNS = Object.fromEntries(Object.values(COLUMN_OPTIONS).map((option) => [option, text]));
const MOST_SHOWN = 5;

export function namedColumns(parsed: Arguments): ImportColumns {
  const named = Object.entries(COLUMN_OPTIONS).map(([field, option]) => [field, textOf(parsed, option)] as const);
  return Object.fromEntries(named.filter(([, column]) => column !== null));
}

/** Rows that cannot be used are named and left out. @throws TrimtabError `bad-data` when none is left */
export async function readLabelled(file: string, parsed: Arguments, rules: TaskRules, context: Pick<Context, 'err'>): Promise<LabelledText[]> {
  const { rows, unreadable } = await readImport(file, namedColumns(parsed));
  const refused = [...unreadable];
  const good: LabelledText[] = [];
  for (const { row, ...input } of rows) {
    const read = parseImport(file, input, () => rules);
    if (typeof read === 'string') refused.push({ row, problem: read });
    // several rows of a file may have one text: their number tells them apart
    else good.push({ id: input.id ?? `row-${row}`, text: read.row.text, label: read.row.label });
  }
  for (const { row, problem } of refused.slice(0, MOST_SHOWN)) context.err(`${file}, row ${row}: ${problem}`);
  if (refused.length > MOST_SHOWN) context.err(`... and ${refused.length - MOST_SHOWN} more rows cannot be used`);
  if (good.length === 0) throw new TrimtabError('bad-data', { what: file, problem: 'none of its rows can be used', right: `give rows with a text and a truth of the task ${rules.task}` });
  return good;
}
