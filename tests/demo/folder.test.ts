import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareFolder } from '../../src/demo/folder.ts';

let root = '';
beforeAll(async () => void (root = await mkdtemp(path.join(os.tmpdir(), 'trimtab-folder-'))));
afterAll(() => rm(root, { recursive: true, force: true }));

test('a temporary folder goes when the demo does', async () => {
  const folder = await prepareFolder(null);
  expect(await readdir(folder.dir)).toEqual([]);
  await folder.remove();
  await expect(readdir(folder.dir)).rejects.toThrow('ENOENT');
});

test('a folder of an earlier demo is made anew, and stays afterwards', async () => {
  const dir = path.join(root, 'mine');
  await prepareFolder(dir);
  await writeFile(path.join(dir, 'old'), 'x');
  const folder = await prepareFolder(dir);
  expect(await readdir(dir)).toEqual(['.trimtab-demo']);
  await folder.remove();
  expect(await readdir(dir)).toEqual(['.trimtab-demo']);
});

test('a folder of somebody else is left alone', async () => {
  const dir = path.join(root, 'theirs');
  await mkdir(dir);
  await writeFile(path.join(dir, 'thesis.txt'), 'x');
  await expect(prepareFolder(dir)).rejects.toThrow('holds files that no demo made');
  expect(await readdir(dir)).toEqual(['thesis.txt']);
});

test('a folder whose database still runs is left alone', async () => {
  const dir = path.join(root, 'running');
  await prepareFolder(dir);
  await mkdir(path.join(dir, 'postgres', 'cluster'), { recursive: true });
  await writeFile(path.join(dir, 'postgres', 'cluster', 'postmaster.pid'), '1');
  await expect(prepareFolder(dir)).rejects.toThrow('a database still runs');
});
