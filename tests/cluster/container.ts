/** The image's container as the chart would start it, played by tests/cluster/contain: its environment, its command, its probes, its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT, type Container } from './tools.ts';

export interface Image {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the Dockerfile says of its target `service`. */
export function serviceImage(): Image {
  const stage = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8').split(/^FROM /m).find((text) => /^\S+ AS service\n/.test(text)) ?? '';
  const env = /^ENV (.+)$/m.exec(stage)?.[1] ?? '';
  const command = /^CMD (.+)$/m.exec(stage)?.[1] ?? '[]';
  return {
    command: JSON.parse(command) as string[],
    env: Object.fromEntries(env.split(' ').map((pair) => pair.split('=') as [string, string]).filter(([name]) => name !== 'PATH')),
  };
}

/** A container's variables, with the values that the secrets hold, by their keys. */
export function environment({ env }: Container, secrets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(env.map(({ name, value, valueFrom }) => {
    const found = value ?? secrets[valueFrom?.secretKeyRef.key ?? ''];
    if (found === undefined) throw new Error(`${name} has no value`);
    return [name, found];
  }));
}

export interface Running {
  readonly url: string;
  /** All that it printed so far. */
  said(): string;
  /** As kubelet does it: to process 1. */
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts a command in a container of its own, on a port that is free (the network is this machine's). */
export async function start(folders: { readonly app: string; readonly data: string }, env: Readonly<Record<string, string>>, command: readonly string[]): Promise<Running> {
  const port = await freePort();
  const child = spawn(path.join(import.meta.dirname, 'contain'), [folders.app, folders.data, ...command], {
    env: { ...env, TRIMTAB_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    url: `http://127.0.0.1:${port}`,
    said: () => text,
    signal: (name) => {
      const pid = child.pid as number;
      const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      process.kill(Number(first), name);
    },
    ended,
  };
}

type Probe = NonNullable<Container['startupProbe']>;

/** Status of the probe's answer; null while nobody listens. */
export const probe = ({ url }: Running, { httpGet }: Probe) => fetch(url + httpGet.path, { signal: AbortSignal.timeout(5_000) }).then(({ status }) => status, () => null);

/** Waits as kubelet does: so often, so long, and no longer. */
export async function passes(running: Running, asked: Probe): Promise<void> {
  for (let tries = 0; tries < asked.failureThreshold; tries++) {
    if ((await probe(running, asked)) === 200) return;
    const over = await Promise.race([running.ended.then((code) => ({ code })), pause(asked.periodSeconds * 250, null)]);
    if (over !== null) throw new Error(`it ended with ${over.code}: ${running.said()}`);
  }
  throw new Error(`no 200 from ${asked.httpGet.path}: ${running.said()}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
