/**
 * Converts utterances with slots, as the SNIPS data set has them, into rows for a replay of every task:
 *
 *     node src/demo/replay/snips.ts snips.jsonl.gz > snips-rows.jsonl
 *     npm run replay -- --data snips-rows.jsonl --task extraction --group 3,2,2
 *     npm run replay -- --data snips-rows.jsonl --task embedding --group 3,2,2
 *     npm run replay -- --data snips-rows.jsonl --task generation --metric json --group 3,2,2
 *
 * In: lines of {text, intent, slots: [{slot, start, end}]}. Out: lines of {text, label, spans, positive, completion, stage}; the
 * stage is the intent, so intents come one after the other.
 */
import { isTrimtabError, TrimtabError } from '../../errors.ts';
import { parseTable, readTableFile } from '../../table.ts';
import { taskRules, type Span } from '../../tasks/index.ts';
import { described } from './example.ts';

/** The row, or null for a line of another form or whose slots do not fit its text. */
export function fromSnips(record: Readonly<Record<string, unknown>>): object | null {
  const { text, intent, slots } = record;
  if (typeof text !== 'string' || typeof intent !== 'string' || !Array.isArray(slots)) return null;
  try {
    const rules = taskRules('extraction');
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

async function main([file]: readonly string[]): Promise<void> {
  if (file === undefined) throw new TrimtabError('bad-request', { what: 'arguments', problem: 'no file is named', right: 'node src/demo/replay/snips.ts FILE > ROWS' });
  const { text, format } = await readTableFile(file);
  const rows = parseTable(text, format, file).records.map(({ record }) => fromSnips(record));
  const good = rows.filter((row) => row !== null);
  process.stdout.write(good.map((row) => `${JSON.stringify(row)}\n`).join(''));
  process.stderr.write(`${good.length} rows, ${rows.length - good.length} left out\n`);
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
