/**
 * Webhooks to receivers that fail at random, from senders that are killed: WEBHOOKS deliveries (300 when not set) to five endpoints,
 * while facts go on happening and some are rolled back. Each is delivered at least once, none is lost, each model's come in the order
 * in which they happened, and every signature is verified with the reference library.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSeal } from '../../src/auth/sealed.ts';
import { random } from '../../src/lora/random.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { transaction } from '../../src/store/postgres.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createWebhooks } from '../../src/webhooks/index.ts';
import { testDatabase } from '../support/postgres.ts';

const DELIVERIES = Number(process.env['WEBHOOKS'] ?? 300);
const ENDPOINTS = ['e0', 'e1', 'e2', 'e3', 'e4'];
const MODELS = ['a', 'b', 'c', 'd'];
const SENDERS = 2;
const SEED = 20_261;
/** Each kill is of one of the senders; another takes its place. */
const KILLS = Math.max(6, Math.round(DELIVERIES / 250));
/** A receiver that says nothing is rare: each costs its endpoint a second. */
const OUTCOMES = [[0.72, 'good'], [0.8, 'fail'], [0.86, 'busy'], [0.9, 'moved'], [0.94, 'cut'], [0.999, 'taken-and-cut'], [1, 'silent']] as const;

const { pool, url } = await testDatabase();
const key = randomBytes(32);
const draw = random(SEED, 'receiver');
const secrets = new Map<string, string>();
/** For each endpoint, the deliveries that it took, each at the first time, with what they told. */
const taken = new Map<string, Map<string, { model: string; n: number }>>(ENDPOINTS.map((name) => [name, new Map()]));
const seen = { requests: 0, repeated: 0, badSignatures: 0, disorder: [] as string[] };
const senders = new Set<ChildProcess>();
const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => receive(request, response, Buffer.concat(chunks).toString()));
});

function receive(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
  const name = (request.url ?? '').slice(1);
  seen.requests++;
  try {
    new Webhook(secrets.get(name) as string).verify(body, request.headers as Record<string, string>);
  } catch {
    seen.badSignatures++;
  }
  const u = draw();
  const outcome = OUTCOMES.find(([below]) => u < below)?.[1] ?? 'good';
  if (outcome === 'silent') return;
  if (outcome === 'cut') return void request.socket.destroy();
  if (outcome === 'fail') return void response.writeHead(500).end('no');
  if (outcome === 'busy') return void response.writeHead(503, { 'retry-after': '0' }).end();
  if (outcome === 'moved') return void response.writeHead(302, { location: `http://127.0.0.1/${name}` }).end();
  take(name, String(request.headers['webhook-id']), JSON.parse(body) as { data: { model: string; why: string } });
  if (outcome === 'taken-and-cut') return void request.socket.destroy();
  response.writeHead(204).end();
}

function take(name: string, id: string, { data: { model, why } }: { data: { model: string; why: string } }): void {
  const before = taken.get(name) as Map<string, { model: string; n: number }>;
  if (before.has(id)) return void seen.repeated++;
  const n = Number(why);
  const last = Math.max(0, ...[...before.values()].slice(-50).filter((one) => one.model === model).map((one) => one.n));
  if (n <= last) seen.disorder.push(`${name}: ${model} ${n} after ${last}`);
  before.set(id, { model, n });
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (const name of MODELS) await transaction(pool, (db) => putModel(db, parseSpec({ name, task: 'classification', serving: {}, retrain: { on: [] } }), new Date()));
  const { endpoints } = createWebhooks({
    pool, clock: { now: () => new Date() }, events: createEvents(), log: createLogger({ level: 'silent', pretty: false }), seal: createSeal(key),
    triggers: { request: () => Promise.reject(new Error('nothing comes in here')) }, allow: ['127.0.0.1/32'],
  });
  for (const name of ENDPOINTS) {
    secrets.set(name, (await endpoints.put(name, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`, types: ['trigger.decided'] })).secret as string);
  }
});
afterAll(async () => {
  const exits = [...senders].map((sender) => once(sender, 'exit'));
  for (const sender of senders) sender.kill('SIGKILL');
  await Promise.all(exits);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function startSender(): Promise<void> {
  const sender = fork(path.join(import.meta.dirname, 'webhook-sender.ts'), [url, key.toString('base64')], { env: { PATH: process.env['PATH'] }, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  senders.add(sender);
  sender.once('exit', () => senders.delete(sender));
  await Promise.race([once(sender, 'message'), once(sender, 'exit').then(([code]) => { throw new Error(`a sender did not start: ${String(code)}`); })]);
}

/** Further facts of one model, one after the other; every tenth is rolled back. */
const told = new Map(MODELS.map((model) => [model, 0]));
async function happen(model: string, count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const n = (told.get(model) as number) + 1;
    told.set(model, n);
    const lost = n % 10 === 0;
    await transaction(pool, async (db) => {
      await db.query(`insert into triggers (id, model, reason, decision, why, evidence, created_at, decided_at) values ($1, $2, 'drift', 'declined', $3, '{}', now(), clock_timestamp())`, [`${model}-${n}`, model, String(n)]);
      if (lost) throw new Error('rolled back');
    }).catch((error: unknown) => {
      if (!lost) throw error;
    });
    if (!lost) done++;
  }
}

const pending = async () => (await pool.query<{ n: number }>("select count(*) as n from webhook_deliveries where state = 'pending'")).rows[0]?.n ?? 0;

test(`${DELIVERIES} deliveries: each at least once, none lost, in order, rightly signed, whatever is killed`, async () => {
  const slice = Math.ceil(DELIVERIES / ENDPOINTS.length / MODELS.length / (KILLS + 1));
  const each = slice * (KILLS + 1);
  const total = each * MODELS.length * ENDPOINTS.length;
  const count = () => [...taken.values()].reduce((sum, one) => sum + one.size, 0);
  const began = performance.now();
  for (let i = 0; i < SENDERS; i++) await startSender();
  const uniform = random(SEED, 'kills');
  // a slice of the facts for each kill, which falls somewhere into its sending, however fast the machine
  for (let kills = 0; kills <= KILLS; kills++) {
    const facts = Promise.all(MODELS.map((model) => happen(model, slice)));
    const until = (total / (KILLS + 1)) * (kills + (kills === KILLS ? 1 : uniform()));
    while (count() < until) await pause(2);
    await facts;
    if (kills === KILLS) break;
    ([...senders][Math.floor(uniform() * senders.size)] as ChildProcess).kill('SIGKILL');
    await startSender();
  }
  await expect.poll(pending, { timeout: 60_000 }).toBe(0);
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${total} deliveries in ${seconds.toFixed(1)} s: ${seen.requests} requests, ${seen.repeated} repetitions of what was taken, ${KILLS} kills`);
  expect({ badSignatures: seen.badSignatures, disorder: seen.disorder }).toEqual({ badSignatures: 0, disorder: [] });
  for (const [name, one] of taken) {
    expect([name, one.size]).toEqual([name, each * MODELS.length]);
    for (const model of MODELS) {
      const numbers = [...one.values()].filter((told) => told.model === model).map(({ n }) => n);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(numbers.some((n) => n % 10 === 0)).toBe(false);
    }
  }
  expect((await pool.query("select 1 from webhook_endpoints where disabled_at is not null or failing_since is not null")).rowCount).toBe(0);
  expect(seen.repeated).toBeGreaterThan(0);
});
