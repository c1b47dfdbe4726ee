/**
 * A base model's folder as transformers saves it: config.json, the weights in one safetensors file or in shards beside their index, the
 * tokenizer. The weights' bytes lie in shared memory, once a process, as they are stored; numbers are made tensor by tensor.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrimtabError, messageOf } from '../errors.ts';
import type { FloatTensor, Refuse, StoredTensor } from './safetensors.ts';
import { floatsInto, parseHead, parseSafetensors, storedTensor, toFloat32 } from './safetensors.ts';

export interface Base {
  readonly path: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** By their names in the files. Every worker reads the same shared bytes; an outline's tensors have none. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** See `combineDigests`; empty in an outline. */
  readonly digest: string;
}

const CONFIG = 'config.json';
const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
/** The index comes from outside: a shard is a file of this folder and of no other. */
const SHARD_NAME = /^[\w.-]+\.safetensors$/;
const CHUNK_BYTES = 64 * 2 ** 20;
const HEAD_BYTES = 8;

/** Reads the folder; with `digest`, refuses other weights. Throws `bad-base`. */
export async function readBase(path: string, digest: string | null): Promise<Base> {
  const refuse = refuseBase(path);
  const config = await readConfig(path, refuse);
  const files = await weightFiles(path);
  const shards: ReadonlyMap<string, StoredTensor>[] = [];
  const digests: string[] = [];
  // One after the other: a disk is not faster for being asked twice.
  for (const name of files) {
    const { bytes, sha256 } = await withFile(path, name, refuse, (file) => readShared(file, named(refuse, name)));
    digests.push(sha256);
    shards.push(parseSafetensors(bytes, named(refuse, name)));
  }
  const found = combineDigests(digests);
  if (digest !== null && digest !== found) refuse(`its weights have digest ${found}`, `the digest that was asked for, ${digest}`);
  return { path, config, tensors: await joined(path, files, shards, refuse), digest: found };
}

/** Config and shapes alone, for who must know the size of a base before its gigabytes are read. */
export async function outlineBase(path: string): Promise<Base> {
  const refuse = refuseBase(path);
  const config = await readConfig(path, refuse);
  const files = await weightFiles(path);
  const shards = await Promise.all(files.map((name) => withFile(path, name, refuse, (file) => readOutline(file, named(refuse, name)))));
  return { path, config, tensors: await joined(path, files, shards, refuse), digest: '' };
}

/** Names of the files that hold the weights, in order: one, or the shards that the index names. Throws `bad-base`. */
export async function weightFiles(path: string): Promise<string[]> {
  const refuse = refuseBase(path);
  if (await exists(join(path, SINGLE))) return [SINGLE];
  return [...new Set(Object.values(await readIndex(path, refuse)))].sort();
}

/** One file: its sha256. Shards: the sha256 of their digests in hex, one after the other in the order of their names. */
export function combineDigests(digests: readonly string[]): string {
  return digests.length === 1 ? digests[0]! : createHash('sha256').update(digests.join('')).digest('hex');
}

/** Tensors that lie in no file, as a base has them. */
export function storedTensors(tensors: ReadonlyMap<string, FloatTensor>): Map<string, StoredTensor> {
  return new Map([...tensors].map(([name, tensor]) => [name, storedTensor(tensor)]));
}

export function refuseBase(path: string): Refuse {
  return (problem, right) => {
    throw new TrimtabError('bad-base', { base: path, problem, right });
  };
}

