/**
 * What the pods of the chart would run, run here: the files of docker/install, another user, a read-only root, process 1, the chart's environment and
 * probes. Images cannot be built everywhere; this needs root and nothing else.
 */
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import pg from 'pg';
import { startEmbedded, temporaryDataDir, type EmbeddedServer } from '../../src/store/embedded.ts';
import { environment, passes, probe, serviceImage, start, type Running } from './container.ts';
import { ran, rendered, ROOT, type Container, type Kind, type KubeObject } from './tools.ts';

const KEY = 'k'.repeat(40);
const SECRET = Buffer.alloc(32, 7).toString('base64');
const USER = 10001;
const image = serviceImage();
const running: Running[] = [];
let home: string;

beforeAll(async () => {
  expect(process.getuid?.(), 'tests/cluster/contain needs root').toBe(0);
  home = await mkdtemp(path.join(os.tmpdir(), 'trimtab-image-'));
  await chmod(home, 0o755);
  await ran('docker/install', [ROOT, path.join(home, 'app')]);
}, 900_000);
afterAll(async () => {
  for (const { signal } of running) try { signal('SIGKILL'); } catch { /* it has ended */ }
  await rm(home, { recursive: true, force: true });
});

/** A volume as a pod of ours finds it. */
async function volume(name: string): Promise<string> {
  const dir = path.join(home, name);
  await mkdir(dir);
  await chown(dir, USER, USER);
  return dir;
}

const workload = (objects: readonly KubeObject[], kind: string) => {
  const spec = objects.find((object) => object.kind === kind)?.spec;
  if (spec === undefined) throw new Error(`the chart makes no ${kind}`);
  return kind === 'Pod' ? spec : spec.template.spec;
};

async function begin(container: Container, data: string, secrets: Readonly<Record<string, string>>): Promise<Running> {
  const started = await start({ app: path.join(home, 'app'), data }, { ...image.env, ...environment(container, { 'api-key': KEY, ...secrets }) }, image.command);
  running.push(started);
  return started;
}

async function ready(container: Container, started: Running): Promise<void> {
  await passes(started, container.startupProbe!);
  await passes(started, { ...container.readinessProbe!, failureThreshold: 30 });
}

/** Ends within the grace that the pod has, in order. */
async function stopped(started: Running, graceSeconds: number): Promise<void> {
  const began = Date.now();
  started.signal('SIGTERM');
  expect(await started.ended, started.said()).toBe(0);
  expect((Date.now() - began) / 1000).toBeLessThan(graceSeconds);
}

