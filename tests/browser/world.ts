/** The demo's service with the demo's rows: a first adapter trained and promoted, steady traffic, then a changed world until something alarms. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient, type Client } from '../../src/demo/client.ts';
import { CALM, CHANGED, createWorld, type Mixture } from '../../src/demo/generator/world.ts';
import type { Lockstep } from '../../src/demo/lockstep.ts';
import { startService } from '../../src/demo/start.ts';
import { MINUTE } from '../../src/vocabulary.ts';

export const MODEL = 'support-router';
const PANE = 10 * MINUTE;
const ROWS = 200;

/** Enough labels for one run, and not for a second; a person lets promotions through. */
const SPEC = {
  name: MODEL, task: 'classification', serving: { target: 'builtin' },
  monitor: { pane: '10m' },
  retrain: { schedule: '0 3 * * 1', on: ['drift', 'performance', 'labels'], minLabels: 1_200, cooldown: '10m', maxPerDay: 10 },
  data: { window: '12h' }, training: { epochs: 2 }, rollout: { watch: '2h', approve: 'manual' },
} as const;
const IMPORTED = 1_200;

export interface World {
  readonly url: string;
  readonly key: string;
  readonly client: Client;
  readonly service: Lockstep;
  /** Sends a pane of traffic with its labels and closes it. */
  pane(mixture: Mixture): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'trimtab-browser-'));
  const { service, key, stop } = await startService({ dataDir, port: 0, pane: PANE, workers: null, gate: null });
  const { url } = service.app;
  const client = createClient(url, key);
  const rows = createWorld(7);
  return {
    url, key, client, service,
    async pane(mixture) {
      const meant = rows.take(ROWS, mixture);
      const { predictions } = await client.predict(MODEL, meant.map((row) => row.text));
      // some are never told: they are what the label queue is for
      const told = predictions.flatMap(({ id }, i) => (i % 4 === 0 ? [] : [{ model: MODEL, predictionId: id, label: meant[i]?.label ?? '' }]));
      await client.feedback(told);
      await service.nextPane();
    },
    async stop() {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** `over`: sections of the spec that are to be others. */
export async function register({ client }: World, over: object = {}): Promise<void> {
  const spec: { readonly name: string } = { ...SPEC, ...over };
  await client.putModel(spec);
}

/** Labelled rows, and the run that they start: it trains, and waits for somebody to let its adapter through. */
export async function learn({ client, service }: World): Promise<void> {
  await client.importRows(MODEL, createWorld(7, 'import').take(IMPORTED, CALM));
  await service.nextPane();
}

/** At most eight panes of the changed world. */
export async function drift(world: World): Promise<void> {
  for (let panes = 0; panes < 8 && (await world.client.incidents(MODEL)).length === 0; panes++) await world.pane(CHANGED);
}
