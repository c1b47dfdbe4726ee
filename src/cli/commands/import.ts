/** `import MODEL FILE`: labelled rows of a file into a model, through the service or straight into its database. */
import { OffsetClock } from '../../clock.ts';
import { TrimtabError } from '../../errors.ts';
import { createIngest, type Ingest } from '../../ingest/index.ts';
import type { ImportRow, IngestAnswer } from '../../ingest/schema.ts';
import { databaseNow } from '../../store/clock.ts';
import type { Pool } from '../../store/postgres.ts';
import { readArguments, textOf } from '../arguments.ts';
import { showFields, type Command, type Context } from '../command.ts';
import { postRows } from '../http.ts';
import { inBatches, readImport, type ImportFile } from '../import-file.ts';
import { COLUMNS, namedColumns } from '../labelled-file.ts';
import { withStore } from '../open.ts';

const usage = 'import MODEL FILE [--text COL | --messages COL [--tools COL]] [--label COL | --labels COL | --spans COL | --document COL | --completion COL] '
  + '[--id COL] [--segment COL] [--labelled-at COL] [--url URL [--key KEY]]';
const text = { type: 'string' } as const;
const MOST_SHOWN = 5;

type Send = (rows: readonly ImportRow[]) => Promise<IngestAnswer>;

export const importRows: Command = {
  words: ['import'],
  usage,
  summary: 'import labelled rows from CSV or JSONL (.gz too): columns text or messages, and the truth of the task; with --url through a running service',
  async run(args, context) {
    const parsed = readArguments(args, ['MODEL', 'FILE'], usage, { ...COLUMNS, url: text, key: text });
    const [model = '', file = ''] = parsed.positionals;
    const read = await readImport(file, namedColumns(parsed));
    const config = context.config(textOf(parsed, 'data'));
    const url = textOf(parsed, 'url');
    const answer = url === null
      ? await withStore(config, ({ pool }) => straight(pool, (ingest) => sendAll(read, (rows) => ingest.importRows(model, rows))))
      : await sendAll(read, postRows({ url, key: textOf(parsed, 'key') ?? config.apiKey, model }));
    if (parsed.values['json'] === true) context.out(JSON.stringify(answer));
    else show(context, answer);
    return answer.refused.length === 0 ? 0 : 1;
  },
};

/** Ingest on the database's clock, as the service has it. */
async function straight<T>(pool: Pool, work: (ingest: Ingest) => Promise<T>): Promise<T> {
  const clock = new OffsetClock();
  const before = Date.now();
  clock.correct(await databaseNow(pool), before, Date.now());
  const ingest = createIngest({ pool, clock, events: { emit: () => {} } });
  return work(ingest).finally(() => ingest.stop());
}

interface ImportAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  /** By their row in the file, from 1. */
  readonly refused: readonly { readonly row: number; readonly reason: string }[];
}

async function sendAll(file: ImportFile, send: Send): Promise<ImportAnswer> {
  let [accepted, duplicates] = [0, 0];
  const refused = file.unreadable.map(({ row, problem }) => ({ row, reason: problem }));
  for (const batch of inBatches(file.rows)) {
    const answer = await send(batch.map(({ row: _, ...input }) => input));
    accepted += answer.accepted;
    duplicates += answer.duplicates;
    for (const { index, reason } of answer.refused) refused.push({ row: batch[index]?.row ?? 0, reason });
  }
  if (accepted + duplicates + refused.length === 0) throw new TrimtabError('bad-data', { what: 'the file', problem: 'it holds no rows', right: 'give rows with a text and a truth' });
  return { accepted, duplicates, refused: refused.sort((a, b) => a.row - b.row) };
}

function show(context: Context, { accepted, duplicates, refused }: ImportAnswer): void {
  showFields(context, { accepted: String(accepted), duplicates: String(duplicates), refused: String(refused.length) });
  for (const { row, reason } of refused.slice(0, MOST_SHOWN)) context.err(`row ${row}: ${reason}`);
  if (refused.length > MOST_SHOWN) context.err(`... and ${refused.length - MOST_SHOWN} more; --json lists them all`);
}
