/** Webhooks over a real database and real HTTP: a virtual clock, a receiver that answers as told, and what was emitted and logged. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSeal } from '../../src/auth/sealed.ts';
import { VirtualClock } from '../../src/clock.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { transaction, type Pool } from '../../src/store/postgres.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createTriggers } from '../../src/triggers/index.ts';
import { createWebhooks, type WebhooksParts } from '../../src/webhooks/index.ts';

export const START = new Date('2026-11-30T12:00:00Z');

export interface Heard {
  readonly id: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly at: string;
}

/** A receiver on loopback. `answer` decides what it says; false cuts the connection, null says nothing. */
export async function openReceiver(answer: (heard: Heard, before: number) => number | { status: number; headers: Record<string, string> } | false | null) {
  const heard: Heard[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const one = { id: String(request.headers['webhook-id']), headers: request.headers, body: Buffer.concat(chunks).toString(), at: request.url ?? '' };
      heard.push(one);
      const said = answer(one, heard.length - 1);
      if (said === null) return;
      if (said === false) return void request.socket.destroy();
      const { status, headers } = typeof said === 'number' ? { status: said, headers: {} } : said;
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

export async function openWorld(pool: Pool, over: Partial<WebhooksParts> & { readonly key?: Uint8Array } = {}) {
  const clock = new VirtualClock(START);
  const events = createEvents();
  const told: string[] = [];
  events.on('webhook:received', ({ source, result }) => told.push(`${source} ${result}`));
  events.on('webhook:attempt', ({ target, result }) => told.push(`${target} ${result}`));
  const log = createLogger({ level: 'silent', pretty: false });
  const triggers = createTriggers({ pool, clock, events });
  const parts: WebhooksParts = { pool, clock, events, log, seal: createSeal(over.key ?? null), triggers, allow: ['127.0.0.0/8'], everyMs: 20, timeoutMs: 2_000, ...over };
  const webhooks = createWebhooks(parts);
  return {
    clock, events, told, triggers, webhooks, parts,
    model: (name: string) => transaction(pool, (db) => putModel(db, parseSpec({ name, task: 'classification', serving: {}, retrain: { on: [] } }), clock.now())),
  };
}
