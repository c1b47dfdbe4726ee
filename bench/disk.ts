/**
 * What a million rows take on disk: predictions of 160 characters with one label and a confidence, as `bench/ingest.ts` makes them, and the true labels of a fifth of them.
 * `node bench/disk.ts` prints the table; it does not depend on how busy the machine is.
 */
import { BATCH, rowsFrom, withIngest } from './ingest.ts';
import type { BenchRow } from './row.ts';

const ROWS = 200_000;
const LABELLED = ROWS / 5;
const MILLION = 1_000_000;
const MIB = 2 ** 20;

/** Rows of the common bench. */
export async function diskRows(): Promise<BenchRow[]> {
  return withIngest(async (ingest, pool) => {
    const size = async () => Number((await pool.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes')).rows[0]?.bytes);
    const empty = await size();
    for (let at = 0; at < ROWS; at += BATCH) await ingest.predictions(rowsFrom(at, BATCH));
    const predicted = await size();
    const feedback = (rowsFrom(0, LABELLED) as { id: string; label: string }[]).map(({ id, label }) => ({ model: 'bench', predictionId: id, label }));
    for (let at = 0; at < LABELLED; at += BATCH) await ingest.feedback(feedback.slice(at, at + BATCH));
    const mib = (bytes: number, rows: number) => Math.round((bytes / rows) * (MILLION / MIB));
    return [
      { name: 'a million predictions of 160 characters, with indexes', figure: mib(predicted - empty, ROWS), unit: 'MiB', goal: 'none', reached: true },
      { name: 'a million true labels, with their texts and what examines them', figure: mib((await size()) - predicted, LABELLED), unit: 'MiB', goal: 'none', reached: true },
    ];
  });
}

if (import.meta.main) console.table(await diskRows());
