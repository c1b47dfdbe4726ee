/** From asking for a run to the start event of its training job, with the bundled base. `node bench/trigger.ts` prints the table. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createWorld, CALM } from '../src/demo/generator/world.ts';
import type { JobEvent } from '../src/training/job.ts';
import type { BenchRow } from './row.ts';
import { call, pause, withService } from './service.ts';

const TIMES = 3;
const ROWS = 1_000;
const LIMIT_MS = 60_000;
const POLL_MS = 20;

/** When the training job of a run wrote its start event: by its own clock, which is this machine's. */
async function jobStart(dataDir: string, run: string): Promise<number> {
  const until = performance.now() + LIMIT_MS;
  while (performance.now() < until) {
    const jobs = await readdir(path.join(dataDir, 'jobs')).catch((): string[] => []);
    const job = jobs.find((name) => name.startsWith(`${run}-train`));
    const events = job === undefined ? '' : await readFile(path.join(dataDir, 'jobs', job, 'events.ndjson'), 'utf8').catch(() => '');
    const [first] = events.split('\n');
    if (events.includes('\n')) return Date.parse((JSON.parse(first as string) as JobEvent).at);
    await pause(POLL_MS);
  }
  throw new Error(`no training job of ${run} started within ${LIMIT_MS / 1_000} s`);
}

export function triggerRows(): Promise<BenchRow[]> {
  return withService(async ({ url, dataDir }) => {
    const took: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      const model = `router-${i}`;
      await call(`${url}/v1/models/${model}`, 'PUT', { name: model, task: 'classification', serving: {}, retrain: { on: [] } });
      await call(`${url}/v1/models/${model}/import`, 'POST', createWorld(i + 1).take(ROWS, CALM));
      const asked = Date.now();
      const { runId } = await call<{ runId: string | null }>(`${url}/v1/models/${model}/triggers`, 'POST', { why: 'bench' });
      const run = runId ?? (await runOf(url, model));
      took.push((await jobStart(dataDir, run)) - asked);
      await call(`${url}/v1/runs/${run}/cancel`, 'POST');
    }
    const worst = Math.round(Math.max(...took)) / 1_000;
    return [{ name: `trigger to job started, worst of ${TIMES}`, figure: worst, unit: 's', goal: '2 or less', reached: worst <= 2 }];
  });
}

/** The model's run: a trigger may be decided at the next wake. */
async function runOf(url: string, model: string): Promise<string> {
  for (;;) {
    const [run] = await call<{ id: string }[]>(`${url}/v1/runs?model=${model}`, 'GET');
    if (run !== undefined) return run.id;
    await pause(POLL_MS);
  }
}

if (import.meta.main) console.table(await triggerRows());
