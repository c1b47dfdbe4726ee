import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../../src/canonical.ts';
import { isTrimtabError } from '../../../src/errors.ts';
import { openS3, type Bucket } from '../../../src/store/objects/s3.ts';
import { signed } from '../../../src/store/objects/signature.ts';

// A bucket in memory that does what S3 does with one: it wants each request signed and whole. Amazon's own signatures are in signature.test.ts.
const keys = new Map<string, Buffer>();
/** Answers that come before the right one: a status, a connection that breaks, or one that breaks within the body. */
let failures: (number | 'break' | 'cut')[] = [];
let asked: string[] = [];
let server: Server;
let bucket: Bucket;

beforeAll(async () => {
  server = createServer((request, response) => void (async () => {
    const body = await buffer(request);
    asked.push(`${request.method} ${request.url}`);
    const failure = failures.shift();
    if (failure === 'break') return request.socket.destroy();
    const url = new URL(request.url ?? '/', bucket.endpoint as string);
    const at = String(request.headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const right = signed({ method: String(request.method), url, bodySha256: sha256(body), at: new Date(at), region: bucket.region }, bucket);
    const status = typeof failure === 'number' ? failure : (request.headers.authorization === right['authorization'] ? answer(String(request.method), url.pathname, body) : 403);
    const found = request.method === 'GET' && status === 200 ? keys.get(url.pathname) : undefined;
    if (failure !== 'cut' || found === undefined) return void response.writeHead(status).end(found ?? '');
    response.writeHead(200, { 'content-length': found.length }).write(found.subarray(0, 1), () => request.socket.destroy());
  })()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  bucket = { bucket: 'adapters', prefix: 'team/', region: 'eu-central-1', endpoint, accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' };
});
beforeEach(() => {
  keys.clear();
  [failures, asked] = [[], []];
});
afterAll(() => server.close());

function answer(method: string, path: string, body: Buffer): number {
  if (!path.startsWith('/adapters/')) return 404;
  if (method !== 'PUT') return keys.has(path) ? 200 : 404;
  keys.set(path, body);
  return 200;
}

const open = (over: Partial<Bucket> = {}) => openS3({ ...bucket, ...over }, { pauseMs: 1 });
const bytes = new Uint8Array([0, 255, 10, 13, 0]);
const digest = sha256(bytes);
const key = `/adapters/team/${digest.slice(0, 2)}/${digest.slice(2)}`;

test('bytes come back under their digest, and are sent once', async () => {
  const objects = open();
  expect(await objects.put(bytes)).toBe(digest);
  expect(await objects.put(bytes)).toBe(digest);
  expect(new Uint8Array(await objects.get(digest))).toEqual(bytes);
  expect([await objects.has(digest), await objects.has(sha256('other'))]).toEqual([true, false]);
  expect(asked.filter((one) => one.startsWith('PUT'))).toEqual([`PUT ${key}`]);
});

test('what S3 cannot do just now is tried again', async () => {
  failures = [503, 'break', 500];
  expect(await open().put(bytes)).toBe(digest);
  failures = ['cut', 'break', 429];
  expect(new Uint8Array(await open().get(digest))).toEqual(bytes);
});

test('a store that stays away is unavailable, with its own words for the log', async () => {
  failures = Array.from({ length: 5 }, () => 503);
  await expect(open().get(digest)).rejects.toSatisfy((error) => isTrimtabError(error, 'unavailable') && /with 503/.test(String(error.cause)));
  expect(asked).toHaveLength(5);
});

test('a wrong secret is said at once, and so is a bucket that does not exist', async () => {
  await expect(open({ secretAccessKey: 'wrong' }).get(digest)).rejects.toSatisfy((error) => isTrimtabError(error, 'bad-config') && /refuses us with 403; check AWS_ACCESS_KEY_ID/.test(error.message));
  expect(asked).toHaveLength(1);
  await expect(open({ bucket: 'none' }).put(bytes)).rejects.toSatisfy((error) => isTrimtabError(error, 'bad-config') && /knows no bucket none/.test(error.message));
});

test('bytes that are not those of their name are refused, not returned', async () => {
  await open().put(bytes);
  keys.set(key, Buffer.from('rotten'));
  await expect(open().get(digest)).rejects.toSatisfy((error) => isTrimtabError(error, 'bad-data'));
});

test.each(['../../etc/passwd', 'ab', sha256('nothing')])('%s is not found', async (name) => {
  expect(await open().has(name)).toBe(false);
  await expect(open().get(name)).rejects.toSatisfy((error) => isTrimtabError(error, 'not-found'));
});
