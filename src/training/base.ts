/** Looks at a base model's folder before a job is written for it: a missing base should fail the run at once, not a process later. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, TrimtabError } from '../errors.ts';

export interface BaseFolder {
  /** Absolute. */
  readonly path: string;
  /** sha256 of model.safetensors. */
  readonly digest: string;
}

const WEIGHTS = 'model.safetensors';
const FILES = ['config.json', 'tokenizer.json', WEIGHTS];

/** A preflight that hashes a weights file once, until its size or time of change differs. Throws `bad-base`. */
export function createPreflight(): (folder: string) => Promise<BaseFolder> {
  const known = new Map<string, { readonly stamp: string; readonly digest: string }>();
  return async (folder) => {
    const full = path.resolve(folder);
    const weights = path.join(full, WEIGHTS);
    for (const name of FILES) await access(path.join(full, name)).catch((cause: unknown) => refuse(full, name, cause));
    const { size, mtimeMs } = await stat(weights);
    const stamp = `${size}:${mtimeMs}`;
    const before = known.get(full);
    if (before?.stamp === stamp) return { path: full, digest: before.digest };
    const digest = await sha256File(weights);
    known.set(full, { stamp, digest });
    return { path: full, digest };
  };
}

function refuse(folder: string, name: string, cause: unknown): never {
  throw new TrimtabError('bad-base', { base: folder, problem: `${name} cannot be read (${messageOf(cause)})`, right: `a folder with ${FILES.join(', ')}` }, { cause });
}

async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
