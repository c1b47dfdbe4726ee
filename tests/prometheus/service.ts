/** The shipped service as a process of its own, on an embedded PostgreSQL, in real time, on the tiny base. */
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { home } from '../runs/world.ts';
import { freePort, stopped, until } from './process.ts';

export interface Service {
  readonly url: string;
  /** Sends JSON and reads JSON. @throws Error with the service's own words */
  call<T>(method: 'GET' | 'PUT' | 'POST', at: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

export async function startService(): Promise<Service> {
  const { root, remove } = await home();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: path.resolve(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], HOME: os.homedir(), TRIMTAB_DATA_DIR: path.join(root, 'data'), TRIMTAB_BASE_DIR: root, TRIMTAB_PORT: String(port), TRIMTAB_LOG_LEVEL: 'error', TRIMTAB_WORKERS: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until('the service is ready', async () => {
    if (child.exitCode !== null) throw new Error(`the service ended with code ${child.exitCode}`);
    return fetch(`${url}/health/ready`).then(({ ok }) => ok, () => false);
  });
  return {
    url,
    async call<T>(method: 'GET' | 'PUT' | 'POST', at: string, body?: unknown): Promise<T> {
      const response = await fetch(url + at, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${at} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
    async stop() {
      await stopped(child);
      await remove();
    },
  };
}
