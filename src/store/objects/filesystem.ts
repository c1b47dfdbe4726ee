/** The object store in a folder: `root/ab/cdef...`, the file named by the digest of its content. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../../canonical.ts';
import { TrimtabError } from '../../errors.ts';
import type { ObjectStore } from './index.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** Opens the store under `root`; folders are made when the first object comes. */
export function openFilesystem(root: string): ObjectStore {
  const fileOf = (digest: string) => {
    // a digest may come from outside: it must never name a file elsewhere
    if (!DIGEST.test(digest)) throw new TrimtabError('not-found', { what: 'object', id: digest });
    return path.join(root, digest.slice(0, 2), digest.slice(2));
  };
  return {
    async put(bytes) {
      const digest = sha256(bytes);
      const file = fileOf(digest);
      if (!(await exists(file))) await writeOnce(file, bytes);
      return digest;
    },
    async get(digest) {
      const bytes = await readFile(fileOf(digest)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
        throw new TrimtabError('not-found', { what: 'object', id: digest });
      });
      if (sha256(bytes) === digest) return bytes;
      throw new TrimtabError('bad-data', { what: `object ${digest}`, problem: 'its bytes do not match its name', right: 'restore the file from a backup' });
    },
    async has(digest) {
      return DIGEST.test(digest) && exists(fileOf(digest));
    },
  };
}

/** Under a temporary name, flushed, then renamed: a reader or a crash never sees half an object under its name. */
async function writeOnce(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o444);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';
const exists = (file: string) => stat(file).then(() => true, (error: unknown) => {
  if (isMissing(error)) return false;
  throw error;
});