const named = (refuse: Refuse, file: string): Refuse => (problem, right) => refuse(`${file}: ${problem}`, right);

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function readJson(path: string, name: string, refuse: Refuse, right: string): Promise<Record<string, unknown>> {
  const text = await readFile(join(path, name), 'utf8').catch((cause: unknown) => refuse(`${name} cannot be read (${messageOf(cause)})`, right));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse(`${name} is not JSON`, 'the file that transformers saves');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${name} is not an object`, 'the file that transformers saves');
  return value as Record<string, unknown>;
}

const readConfig = (path: string, refuse: Refuse): Promise<Record<string, unknown>> => readJson(path, CONFIG, refuse, `a folder with ${CONFIG} and ${SINGLE} (or ${INDEX} and its shards)`);

/** The file of each tensor. */
async function readIndex(path: string, refuse: Refuse): Promise<Record<string, string>> {
  const { weight_map: map } = await readJson(path, INDEX, refuse, `a folder with ${CONFIG} and ${SINGLE} (or ${INDEX} and its shards)`);
  const files: unknown[] = typeof map === 'object' && map !== null ? Object.values(map) : [];
  const wrong = files.find((file) => typeof file !== 'string' || !SHARD_NAME.test(file));
  if (files.length === 0 || wrong !== undefined) refuse(`${INDEX} has ${files.length === 0 ? 'no weight_map' : `the file ${JSON.stringify(wrong)}`}`, 'a weight_map from tensors to safetensors files of this folder');
  return map as Record<string, string>;
}

async function withFile<R>(path: string, name: string, refuse: Refuse, read: (file: FileHandle) => Promise<R>): Promise<R> {
  const file = await open(join(path, name)).catch((cause: unknown) => refuse(`${name} cannot be read (${messageOf(cause)})`, 'all files of the weights'));
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

/** Straight into shared memory: a copy on the way would double the need of a large base. */
async function readShared(file: FileHandle, refuse: Refuse): Promise<{ bytes: Uint8Array; sha256: string }> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const hash = createHash('sha256');
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK_BYTES, size - at), at);
    if (bytesRead === 0) refuse(`it shrank to ${at} bytes while it was read`, `${size} bytes`);
    hash.update(bytes.subarray(at, at + bytesRead));
    at += bytesRead;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function readOutline(file: FileHandle, refuse: Refuse): Promise<ReadonlyMap<string, StoredTensor>> {
  const { size } = await file.stat();
  const length = new Uint8Array(HEAD_BYTES);
  await file.read(length, 0, HEAD_BYTES, 0);
  // Not more than the header can be: what stands there is not to be believed yet.
  const head = new Uint8Array(Math.min(size, HEAD_BYTES + Number(new DataView(length.buffer).getBigUint64(0, true) & 0xffffffn)));
  await file.read(head, 0, head.length, 0);
  return new Map(parseHead(head, size, refuse).entries.map(({ name, dtype, shape }) => [name, { dtype, shape, bytes: new Uint8Array(0) }]));
}

/** All tensors of all shards, each where the index has it. */
async function joined(path: string, files: readonly string[], shards: readonly ReadonlyMap<string, StoredTensor>[], refuse: Refuse): Promise<ReadonlyMap<string, StoredTensor>> {
  if (files[0] === SINGLE) return shards[0]!;
  const index = await readIndex(path, refuse);
  const all = new Map<string, StoredTensor>();
  shards.forEach((shard, i) => {
    for (const [name, tensor] of shard) {
      if (!Object.hasOwn(index, name) || index[name] !== files[i]) refuse(`${files[i]!} has tensor "${name}"`, `what ${INDEX} says of it: ${Object.hasOwn(index, name) ? index[name]! : 'nothing'}`);
      all.set(name, tensor);
    }
  });
  const missing = Object.keys(index).find((name) => !all.has(name));
  if (missing !== undefined) refuse(`${index[missing]!} has no tensor "${missing}"`, `the tensors that ${INDEX} promises`);
  return all;
}

/** Float tensors by name, each read once and with the shape that it must have; at the end nothing may be left over. */
export interface WeightReader {
  /** What stands before the names of the bare model: '', 'bert.' of BertForMaskedLM, 'model.' of LlamaForCausalLM. */
  readonly prefix: string;
  has(name: string): boolean;
  /** By the bare model's name. The numbers are a copy of the caller's own. */
  take(name: string, ...shape: readonly number[]): FloatTensor;
  /** Into the start of `into`, which an outline leaves alone: large tensors, one after the other, need room once. */
  takeInto(into: Float32Array, name: string, ...shape: readonly number[]): void;
  /** Room for `count` numbers, the same for every caller: what was in it is lost. Of an outline: none. */
  room(count: number): Float32Array;
  /** The same for tensors that no prefix precedes: a language model's head. */
  hasOutside(name: string): boolean;
  takeOutside(name: string, ...shape: readonly number[]): FloatTensor;
  /** Refuses tensors that nobody took, unless `known` to be unused by their name, with or without the prefix. */
  finish(known: RegExp): void;
}

/** `bare` is a tensor that every model of the architecture has, by the bare model's name: where it stands is what the prefix is. */
export function readWeights(base: Base, bare: string): WeightReader {
  const refuse = refuseBase(base.path);
  const left = new Map([...base.tensors].map(([name, tensor]) => [modern(name), tensor]));
  const prefixes = [...left.keys()].filter((name) => name === bare || name.endsWith(`.${bare}`)).map((name) => name.slice(0, -bare.length));
  if (prefixes.length !== 1) refuse(`${prefixes.length === 0 ? 'no tensor is' : 'several tensors are'} "${bare}"`, 'one, alone or behind a prefix such as "bert." or "model."');
  const prefix = prefixes[0]!;

  let shared = new Float32Array(0);
  const find = (name: string, shape: readonly number[]): StoredTensor => {
    const tensor = left.get(name) ?? refuse(`tensor "${name}" is missing`, 'all tensors of the architecture');
    left.delete(name);
    if (!sameShape(tensor, shape)) refuse(`tensor "${name}" has shape [${tensor.shape.join(', ')}]`, `[${shape.join(', ')}] as config.json says`);
    return tensor;
  };
  const take = (name: string, shape: readonly number[]): FloatTensor => toFloat32(name, find(name, shape), refuse);
  const outlined = [...base.tensors.values()].every(({ bytes }) => bytes.byteLength === 0);
  return {
    prefix,
    has: (name) => left.has(prefix + name),
    take: (name, ...shape) => take(prefix + name, shape),
    takeInto(into, name, ...shape) {
      const tensor = find(prefix + name, shape);
      if (!outlined) floatsInto(prefix + name, tensor, into.subarray(0, shape.reduce((a, b) => a * b, 1)), refuse);
    },
    room(count) {
      if (!outlined && shared.length < count) shared = new Float32Array(count);
      return shared.subarray(0, count);
    },
    hasOutside: (name) => left.has(name),
    takeOutside: (name, ...shape) => take(name, shape),
    finish(known) {
      const unused = [...left.keys()].find((name) => !known.test(name) && !(name.startsWith(prefix) && known.test(name.slice(prefix.length))));
      if (unused !== undefined) refuse(`tensor "${unused}" has no place in the model`, 'the tensors of the architecture and of heads that are known to be unused');
    },
  };
}

/** The first BERT checkpoints name a norm's weight and bias as TensorFlow did; transformers renames them too. */
const modern = (name: string): string => name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');

const sameShape = (tensor: StoredTensor, shape: readonly number[]): boolean => tensor.shape.length === shape.length && shape.every((size, i) => size === tensor.shape[i]);
