import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../../src/canonical.ts';
import { isTrimtabError } from '../../../src/errors.ts';
import { openFilesystem } from '../../../src/store/objects/filesystem.ts';
import { getJson, getLines, putJson, putLines } from '../../../src/store/objects/index.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'trimtab-objects-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const bytes = new Uint8Array([0, 255, 10, 13, 0]);
const fileOf = (digest: string) => path.join(root, digest.slice(0, 2), digest.slice(2));

test('bytes come back under their digest', async () => {
  const objects = openFilesystem(root);
  const digest = await objects.put(bytes);
  expect(digest).toBe(sha256(bytes));
  expect(new Uint8Array(await objects.get(digest))).toEqual(bytes);
  expect(await objects.has(digest)).toBe(true);
  expect(await objects.has(sha256('other'))).toBe(false);
});

test('an object is never written again, and leaves no temporary file, even when many store it at once', async () => {
  const objects = openFilesystem(root);
  await Promise.all(Array.from({ length: 20 }, () => objects.put(bytes)));
  const file = fileOf(sha256(bytes));
  const before = await stat(file);
  await objects.put(bytes);
  expect((await stat(file)).ino).toBe(before.ino);
  expect(await readdir(path.dirname(file))).toEqual([path.basename(file)]);
});

test('bytes that rotted on the disk are refused, not returned', async () => {
  const objects = openFilesystem(root);
  const digest = await objects.put(bytes);
  await chmod(fileOf(digest), 0o644);
  await writeFile(fileOf(digest), 'rotten');
  await expect(objects.get(digest)).rejects.toSatisfy((error) => isTrimtabError(error, 'bad-data'));
});

test.each(['../../etc/passwd', 'ab', sha256('nothing')])('%s is not found', async (digest) => {
  const objects = openFilesystem(root);
  expect(await objects.has(digest)).toBe(false);
  await expect(objects.get(digest)).rejects.toSatisfy((error) => isTrimtabError(error, 'not-found'));
});

test('equal values are one JSON object; lines keep their order', async () => {
  const objects = openFilesystem(root);
  expect(await putJson(objects, { a: 1, b: 2 })).toBe(await putJson(objects, { b: 2, a: 1 }));
  expect(await getJson(objects, await putJson(objects, { a: 'ä\u2028\n' }))).toEqual({ a: 'ä\u2028\n' });
  const rows = [{ id: 'b', text: 'one\ntwo' }, { id: 'a', text: '\u2028' }];
  expect(await getLines(objects, await putLines(objects, rows))).toEqual(rows);
  expect(await getLines(objects, await putLines(objects, []))).toEqual([]);
});
