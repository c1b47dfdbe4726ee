/** Several processes on one database: they start at once, and only one of them takes the steps of runs. */
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { createApp, type App } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { isAlive } from '../../src/training/executors/process.ts';
import type { JobHandle } from '../../src/training/index.ts';
import { home, KEY, rows, spec } from './world.ts';

const database = `test_replicas_${process.pid}`;
const server = inject('clusterUrl');
const url = server.replace(/\/[^/]*$/, `/${database}`);
let place: Awaited<ReturnType<typeof home>>;
let apps: App[] = [];

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client(server);
  await admin.connect();
  await admin.query(sql).finally(() => admin.end());
}

/** Not listening yet: that comes with `start`. */
async function replica(runs: 'on' | 'off'): Promise<App> {
  const config = readConfig({
    DATABASE_URL: url, TRIMTAB_DATA_DIR: path.join(place.root, 'data'), TRIMTAB_BASE_DIR: place.root, TRIMTAB_PORT: '0', TRIMTAB_API_KEY: KEY,
    TRIMTAB_LOG_LEVEL: 'silent', TRIMTAB_WORKERS: '1', TRIMTAB_RUNS: runs, TRIMTAB_DATABASE_CONNECTIONS: '8',
  });
  return createApp({ config });
}

async function call<T>(app: App, method: 'GET' | 'PUT' | 'POST', at: string, payload?: object): Promise<T> {
  const answer = await app.http.inject({ method, url: at, headers: { authorization: `Bearer ${KEY}` }, ...(payload ? { payload } : {}) });
  expect(answer.statusCode, answer.body).toBeLessThan(300);
  return answer.json<T>();
}

beforeAll(async () => {
  place = await home();
  // empty: not the migrated template
  await asAdmin(`create database ${database}`);
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await asAdmin(`drop database if exists ${database} with (force)`);
  await place.remove();
});

test('four that start at once on an empty database all become ready', async () => {
  apps = await Promise.all([replica('on'), replica('off'), replica('off'), replica('off')]);
  await Promise.all(apps.map((app) => app.start()));
  for (const app of apps) expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
});

test('a run that is cancelled on a replica that takes no steps: its job ends where it runs', async () => {
  const [runner, api] = apps as [App, App];
  await call(api, 'PUT', '/v1/models/far', spec('far', { training: { epochs: 100_000 } }));
  await call(api, 'POST', '/v1/models/far/import', rows(240, 1));
  const { runId } = await call<{ runId: string }>(api, 'POST', '/v1/models/far/triggers', { why: 'test' });
  const handle = await vi.waitFor(async () => {
    const found = ((await runner.parts.runs.get(runId)).job as { train?: JobHandle } | null)?.train;
    expect(found).toBeDefined();
    return found as JobHandle;
  }, { timeout: 30_000, interval: 50 });
  const here = vi.spyOn(api.parts.training, 'cancel');
  expect(await call(api, 'POST', `/v1/runs/${runId}/cancel`)).toMatchObject({ state: 'done', outcome: 'cancelled' });
  await vi.waitFor(() => expect(isAlive(handle)).toBe(false), { timeout: 30_000, interval: 50 });
  expect(here).not.toHaveBeenCalled();
});
