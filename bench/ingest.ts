/**
 * Ingest measured on the shipped code: durable (fsync and synchronous_commit on) and profiled, on the embedded PostgreSQL.
 * `node bench/ingest.ts` prints the table; `--variants` also compares ways into the table of ids.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { OffsetClock } from '../src/clock.ts';
import { createIngest, type Ingest } from '../src/ingest/index.ts';
import { buildReference, encodeReference } from '../src/profile/index.ts';
import { parseSpec } from '../src/spec.ts';
import { startEmbedded } from '../src/store/embedded.ts';
import { migrate } from '../src/store/migrate.ts';
import { putModel } from '../src/store/models.ts';
import { openPool, transaction, type Pool } from '../src/store/postgres.ts';
import { copyIds, takeIds } from '../src/store/predictions.ts';
import type { BenchRow } from './row.ts';

const MODEL = 'bench';
export const BATCH = 2_000;
const LABELS = 40;

/** A permutation of 32-bit numbers (the finaliser of MurmurHash3): the same rows in every run. */
function scramble(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const word = (n: number) => (scramble(n) % 3_000).toString(36).padStart(5, 'w');
/** 26 words, 160 characters. */
const text = (n: number) => Array.from({ length: 26 }, (_, i) => word(n * 31 + i)).join(' ').padEnd(160, '.').slice(0, 160);

/** Rows as a client sends them; ids look like uuids: their order says nothing. */
export function rowsFrom(start: number, n: number): object[] {
  return Array.from({ length: n }, (_, i) => {
    const at = start + i;
    const id = `${scramble(at).toString(16).padStart(8, '0')}-${at.toString(16).padStart(12, '0')}-4000-8000`;
    return { model: MODEL, id, input: text(at % 5_000), label: `label-${at % LABELS}`, confidence: (scramble(at + 7) % 1_000) / 1_000 };
  });
}

/** A model with a live reference, so that each row is profiled. */
export async function prepare(pool: Pool): Promise<void> {
  const now = new Date();
  await transaction(pool, (db) => putModel(db, parseSpec({ name: MODEL, task: 'classification', serving: {} }), now));
  const rows = Array.from({ length: 2_000 }, (_, i) => ({ id: `e${i}`, text: text(i), label: `label-${i % LABELS}`, trueLabel: `label-${i % LABELS}`, confidence: (i % 100) / 100 }));
  const body = buildReference({ model: MODEL, adapter: 'bench-1', createdAt: now.toISOString(), trainTexts: rows.slice(0, 1_000).map((row) => row.text), rows });
  await pool.query(`insert into adapters (id, model, version, run_id, sha256, base_sha256, labels, files, created_at) values ('bench-1', $1, 1, 'r', '', '', '[]', '{}', $2)`, [MODEL, now]);
  await pool.query(`insert into "references" (id, model, adapter, body, created_at) values ('ref', $1, 'bench-1', $2, $3)`, [MODEL, Buffer.from(encodeReference(body)), now]);
  await pool.query(`insert into live (model, adapter, reference, seq) values ($1, 'bench-1', 'ref', 1)`, [MODEL]);
}

/** Rows a second of one round: `callers` send batches of 2,000, each the next as soon as its last was answered. */
async function batchRound(ingest: Ingest, start: number, batches: number, callers: number): Promise<number> {
  const waiting = Array.from({ length: batches }, (_, i) => rowsFrom(start + i * BATCH, BATCH));
  const began = performance.now();
  await Promise.all(Array.from({ length: callers }, async () => {
    for (let rows = waiting.pop(); rows !== undefined; rows = waiting.pop()) {
      const answer = await ingest.predictions(rows);
      if (answer.accepted !== BATCH) throw new Error(`${answer.accepted} of ${BATCH} rows were accepted`);
    }
  }));
  return (batches * BATCH * 1_000) / (performance.now() - began);
}

/** Feedbacks a second: true labels of the predictions of the first rounds. */
async function feedbackRound(ingest: Ingest, batches: number): Promise<number> {
  const rows = (rowsFrom(0, batches * BATCH) as { id: string }[]).map(({ id }, i) => ({ model: MODEL, predictionId: id, label: `label-${i % LABELS}` }));
  const began = performance.now();
  for (let at = 0; at < rows.length; at += BATCH) {
    const answer = await ingest.feedback(rows.slice(at, at + BATCH));
    if (answer.accepted !== BATCH) throw new Error(`${answer.accepted} of ${BATCH} feedbacks were accepted`);
  }
  return (rows.length * 1_000) / (performance.now() - began);
}

/** Milliseconds from when each single request was due to its answer, at a steady rate: a late start counts as waiting. */
async function singleRequests(ingest: Ingest, start: number, rate: number, seconds: number): Promise<number[]> {
  const rows = rowsFrom(start, rate * seconds);
  const took: number[] = [];
  const answers: Promise<unknown>[] = [];
  const began = performance.now();
  for (let next = 0; next < rows.length;) {
    for (; next < rows.length && (next * 1_000) / rate <= performance.now() - began; next++) {
      const due = began + (next * 1_000) / rate;
      answers.push(ingest.predictions([rows[next]]).then(() => took.push(performance.now() - due)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  return took.sort((a, b) => a - b);
}

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
export const quantile = (sorted: readonly number[], q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;

/** Ids a second into their table, one connection, by each way. */
async function idVariants(pool: Pool): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const ways: [string, (...args: Parameters<typeof takeIds> & Parameters<typeof copyIds>) => Promise<unknown>][] = [['COPY', copyIds], ['INSERT ... ON CONFLICT RETURNING', takeIds]];
  for (const [name, way] of ways) {
    const rates: number[] = [];
    for (let round = 0; round < 20; round++) {
      const ids = (rowsFrom(round * BATCH, BATCH) as { id: string }[]).map((row) => row.id).sort();
      const began = performance.now();
      await transaction(pool, (db) => way(db, name, ids, new Date()));
      rates.push((BATCH * 1_000) / (performance.now() - began));
    }
    rows.push({ name: `ids of 2,000 by ${name}`, figure: Math.round(median(rates)), unit: 'ids/s', goal: 'none', reached: true });
  }
  return rows;
}

export async function withIngest<T>(work: (ingest: Ingest, pool: Pool) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-bench-'));
  const server = await startEmbedded({ dir });
  const pool = openPool(server.url, { max: 8, onError: () => {} });
  try {
    await migrate(server.url);
    await prepare(pool);
    const ingest = createIngest({ pool, clock: new OffsetClock(), events: { emit: () => {} } });
    const result = await work(ingest, pool);
    await ingest.stop();
    return result;
  } finally {
    await pool.end();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The rows of the common bench: batches (median of five rounds of 100,000 rows) and single requests (10 s). */
export async function ingestRows(options: { variants?: boolean } = {}): Promise<BenchRow[]> {
  return withIngest(async (ingest, pool) => {
    // single requests first: afterwards the server still writes what the batches left behind
    await singleRequests(ingest, 900_000, 2_000, 2);
    const took = await singleRequests(ingest, 1_000_000, 2_000, 10);
    const rounds: number[] = [];
    const used = process.cpuUsage();
    await batchRound(ingest, 0, 20, 4);
    for (let round = 1; round <= 5; round++) rounds.push(await batchRound(ingest, round * 100_000, 50, 4));
    const { user, system } = process.cpuUsage(used);
    const labels = await feedbackRound(ingest, 20);
    const batches = Math.round(median(rounds));
    const p99 = Math.round(quantile(took, 0.99) * 10) / 10;
    return [
      { name: 'ingest in batches of 2,000, durable and profiled', figure: batches, unit: 'predictions/s', goal: '40,000 or more', reached: batches >= 40_000 },
      { name: 'ingest in batches, node time for each row, with making it', figure: Math.round(((user + system) / 540_000) * 10) / 10, unit: 'us', goal: 'none', reached: true },
      { name: 'feedback in batches of 2,000, matched and labelled', figure: Math.round(labels), unit: 'feedbacks/s', goal: '5,000 or more', reached: labels >= 5_000 },
      { name: 'ingest of single requests at 2,000/s, median', figure: Math.round(quantile(took, 0.5) * 10) / 10, unit: 'ms', goal: 'none', reached: true },
      { name: 'ingest of single requests at 2,000/s, p99', figure: p99, unit: 'ms', goal: '10 or less', reached: p99 <= 10 },
      ...(options.variants === true ? await idVariants(pool) : []),
    ];
  });
}

if (import.meta.main) console.table(await ingestRows({ variants: process.argv.includes('--variants') }));