async function call<T>({ url }: Running, method: 'GET' | 'PUT' | 'POST', at: string, body?: object): Promise<{ status: number; body: T }> {
  const answer = await fetch(url + at, { method, headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: answer.status, body: (await answer.json()) as T };
}
const put = (to: Running, name: string) => call(to, 'PUT', `/v1/models/${name}`, { name, task: 'classification', serving: { target: 'builtin' } });
const names = async (of: Running) => (await call<{ name: string }[]>(of, 'GET', '/v1/models')).body.map(({ name }) => name);

/** There is no bucket here: production shares a volume. */
const chart = (kind: Kind) => rendered(kind, ...(kind === 'production' ? ['--set', 'objects.s3.uri=,persistence.accessMode=ReadWriteMany'] : []));

describe('laptop', () => {
  test('starts on a volume with the embedded database, passes its probes and helm test, ends in order, and finds everything again', async () => {
    const objects = await chart('laptop');
    const pod = workload(objects, 'StatefulSet');
    const [container] = pod.containers;
    const data = await volume('laptop');
    const first = await begin(container, data, {});
    await ready(container, first);
    expect((await put(first, 'router')).status).toBe(201);
    const page = await fetch(`${first.url}/`);
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([200, expect.stringContaining('text/html'), expect.stringMatching(/<script type="module"[^>]* src="\/assets\//)]);

    const [asks] = workload(objects, 'Pod').containers;
    const ask = async (key: string) => {
      const test = await start({ app: path.join(home, 'app'), data }, { ...environment(asks, { 'api-key': key }), URL: first.url }, [...(asks.command ?? []), ...(asks.args ?? [])]);
      return { code: await test.ended, said: test.said() };
    };
    expect(await ask(KEY)).toEqual({ code: 0, said: '/health/ready 200\n/v1/models 200\n' });
    expect(await ask('x'.repeat(40))).toEqual({ code: 1, said: '/health/ready 200\n/v1/models 401\n' });
    await stopped(first, pod.terminationGracePeriodSeconds);

    // the rights that kubelet gives the group of the pod on a volume
    await chmod(path.join(data, 'postgres', 'cluster'), 0o2770);
    const second = await begin(container, data, {});
    await ready(container, second);
    expect(await names(second)).toEqual(['router']);
    await stopped(second, pod.terminationGracePeriodSeconds);
  });
});

describe('production', () => {
  let server: EmbeddedServer;
  let dir: string;
  /** Of the first start; a later one listens there, too. */
  let url: string;
  beforeAll(async () => {
    dir = await temporaryDataDir('trimtab-external-');
    server = await startEmbedded({ dir });
    url = server.url;
  });
  afterAll(async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('a runner and two api pods share a database; one that is told to stop loses nothing of what it accepted; liveness outlives the database', async () => {
    const objects = await chart('production');
    const [runnerPod, apiPod] = [workload(objects, 'StatefulSet'), workload(objects, 'Deployment')];
    const [runnerContainer, apiContainer] = [runnerPod.containers[0], apiPod.containers[0]];
    const secrets = { 'database-url': url, 'secret-key': SECRET };
    const data = await volume('shared');
    // all at once, on an empty database
    const [runner, left, right] = await Promise.all([begin(runnerContainer, data, secrets), begin(apiContainer, data, secrets), begin(apiContainer, data, secrets)]);
    await Promise.all([ready(runnerContainer, runner), ready(apiContainer, left), ready(apiContainer, right)]);
    expect((await put(left, 'router')).status).toBe(201);
    expect(await names(right)).toEqual(['router']);

    let accepted = 0;
    const send = async (worker: number) => {
      for (let i = 0; ; i++) {
        const row = { model: 'router', id: `p-${worker}-${i}`, input: 'wake me at seven', label: 'alarm' };
        const answer = await call<{ accepted: number }>(left, 'POST', '/v1/predictions', [row]).catch(() => null);
        if (answer === null) return;
        if (answer.status === 202) accepted += answer.body.accepted;
      }
    };
    const sending = Promise.all(Array.from({ length: 8 }, (_, worker) => send(worker)));
    await vi.waitFor(() => expect(accepted).toBeGreaterThan(50), { timeout: 30_000 });
    await stopped(left, apiPod.terminationGracePeriodSeconds);
    await sending;
    expect(await rows(url, 'predictions')).toBeGreaterThanOrEqual(accepted);

    await server.stop();
    expect(await probe(right, apiContainer.livenessProbe!)).toBe(200);
    expect(await probe(right, apiContainer.readinessProbe!)).toBe(503);
    server = await startEmbedded({ dir, settings: { port: new URL(url).port } });
    await passes(right, { ...apiContainer.readinessProbe!, failureThreshold: 60 });
    expect(await names(right)).toEqual(['router']);
    await Promise.all([stopped(right, apiPod.terminationGracePeriodSeconds), stopped(runner, runnerPod.terminationGracePeriodSeconds)]);
  });

  test('where a job migrates, a pod that is earlier waits for it', async () => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query('create database later');
    await client.end();
    const objects = await rendered('production', '--set', 'objects.s3.uri=,persistence.accessMode=ReadWriteMany,migrations.mode=job');
    const secrets = { 'database-url': url.replace(/[^/]*$/, 'later'), 'secret-key': SECRET };
    const data = await volume('later');
    const pod = workload(objects, 'StatefulSet');
    const runner = await begin(pod.containers[0], data, secrets);
    await vi.waitFor(() => expect(runner.said()).toMatch(/waiting for migration 0001/), { timeout: 60_000 });
    const [migrate] = workload(objects, 'Job').containers;
    const job = await start({ app: path.join(home, 'app'), data }, { ...image.env, ...environment(migrate, { 'api-key': KEY, ...secrets }) }, migrate.command ?? []);
    expect(await job.ended, job.said()).toBe(0);
    await ready(pod.containers[0], runner);
    await stopped(runner, pod.terminationGracePeriodSeconds);
  });

  test('told to stop while it still waits for its database, it goes at once', async () => {
    const { spec } = (await chart('production')).find(({ kind }) => kind === 'StatefulSet')!;
    const asked = Promise.withResolvers<void>();
    const silent = net.createServer(() => asked.resolve()).listen(0, '127.0.0.1');
    const { port } = await new Promise<net.AddressInfo>((resolve) => silent.once('listening', () => resolve(silent.address() as net.AddressInfo)));
    const waiting = await begin(spec.template.spec.containers[0], await volume('waiting'), { 'database-url': `postgres://u:p@127.0.0.1:${port}/d`, 'secret-key': SECRET });
    await Promise.race([asked.promise, waiting.ended.then((code) => expect.fail(`it ended with ${code}: ${waiting.said()}`))]);
    const began = Date.now();
    waiting.signal('SIGTERM');
    await waiting.ended;
    expect(Date.now() - began).toBeLessThan(5_000);
    silent.close();
  });
});

async function rows(url: string, table: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows: [row] } = await client.query<{ n: string }>(`select count(*) as n from ${table}`);
  await client.end();
  return Number(row?.n);
}
