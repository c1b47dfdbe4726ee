/**
 * Converts utterances with slots, as the SNIPS data set has them, into rows for a replay of every task; with --each only the first N of each intent:
 *
 *     node src/demo/replay/snips.ts snips.jsonl.gz [--each N] > snips-rows.jsonl
 *     npm run replay -- --data snips-rows.jsonl --task extraction --group 3,2,2
 *     npm run replay -- --data snips-rows.jsonl --task embedding --group 3,2,2
 *     npm run replay -- --data snips-rows.jsonl --task generation --metric json --group 3,2,2
 *
 * In: lines of {text, intent, slots: [{slot, start, end, text?}]}. Out: lines of {text, label, spans, positive, completion, stage}; the
 * stage is the intent, so intents come one after the other.
 */
import { parseArgs } from 'node:util';
import { isTrimtabError, messageOf, TrimtabError } from '../../errors.ts';
import { parseTable, readTableFile } from '../../table.ts';
import { taskRules, type Span } from '../../tasks/index.ts';
import { described, type ExampleRow } from './example.ts';

export interface SnipsRow extends Omit<ExampleRow, 'stage'> {
  readonly stage: string;
}

/** The row, or null for a line of another form or whose slots do not fit its text. */
export function fromSnips(record: Readonly<Record<string, unknown>>): SnipsRow | null {
  const { text, intent, slots } = record;
  if (typeof text !== 'string' || typeof intent !== 'string' || !Array.isArray(slots)) return null;
  try {
    const rules = taskRules('extraction');
    // Offsets that count other units than ours would teach spans a few letters off.
    if (slots.some((slot: Record<string, unknown>) => slot['text'] !== undefined && slot['text'] !== text.slice(slot['start'] as number, slot['end'] as number))) return null;
    const given = slots.map(({ slot, start, end }: Record<string, unknown>) => ({ start, end, label: slot }));
    const spans = rules.truthValue(rules.parseTruth(given, text)) as Span[];
    // AddToPlaylist: add_to_playlist
    const wish = intent.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
    return { text, label: wish, spans, ...described(wish, text, spans), stage: wish };
  } catch (error) {
    if (isTrimtabError(error, 'bad-data')) return null;
    throw error;
  }
}

/** The first `each` rows of each stage, in their order. */
export function firstOfEach<Row extends { readonly stage: string }>(rows: readonly Row[], each: number): Row[] {
  const taken = new Map<string, number>();
  return rows.filter(({ stage }) => {
    const before = taken.get(stage) ?? 0;
    taken.set(stage, before + 1);
    return before < each;
  });
}

const RIGHT = 'node src/demo/replay/snips.ts FILE [--each N] > ROWS';

async function main(args: readonly string[]): Promise<void> {
  const { file, each } = options(args);
  const { text, format } = await readTableFile(file);
  const rows = parseTable(text, format, file).records.map(({ record }) => fromSnips(record));
  const good = rows.filter((row) => row !== null);
  const taken = firstOfEach(good, each);
  process.stdout.write(taken.map((row) => `${JSON.stringify(row)}\n`).join(''));
  process.stderr.write(`${taken.length} rows, ${good.length - taken.length} not asked for, ${rows.length - good.length} of another form left out\n`);
}

function options(args: readonly string[]): { file: string; each: number } {
  const wrong = (problem: string) => new TrimtabError('bad-request', { what: 'arguments', problem, right: RIGHT });
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options: { each: { type: 'string' } }, allowPositionals: true });
    } catch (error) {
      throw wrong(messageOf(error));
    }
  })();
  const [file, extra] = parsed.positionals;
  if (file === undefined) throw wrong('no file is named');
  if (extra !== undefined) throw wrong(`"${extra}" is one too many`);
  const each = parsed.values.each === undefined ? Infinity : Number(parsed.values.each);
  if (!(each >= 1)) throw wrong(`--each "${parsed.values.each}" is no number from 1`);
  return { file, each };
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!isTrimtabError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
