/** What the client does when the way to the service is bad: against a real server that misbehaves as it is told. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { batches } from '../../clients/typescript/batches.ts';
import { connect, TrimtabProblem } from '../../clients/typescript/connection.ts';

type Act = (request: { method: string; url: string; body: string; headers: http.IncomingHttpHeaders }, response: http.ServerResponse) => void;
const open: http.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Acts once for each request, the last act again for all further ones. */
async function server(...acts: Act[]): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const listening = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => (body += bytes.toString()));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${body}`);
      (acts.length > 1 ? acts.shift() : acts[0])?.({ method: request.method ?? '', url: request.url ?? '', body, headers: request.headers }, response);
    });
  });
  open.push(listening);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, seen };
}
const status = (code: number, body: object = {}, headers: Record<string, string> = { 'retry-after': '0' }): Act => (_, response) => response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const cut: Act = (_, response) => void response.socket?.destroy();

describe('a request', () => {
  test('carries key, query and body', async () => {
    const { url, seen } = await server((request, response) => response.end(JSON.stringify({ key: request.headers.authorization })));
    expect(await connect({ url, key: 'k' }).request('GET', '/v1/runs', { query: { model: 'a b', limit: undefined } })).toEqual({ key: 'Bearer k' });
    expect(seen).toEqual(['GET /v1/runs?model=a+b ']);
  });

  test('is sent again when the service refused it, also one that may not be repeated', async () => {
    const { url, seen } = await server(status(503), status(429), status(200, { done: true }));
    expect(await connect({ url }).request('POST', '/v1/keys', { body: {} })).toEqual({ done: true });
    expect(seen).toHaveLength(3);
  });

  test('is not sent again when it may have been done, unless it is repeatable', async () => {
    for (const act of [cut, status(502), status(504)]) {
      const once = await server(act, status(200, { done: true }));
      await expect(connect({ url: once.url }).request('POST', '/v1/keys', { body: {} })).rejects.toThrow();
      expect(once.seen).toHaveLength(1);
      const again = await server(act, status(200, { done: true }));
      expect(await connect({ url: again.url }).request('POST', '/v1/predictions', { body: [], repeatable: true })).toEqual({ done: true });
      expect(again.seen).toHaveLength(2);
    }
  });

  test('ends with the problem in the service\'s words', async () => {
    const { url, seen } = await server(status(404, { code: 'not-found', detail: 'there is no model "x"' }));
    const error = await connect({ url }).request('GET', '/v1/models/x', { repeatable: true }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TrimtabProblem);
    expect(error).toMatchObject({ status: 404, code: 'not-found', message: 'there is no model "x"' });
    expect(seen).toHaveLength(1);
  });

  test('gives up after its retries', async () => {
    const { url, seen } = await server(status(503, { code: 'overloaded', detail: 'too much' }));
    await expect(connect({ url, retries: 2 }).request('GET', '/v1/runs')).rejects.toMatchObject({ code: 'overloaded' });
    expect(seen).toHaveLength(3);
  });
});

describe('batches', () => {
  interface Row { readonly id: number }
  const collect = (refuse: (row: Row) => boolean = () => false) => {
    const sent: number[][] = [];
    return {
      sent,
      send: (rows: readonly Row[]) => {
        sent.push(rows.map(({ id }) => id));
        const refused = rows.flatMap((row, index) => (refuse(row) ? [{ index, id: null, reason: 'bad' }] : []));
        return Promise.resolve({ accepted: rows.length - refused.length, duplicates: 0, refused });
      },
    };
  };

  test('send what was added, in order, in requests of the given size; refused rows are told', async () => {
    const lost: string[] = [];
    const { sent, send } = collect(({ id }) => id === 4);
    const gathering = batches<Row>({ send, maxRows: 3, maxDelayMs: 60_000, onLost: ({ id }, reason) => lost.push(`${id} ${reason}`) });
    for (let id = 0; id < 8; id++) expect(gathering.add({ id })).toBe(true);
    await gathering.close();
    expect(sent).toEqual([[0, 1, 2], [3, 4, 5], [6, 7]]);
    expect(lost).toEqual(['4 bad']);
    expect(() => gathering.add({ id: 9 })).toThrow('closed');
  });

  test('refuse rows over the bound, and take more once those before are through', async () => {
    const { send } = collect();
    const gathering = batches<Row>({ send, maxRows: 10, maxWaiting: 2, maxDelayMs: 60_000, onLost: () => {} });
    expect([0, 1, 2].map((id) => gathering.add({ id }))).toEqual([true, true, false]);
    await gathering.flush();
    expect(gathering.waiting).toBe(0);
    expect(gathering.add({ id: 3 })).toBe(true);
    await gathering.close();
  });

  test('tell every row of a batch that could not be sent', async () => {
    const lost: string[] = [];
    const gathering = batches<Row>({ send: () => Promise.reject(new Error('no way')), onLost: ({ id }, reason) => lost.push(`${id} ${reason}`) });
    gathering.add({ id: 1 });
    gathering.add({ id: 2 });
    await gathering.close();
    expect(lost).toEqual(['1 no way', '2 no way']);
  });
});
