/** Looks at a base model's folder before a job is written for it: a missing base should fail the run at once, not a process later. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, TrimtabError } from '../errors.ts';
import { combineDigests, weightFiles } from '../lora/base.ts';

export interface BaseFolder {
  /** Absolute. */
  readonly path: string;
  /** Of its weights (`combineDigests`). */
  readonly digest: string;
}

const FILES = ['config.json', 'tokenizer.json'];

/** A preflight that hashes the weights once, until a file's size or time of change differs. Throws `bad-base`. */
export function createPreflight(): (folder: string) => Promise<BaseFolder> {
  const known = new Map<string, { readonly stamp: string; readonly digest: string }>();
  return async (folder) => {
    const full = path.resolve(folder);
    for (const name of FILES) await access(path.join(full, name)).catch((cause: unknown) => refuse(full, name, cause));
    const weights = (await weightFiles(full)).map((name) => path.join(full, name));
    const stats = await Promise.all(weights.map((file) => stat(file).catch((cause: unknown) => refuse(full, path.basename(file), cause))));
    const stamp = stats.map(({ size, mtimeMs }) => `${size}:${mtimeMs}`).join(' ');
    const before = known.get(full);
    if (before?.stamp === stamp) return { path: full, digest: before.digest };
    const digests: string[] = [];
    for (const file of weights) digests.push(await sha256File(file));
    const digest = combineDigests(digests);
    known.set(full, { stamp, digest });
    return { path: full, digest };
  };
}

function refuse(folder: string, name: string, cause: unknown): never {
  throw new TrimtabError('bad-base', { base: folder, problem: `${name} cannot be read (${messageOf(cause)})`, right: `a folder with ${FILES.join(', ')} and the weights` }, { cause });
}

async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
