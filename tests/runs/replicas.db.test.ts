/** Several processes on one database: they start at once, and only one of them takes the steps of runs. */
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { createApp, type App } from '../../src/app.ts';
import { run } from '../../src/cli/run.ts';
import { readConfig } from '../../src/config.ts';
import { isAlive } from '../../src/training/executors/process.ts';
import type { JobHandle } from '../../src/training/index.ts';
import { keep } from '../cli/context.ts';
import { home, KEY, rows, spec } from './world.ts';

const database = `test_replicas_${process.pid}`;
const later = `${database}_later`;
const server = inject('clusterUrl');
const urlOf = (name: string) => server.replace(/\/[^/]*$/, `/${name}`);
const url = urlOf(database);
let place: Awaited<ReturnType<typeof home>>;
let apps: App[] = [];

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client(server);
  await admin.connect();
  await admin.query(sql).finally(() => admin.end());
}

/** Not listening yet: that comes with `start`. */
async function replica(runs: 'on' | 'off', migrate: 'on' | 'off' = 'on', databaseUrl = url): Promise<App> {
  const config = readConfig({
    DATABASE_URL: databaseUrl, TRIMTAB_MIGRATE: migrate, TRIMTAB_DATA_DIR: path.join(place.root, 'data'), TRIMTAB_BASE_DIR: place.root, TRIMTAB_PORT: '0', TRIMTAB_API_KEY: KEY,
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
  for (const name of [database, later]) await asAdmin(`create database ${name}`);
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  for (const name of [database, later]) await asAdmin(`drop database if exists ${name} with (force)`);
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

test('one that leaves the schema to the command migrate waits for it', async () => {
  let waited = true;
  const waiting = replica('on', 'off', urlOf(later)).finally(() => (waited = false));
  const kept = keep({ databaseUrl: urlOf(later), dataDir: path.join(place.root, 'data') });
  await vi.waitFor(async () => expect(await sessions(later)).toBeGreaterThan(0), { timeout: 30_000, interval: 10 });
  expect(waited).toBe(true);
  expect(await run(['migrate'], kept)).toBe(0);
  expect(kept.lines).toEqual(['the schema is up to date']);
  const app = await waiting;
  apps.push(app);
  await app.start();
  expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
});

/** Sessions that have ended count too: a wait asks now and then. */
async function sessions(name: string): Promise<number> {
  const admin = new pg.Client(server);
  await admin.connect();
  const { rows } = await admin.query<{ n: number }>('select coalesce(sum(sessions), 0)::int as n from pg_stat_database where datname = $1', [name]);
  await admin.end();
  return rows[0]?.n ?? 0;
}
