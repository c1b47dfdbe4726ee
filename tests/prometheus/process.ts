/** Processes of a test: free ports, waiting for what they say, an orderly end. */
import type { ChildProcess } from 'node:child_process';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 240_000;
const POLL_MS = 250;

/** Asks until the answer is yes. @throws Error when it never is */
export async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`not so after ${PATIENCE_MS / 1000} s: ${what}`);
    await pause(POLL_MS);
  }
}

export function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
