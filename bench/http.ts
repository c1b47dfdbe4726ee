/** Ingest through the real HTTP server; this process is the client, the service another one. `node bench/http.ts` prints the table. */
import { Pool as Connections } from 'undici';
import type { BenchRow } from './row.ts';
import { BATCH, median, prepare, quantile, rowsFrom } from './ingest.ts';
import { withService } from './service.ts';

const RATE = 2_000;
const SECONDS = 10;
const CALLERS = 4;
const BATCHES = 25;
const ROUNDS = 5;
const JSON_BODY = { 'content-type': 'application/json' };

async function post(connections: Connections, body: string, rows: number): Promise<void> {
  const response = await connections.request({ path: '/v1/predictions', method: 'POST', headers: JSON_BODY, body });
  const answer = (await response.body.json()) as { accepted?: number };
  if (response.statusCode !== 202 || answer.accepted !== rows) throw new Error(`the service answered ${response.statusCode}: ${JSON.stringify(answer)}`);
}

/** Milliseconds from when each request was due to its answer, at a steady rate: a late start counts as waiting. */
async function singles(connections: Connections, start: number, seconds: number): Promise<number[]> {
  const bodies = rowsFrom(start, RATE * seconds).map((row) => JSON.stringify(row));
  const took: number[] = [];
  const answers: Promise<unknown>[] = [];
  const began = performance.now();
  for (let next = 0; next < bodies.length;) {
    for (; next < bodies.length && (next * 1_000) / RATE <= performance.now() - began; next++) {
      const due = began + (next * 1_000) / RATE;
      answers.push(post(connections, bodies[next] as string, 1).then(() => took.push(performance.now() - due)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  return took.sort((a, b) => a - b);
}

/** Rows a second of one round; the bodies are made before. */
async function batches(connections: Connections, start: number): Promise<number> {
  const bodies = Array.from({ length: BATCHES }, (_, i) => JSON.stringify(rowsFrom(start + i * BATCH, BATCH)));
  const began = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, async () => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await post(connections, body, BATCH);
  }));
  return (BATCHES * BATCH * 1_000) / (performance.now() - began);
}

export function httpRows(): Promise<BenchRow[]> {
  return withService(async ({ url, pool }) => {
    await prepare(pool);
    const connections = new Connections(url, { connections: 64 });
    await singles(connections, 900_000, 2);
    const took = await singles(connections, 1_000_000, SECONDS);
    const rounds: number[] = [];
    await batches(connections, 0);
    for (let round = 1; round <= ROUNDS; round++) rounds.push(await batches(connections, round * BATCHES * BATCH));
    await connections.close();
    const [p50, p99] = [quantile(took, 0.5), quantile(took, 0.99)].map((ms) => Math.round(ms * 10) / 10) as [number, number];
    const rate = Math.round(median(rounds));
    return [
      { name: `HTTP, single requests at ${RATE}/s, median`, figure: p50, unit: 'ms', goal: 'none', reached: true },
      { name: `HTTP, single requests at ${RATE}/s, p99`, figure: p99, unit: 'ms', goal: '10 or less', reached: p99 <= 10 },
      { name: `HTTP, batches of ${BATCH}, ${CALLERS} callers`, figure: rate, unit: 'predictions/s', goal: '40,000 or more', reached: rate >= 40_000 },
    ];
  });
}

if (import.meta.main) console.table(await httpRows());
