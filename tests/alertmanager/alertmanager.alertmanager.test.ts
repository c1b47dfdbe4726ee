/** The real Alertmanager (Debian's prometheus-alertmanager) sends to the real service, and a run starts. Skipped, visibly, where it is not installed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp, type App } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { testDatabase } from '../support/postgres.ts';

const ALERTMANAGER = ['/usr/bin/prometheus-alertmanager', '/usr/local/bin/alertmanager', '/usr/bin/alertmanager'].find((file) => existsSync(file));
const KEY = 'k'.repeat(40);
const PASSWORD = 'a-password-of-alertmanager';
const { url: database, pool } = await testDatabase();
let dir: string;
let app: App;
let manager: ChildProcess;
let managerUrl: string;

if (ALERTMANAGER === undefined) console.warn('SKIPPED: prometheus-alertmanager is not on this machine');

/** A second of grouping; the token goes to one source and the password to another, as two teams would have it. */
const config = (url: string, token: string) => `
route: { receiver: bearer, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s, routes: [{ receiver: basic, matchers: [team = "basic"] }] }
receivers:
  - name: bearer
    webhook_configs: [{ url: "${url}/v1/webhooks/alerts", http_config: { authorization: { credentials: "${token}" } } }]
  - name: basic
    webhook_configs: [{ url: "${url}/v1/webhooks/basic", http_config: { basic_auth: { username: am, password: ${PASSWORD} } } }]
`;

async function call<T>(method: string, at: string, body?: unknown): Promise<T> {
  const response = await fetch(app.url + at, { method, headers: { authorization: `Bearer ${KEY}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${at} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

const freePort = () => new Promise<number>((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as net.AddressInfo;
    server.close(() => resolve(port));
  });
});

/** What Prometheus sends when a rule fires, or is over. */
const alert = (labels: object, over: object = {}) => fetch(`${managerUrl}/api/v2/alerts`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify([{ labels: { alertname: 'ModelDrift', ...labels }, annotations: { summary: 'the router has drifted' }, startsAt: new Date().toISOString(), ...over }]),
});
const triggers = (model: string) => call<{ reason: string; decision: string; runId: string | null; evidence: { source: string; why: string; messages: { type: string; evidence: { receiver: string; labels: object } }[] } }[]>('GET', `/v1/models/${model}/triggers`);
const metric = async (line: string) => (await (await fetch(`${app.url}/metrics`)).text()).includes(line);

describe.skipIf(ALERTMANAGER === undefined)('alertmanager', () => {
  beforeAll(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-alertmanager-'));
    app = await createApp({ config: readConfig({ DATABASE_URL: database, TRIMTAB_DATA_DIR: path.join(dir, 'data'), TRIMTAB_PORT: '0', TRIMTAB_API_KEY: KEY, TRIMTAB_LOG_LEVEL: 'silent', TRIMTAB_WORKERS: '1' }) });
    await app.start();
    for (const name of ['router', 'fraud']) await call('PUT', `/v1/models/${name}`, { task: 'classification', retrain: { on: [] } });
    const { secret } = await call<{ secret: string }>('PUT', '/v1/webhooks/sources/alerts', { format: 'alertmanager', types: ['ModelDrift'], cooldown: '0s' });
    await call('PUT', '/v1/webhooks/sources/basic', { format: 'alertmanager', auth: 'basic', secret: `am:${PASSWORD}`, model: 'fraud' });
    await writeFile(path.join(dir, 'alertmanager.yml'), config(app.url, secret));
    const port = await freePort();
    managerUrl = `http://127.0.0.1:${port}`;
    manager = spawn(ALERTMANAGER as string, [`--config.file=${path.join(dir, 'alertmanager.yml')}`, `--storage.path=${path.join(dir, 'am')}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=', '--log.level=error'], { stdio: ['ignore', 'inherit', 'inherit'] });
    while (!(await fetch(`${managerUrl}/-/ready`).then(({ ok }) => ok, () => false))) {
      if (manager.exitCode !== null) throw new Error(`Alertmanager ended with code ${manager.exitCode}`);
      await pause(50);
    }
  });
  afterAll(async () => {
    manager?.kill('SIGTERM');
    await app?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('an alert that fires starts a run; what it repeats every second is known', async () => {
    await alert({ model: 'router' });
    await expect.poll(() => triggers('router'), { timeout: 30_000 }).toMatchObject([{ reason: 'webhook', decision: 'fired', runId: 'router-r1', evidence: { why: 'the router has drifted', source: 'webhook alerts' } }]);
    const [trigger] = await triggers('router');
    expect(trigger?.evidence.messages).toMatchObject([{ type: 'ModelDrift', evidence: { receiver: 'bearer', labels: { model: 'router' } } }]);
    expect(await call('GET', '/v1/runs/router-r1')).toMatchObject({ model: 'router', number: 1 });
    // it goes on being sent, and nothing comes of it
    await expect.poll(() => metric('source="alertmanager",result="duplicate"'), { timeout: 30_000 }).toBe(true);
    expect(await triggers('router')).toHaveLength(1);
  });

  test('an alert that is over, and one that the source does not want, start nothing', async () => {
    const before = (await pool.query('select 1 from webhook_inbox')).rowCount;
    await alert({ model: 'router', alertname: 'DiskFull' });
    await alert({ model: 'router' }, { endsAt: new Date().toISOString() });
    // sent after both of the others, to the same receiver
    await alert({ model: 'router', instance: 'second' });
    await expect.poll(async () => (await pool.query('select 1 from webhook_inbox')).rowCount, { timeout: 30_000 }).toBe((before ?? 0) + 1);
    expect((await pool.query("select 1 from webhook_inbox where type = 'DiskFull'")).rowCount).toBe(0);
  });

  test('with a password instead of a token', async () => {
    await alert({ team: 'basic' });
    await expect.poll(() => triggers('fraud'), { timeout: 30_000 }).toMatchObject([{ reason: 'webhook', runId: 'fraud-r1', evidence: { source: 'webhook basic' } }]);
  });
});
