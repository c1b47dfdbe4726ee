/** What metrics cost: counting one request, and one scrape of a fleet. CPU time, so that others' work on the machine does not count. */
import { createEvents } from '../src/telemetry/events.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import type { Figures, ServiceState } from '../src/telemetry/state.ts';
import { MONITOR_KINDS } from '../src/vocabulary.ts';
import type { BenchRow } from './row.ts';

const MODELS = 100;
const REQUESTS = 200_000;
const SCRAPES = 20;
/** Requests a second of the goal. */
const RATE = 2_000;

const models = Array.from({ length: MODELS }, (_, i) => `model-${i}`);
const bounded = { estimate: 0.1, lower: 0.05, upper: 0.15 };
const STATE: ServiceState = {
  models: models.map((model) => ({ model, task: 'classification', target: 'builtin', pane: 1, adapter: `${model}--v1-00000000`, since: new Date() })),
  incidents: [], waiting: [], runs: [], finished: [], endpoints: [], jobs: { ready: 0, running: 0, failed: 0, age: 0 },
  exams: models.map((model) => ({ model, rows: 1_000, challenger: bounded, champion: bounded })),
};
const FIGURES: Figures = {
  monitors: MONITOR_KINDS.map((monitor) => ({ monitor, value: 1, threshold: 1_000, tolerance: 0.02, effect: { ...bounded, reference: 0.1 } })),
  quality: { ...bounded, rows: 1_000, reference: 0.9 },
};

export async function metricsRows(): Promise<BenchRow[]> {
  const events = createEvents();
  const metrics = createMetrics(events, {
    version: 'bench', queued: () => ({ predictions: 0, feedback: 0, import: 0 }),
    state: { read: () => Promise.resolve(STATE), figures: () => Promise.resolve(FIGURES), onError: (error) => { throw error; }, freshMs: 0 },
  });
  const counting = await cpuSeconds(() => {
    for (let i = 0; i < REQUESTS; i++) {
      metrics.request({ id: `request-${i}`, method: 'POST', route: '/v1/predictions', status: 202, seconds: 0.002, problem: null });
      events.emit('ingest:batch', { model: models[i % MODELS] as string, kind: 'predictions', accepted: 1, duplicates: 0, refused: 0, seconds: 0.002 });
    }
  });
  // figures of all models are there from the second scrape on
  for (let i = 0; i < 2; i++) await metrics.expose(undefined);
  const { body } = await metrics.expose(undefined);
  const scraping = await cpuSeconds(async () => {
    for (let i = 0; i < SCRAPES; i++) await metrics.expose('application/openmetrics-text');
  });
  const share = (100 * RATE * counting) / REQUESTS;
  const scrape = (1_000 * scraping) / SCRAPES;
  return [
    { name: `counting ${RATE} single predictions a second: request and batch`, figure: share, unit: '% of a core', goal: 'below 3', reached: share < 3 },
    { name: `a scrape, ${MODELS} models, OpenMetrics, the database left out`, figure: scrape, unit: 'ms of CPU', goal: 'below 100', reached: scrape < 100 },
    { name: `the same: size, text format`, figure: body.length / 1_024, unit: 'KiB', goal: 'none', reached: true },
    { name: `the same: series`, figure: body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length, unit: 'series', goal: 'none', reached: true },
  ];
}

async function cpuSeconds(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
