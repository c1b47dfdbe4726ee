/** Real servers on two loopback addresses, and a resolver in the test's hand. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseAllowList } from '../../src/webhooks/out/address.ts';
import { createPost, type Resolve } from '../../src/webhooks/out/post.ts';

const heard: { address: string; url: string; host: string | undefined; body: string }[] = [];
const servers: http.Server[] = [];
let port = 0;
let insidePort = 0;

function listen(address: string, on: number): Promise<number> {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
      heard.push({ address, url: request.url ?? '', host: request.headers.host, body });
      if (request.url === '/silent') return;
      if (request.url === '/moved') return void response.writeHead(307, { location: `http://127.0.0.2:${insidePort}/secret` }).end();
      if (request.url === '/busy') return void response.writeHead(503, { 'retry-after': '7' }).end('x'.repeat(100_000));
      if (request.url === '/cut') return void request.socket.destroy();
      if (request.url === '/endless') return void response.writeHead(200).write('x'.repeat(10_000));
      response.writeHead(204).end();
    });
  });
  servers.push(server);
  return new Promise((resolve) => server.listen(on, address, () => resolve((server.address() as AddressInfo).port)));
}

beforeAll(async () => {
  port = await listen('127.0.0.1', 0);
  insidePort = await listen('127.0.0.2', port);
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => void heard.splice(0));

const post = (url: string, resolve?: Resolve, allow = ['127.0.0.1/32'], timeoutMs = 5_000) =>
  createPost({ allow: parseAllowList(allow), timeoutMs, ...(resolve ? { resolve } : {}) })({ url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' });

test('a name that leads elsewhere a moment later is still called where it was checked', async () => {
  let asked = 0;
  const rebinding: Resolve = async () => (asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.2']);
  expect(await post(`http://hooks.example:${port}/x`, rebinding)).toMatchObject({ status: 204, problem: null });
  expect(asked).toBe(1);
  expect(heard).toEqual([{ address: '127.0.0.1', url: '/x', host: `hooks.example:${port}`, body: '{"a":1}' }]);
});

test('one address of the inside spoils all, and nothing is sent', async () => {
  for (const addresses of [['127.0.0.1', '127.0.0.2'], ['127.0.0.2'], ['::ffff:127.0.0.2'], []]) {
    expect(await post(`http://hooks.example:${port}/x`, async () => addresses)).toMatchObject({ status: null, problem: expect.stringMatching(/^not sent: /) as string });
  }
  for (const url of [`http://127.0.0.2:${port}/`, `http://2130706434:${port}/`, `http://[::ffff:127.0.0.2]:${port}/`, `http://localhost:${port}/`]) {
    expect(await post(url, undefined, [])).toMatchObject({ problem: expect.stringMatching(/^not sent: /) as string });
  }
  expect(heard).toEqual([]);
});

test('a redirect is a failure, and is not followed', async () => {
  expect(await post(`http://127.0.0.1:${port}/moved`)).toMatchObject({ status: 307, problem: 'answered 307: redirects are not followed' });
  expect(heard.map(({ address }) => address)).toEqual(['127.0.0.1']);
});

test('what goes wrong is an answer: refused, cut off, silent, unresolvable', async () => {
  expect(await post('http://127.0.0.1:1/')).toMatchObject({ status: null, problem: 'no answer: ECONNREFUSED' });
  expect(await post(`http://127.0.0.1:${port}/cut`)).toMatchObject({ status: null, problem: expect.stringMatching(/^no answer: /) as string });
  expect(await post(`http://127.0.0.1:${port}/silent`, undefined, undefined, 100)).toMatchObject({ status: null, problem: 'no answer within 0.1 s' });
  expect(await post('http://x.example/', () => new Promise(() => {}), undefined, 100)).toMatchObject({ problem: 'no answer within 0.1 s' });
  expect(await post('http://x.example/', () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })))).toMatchObject({ problem: 'no answer: ENOTFOUND' });
  expect(await post('nonsense')).toMatchObject({ problem: 'no answer: ERR_INVALID_URL' });
});

test('a long answer is not kept, an endless one not waited for beyond its head', async () => {
  expect(await post(`http://127.0.0.1:${port}/busy`)).toMatchObject({ status: 503, retryAfter: '7', problem: 'answered 503' });
  expect(await post(`http://127.0.0.1:${port}/endless`, undefined, undefined, 1_000)).toMatchObject({ status: 200, problem: null });
});
