/** The real service as a process of its own, with a data folder of its own: what a client sees is measured from outside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { startEmbedded, temporaryDataDir } from '../src/store/embedded.ts';
import { openPool, type Pool } from '../src/store/postgres.ts';

export interface Service {
  readonly url: string;
  readonly dataDir: string;
  readonly pool: Pool;
}

const ROOT = path.resolve(import.meta.dirname, '..');
const READY_MS = 60_000;
const POLL_MS = 50;

/** Starts the service on an empty folder, gives it to `work`, and stops and removes it. */
export async function withService<T>(work: (service: Service) => Promise<T>): Promise<T> {
  const dataDir = await temporaryDataDir('trimtab-bench-');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: os.homedir(), TRIMTAB_DATA_DIR: dataDir, TRIMTAB_PORT: String(port), TRIMTAB_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await ready(url, child);
    const { url: database } = await startEmbedded({ dir: path.join(dataDir, 'postgres') });
    const pool = openPool(database, { max: 2, onError: () => {} });
    const result = await work({ url, dataDir, pool });
    await pool.end();
    return result;
  } finally {
    await stopped(child);
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Sends JSON and reads JSON. @throws Error with the service's own words */
export async function call<T>(url: string, method: 'GET' | 'PUT' | 'POST', body?: unknown): Promise<T> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function ready(url: string, child: ChildProcess): Promise<void> {
  const until = performance.now() + READY_MS;
  while (!(await fetch(`${url}/health/ready`).then((response) => response.ok, () => false))) {
    if (child.exitCode !== null) throw new Error(`the service ended with code ${child.exitCode}`);
    if (performance.now() > until) throw new Error('the service was not ready after a minute');
    await pause(POLL_MS);
  }
}

function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
