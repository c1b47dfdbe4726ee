import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineAddress, examineObjects } from '../../src/cli/neighbours.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'trimtab-neighbours-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A neighbour that always answers the same. */
async function answering(status: number, body: string): Promise<{ port: number; close(): Promise<void> }> {
  const server = http.createServer((_request, response) => void response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

describe('objects', () => {
  test('a data folder is written and read; before there is one nothing is made', async () => {
    expect(await examineObjects({ bucket: null, dataDir: folder }, true)).toBe(`in ${folder}, written and read`);
    expect(await readdir(folder)).toEqual(['objects']);
    const none = path.join(folder, 'none');
    expect(await examineObjects({ bucket: null, dataDir: none }, false)).toContain('temporary');
    await expect(readdir(none)).rejects.toThrow('ENOENT');
  });

  test('what stands in the way is told', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    await expect(examineObjects({ bucket: null, dataDir: file }, true)).rejects.toThrow('ENOTDIR');
    const store = await answering(403, 'AccessDenied');
    const bucket = { bucket: 'adapters', prefix: '', region: 'r', endpoint: `http://127.0.0.1:${store.port}`, accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: null };
    await expect(examineObjects({ bucket, dataDir: folder }, true)).rejects.toThrow('s3://adapters refuses us with 403; check AWS_ACCESS_KEY_ID');
    await store.close();
  });
});

describe('the address', () => {
  test('is free, or its own, or told apart from both', async () => {
    const other = await answering(200, 'hello');
    const address = { host: '127.0.0.1', port: other.port };
    await expect(examineAddress(address)).rejects.toThrow(`something else listens on 127.0.0.1:${other.port}; stop it, or set TRIMTAB_PORT`);
    await other.close();
    expect(await examineAddress(address)).toBe(`127.0.0.1:${other.port} is free`);
    const ours = await answering(200, 'trimtab_build_info{version="0.1.0"} 1\n');
    expect(await examineAddress({ host: '127.0.0.1', port: ours.port })).toContain('which runs');
    await ours.close();
  });

  test('one that this machine does not have', async () => {
    await expect(examineAddress({ host: '192.0.2.1', port: 8080 })).rejects.toThrow('192.0.2.1:8080 cannot be listened on (EADDRNOTAVAIL); set TRIMTAB_HOST');
  });
});
