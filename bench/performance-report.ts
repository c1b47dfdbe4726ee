/**
 * A report of performance over a million predictions, a twentieth of them labelled, on the embedded PostgreSQL.
 * `node bench/performance-report.ts [--rows N] [--json]`.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { VirtualClock } from '../src/clock.ts';
import { createPerformance } from '../src/drift/performance/index.ts';
import { parseSpec } from '../src/spec.ts';
import { startEmbedded, temporaryDataDir } from '../src/store/embedded.ts';
import { migrate } from '../src/store/migrate.ts';
import { putModel } from '../src/store/models.ts';
import { ensurePartitions } from '../src/store/partitions.ts';
import { openPool, transaction, type Pool } from '../src/store/postgres.ts';
import { DAY, HOUR } from '../src/vocabulary.ts';
import type { BenchRow } from './row.ts';

const MODEL = 'bench';
const DAYS = 7;
const REPEATS = 5;
const FROM = new Date('2026-03-01T00:00:00Z');
const TO = new Date(FROM.getTime() + DAYS * DAY);

async function fill(pool: Pool, rows: number): Promise<void> {
  await transaction(pool, (db) => putModel(db, parseSpec({ name: MODEL, task: 'classification', serving: {} }), FROM));
  await transaction(pool, (db) => ensurePartitions(db, FROM, TO));
  await pool.query(
    `insert into predictions (model, id, received_at, pane, adapter, input, label, confidence, segment)
     select $1, 'p' || n, $2::timestamptz + n * ($3::float8 / $4) * interval '1 millisecond', 1, 'bench-1', repeat(md5(n::text), 5), 'a', (n::bigint * 7919 % 1000) / 1000.0, 's' || n % 5
     from generate_series(0, $4::int - 1) n`,
    [MODEL, FROM, DAYS * DAY, rows],
  );
  await pool.query(
    `insert into outcomes (model, prediction_id, predicted_at, arrived_at, adapter, segment, confidence, metric, first_score, score, said, repeats, contradictions)
     select model, id, received_at, received_at + random() * interval '12 hours', adapter, segment, confidence, 'accuracy', (random() < 0.8)::int, (random() < 0.8)::int, 'truth', 0, 0
     from predictions where substr(id, 2)::int % 20 = 0`,
  );
  await pool.query('vacuum analyze');
}

/** Median and longest time of a report, in milliseconds. */
async function time(report: () => Promise<unknown>): Promise<[number, number]> {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const began = performance.now();
    await report();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return [times[REPEATS >> 1] as number, times.at(-1) as number];
}

export async function performanceReportRows({ rows = 1_000_000 }: { readonly rows?: number } = {}): Promise<BenchRow[]> {
  const dir = await temporaryDataDir('trimtab-bench-');
  const server = await startEmbedded({ dir: path.join(dir, 'postgres') });
  try {
    await migrate(server.url);
    const pool = openPool(server.url, { max: 2, onError: () => {} });
    await fill(pool, rows);
    const performanceOf = createPerformance({ pool, clock: new VirtualClock(TO) });
    const question = { model: MODEL, from: FROM, to: TO, bucketMs: DAY, segment: null };
    const of = `report over ${rows.toLocaleString('en')} predictions of ${DAYS} days, 5 % labelled`;
    const figures = [
      [`${of}, by the day`, await time(() => performanceOf.report(question))],
      [`${of}, by the hour`, await time(() => performanceOf.report({ ...question, bucketMs: HOUR }))],
      [`${of}, of one segment in five`, await time(() => performanceOf.report({ ...question, segment: 's1' }))],
      [`${of}, of the last day`, await time(() => performanceOf.report({ ...question, from: new Date(TO.getTime() - DAY) }))],
    ] as const;
    await pool.end();
    return figures.map(([name, [median, longest]]) => ({ name: `${name}, median of ${REPEATS} (longest ${Math.round(longest)})`, figure: Math.round(median), unit: 'ms', goal: 'none', reached: true }));
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { rows: { type: 'string' }, json: { type: 'boolean' } } });
  const rows = await performanceReportRows({ rows: Number(values.rows ?? 1_000_000) });
  if (values.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else console.table(rows);
}
