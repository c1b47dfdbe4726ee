/** A base model's folder as transformers saves it: config.json, model.safetensors, the tokenizer. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrimtabError, messageOf } from '../errors.ts';
import type { FloatTensor, Refuse, StoredTensor } from './safetensors.ts';
import { parseSafetensors, toFloat32 } from './safetensors.ts';

export interface Base {
  readonly path: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** model.safetensors, in shared memory: every worker reads the same bytes. */
  readonly file: Uint8Array;
  /** sha256 of `file`. */
  readonly digest: string;
}

/** Reads the folder; with `digest`, refuses other weights. */
export async function readBase(path: string, digest: string | null): Promise<Base> {
  const refuse = refuseBase(path);
  const [config, file] = await Promise.all([readFile(join(path, 'config.json'), 'utf8'), readFile(join(path, 'model.safetensors'))]).catch((cause: unknown) =>
    refuse(`it cannot be read (${messageOf(cause)})`, 'a folder with config.json and model.safetensors'),
  );
  const found = createHash('sha256').update(file).digest('hex');
  if (digest !== null && digest !== found) refuse(`model.safetensors has digest ${found}`, `the digest that was asked for, ${digest}`);
  const shared = new Uint8Array(new SharedArrayBuffer(file.byteLength));
  shared.set(file);
  return { path, config: parseConfig(config, refuse), file: shared, digest: found };
}

export function refuseBase(path: string): Refuse {
  return (problem, right) => {
    throw new TrimtabError('bad-base', { base: path, problem, right });
  };
}

function parseConfig(text: string, refuse: Refuse): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return refuse('config.json is not JSON', 'the file that transformers saves');
  }
}

/** Float tensors by name, each read once and with the shape that it must have; at the end nothing may be left over. */
export interface WeightReader {
  take(name: string, ...shape: readonly number[]): FloatTensor;
  /** Refuses tensors that nobody took, unless their name is `known` to be unused. */
  finish(known: RegExp): void;
}

export function readWeights(base: Base): WeightReader {
  const refuse = refuseBase(base.path);
  const tensors = parseSafetensors(base.file, refuse);
  return {
    take(name, ...shape) {
      const tensor = tensors.get(name) ?? refuse(`tensor "${name}" is missing`, 'the keys of BertModel');
      tensors.delete(name);
      if (!sameShape(tensor, shape)) refuse(`tensor "${name}" has shape [${tensor.shape.join(', ')}]`, `[${shape.join(', ')}] as config.json says`);
      return toFloat32(name, tensor, refuse);
    },
    finish(known) {
      const unused = [...tensors.keys()].find((name) => !known.test(name));
      if (unused !== undefined) refuse(`tensor "${unused}" has no place in the model`, 'the keys of BertModel');
    },
  };
}

const sameShape = (tensor: StoredTensor, shape: readonly number[]): boolean => tensor.shape.length === shape.length && shape.every((size, i) => size === tensor.shape[i]);
