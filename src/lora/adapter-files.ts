/**
 * An adapter as three files: PEFT's adapter_config.json and adapter_model.safetensors, and beside them trimtab.json with what PEFT
 * has no word for. Reading is the static validator that stands before every load: nothing in the files is ignored in silence, since an
 * adapter that loads and does nothing is the commonest fault there is.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrimtabError, messageOf } from '../errors.ts';
import type { AdapterFiles } from '../vocabulary.ts';
import type { Adapter, Plan } from './adapter.ts';
import { toTensors } from './adapter.ts';
import { checkConfig, peftConfig } from './adapter-config.ts';
import type { HeadKind } from './models/index.ts';
import { HEAD_KINDS } from './models/index.ts';
import { POOLINGS } from './ops.ts';
import type { Refuse } from './safetensors.ts';
import { QUANTISATIONS } from './quantise.ts';
import { parseSafetensors, toFloat32, writeSafetensors } from './safetensors.ts';
import { tagsOf } from './tags.ts';

export const ADAPTER_FILES = { config: 'adapter_config.json', weights: 'adapter_model.safetensors', trimtab: 'trimtab.json' } as const;

/** What an adapter says of itself, before its weights are looked at. */
export type AdapterHeader = Omit<Adapter, 'values'>;

const VERSION = 1;

export function adapterFiles(plan: Plan, adapter: Adapter, basePath: string): AdapterFiles {
  const { labels, pooling, quantisation, baseDigest, maxLength } = adapter;
  const outputs = outputNames(plan.kind, labels);
  const header = {
    version: VERSION,
    head: plan.kind,
    labels,
    ...(plan.head === null ? {} : { id2label: Object.fromEntries(outputs.map((label, i) => [i, label])) }),
    pooling,
    quantisation,
    baseDigest,
    maxLength,
  };
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return { config: json(peftConfig(plan, basePath)), weights: writeSafetensors(toTensors(plan, adapter.values), { format: 'pt' }), extra: { [ADAPTER_FILES.trimtab]: json(header) } };
}

/** Names of the head's rows: the labels, or the tags that they make. */
export function outputNames(kind: HeadKind, labels: readonly string[]): readonly string[] {
  if (kind === 'tokens') return tagsOf(labels);
  return kind === 'sequence' || kind === 'multilabel' ? labels : [];
}

/** sha256 of the weights file: what names an adapter. */
export const adapterDigest = (files: AdapterFiles): string => createHash('sha256').update(files.weights).digest('hex');

export async function writeAdapter(folder: string, { config, weights, extra }: AdapterFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  const named = Object.entries({ ...extra, [ADAPTER_FILES.config]: config, [ADAPTER_FILES.weights]: weights });
  await Promise.all(named.map(([name, bytes]) => writeFile(join(folder, name), bytes)));
}

export async function readAdapter(folder: string): Promise<AdapterFiles> {
  const refuse = refuseAdapter(folder);
  const read = (name: string): Promise<Uint8Array> =>
    readFile(join(folder, name)).catch((cause: unknown) => refuse(`${name} cannot be read (${messageOf(cause)})`, `the files ${Object.values(ADAPTER_FILES).join(', ')}`));
  const [config, weights, trimtab] = await Promise.all([read(ADAPTER_FILES.config), read(ADAPTER_FILES.weights), read(ADAPTER_FILES.trimtab)]);
  return { config, weights, extra: { [ADAPTER_FILES.trimtab]: trimtab } };
}

export function refuseAdapter(adapter: string): Refuse {
  return (problem, right) => {
    throw new TrimtabError('bad-adapter', { adapter, problem, right });
  };
}

/** Reads both JSON files. */
export function parseHeader(files: AdapterFiles, refuse: Refuse): AdapterHeader {
  const trimtab = files.extra[ADAPTER_FILES.trimtab] ?? refuse(`${ADAPTER_FILES.trimtab} is missing`, `the files ${Object.values(ADAPTER_FILES).join(', ')}`);
  const header = parseJson(trimtab, ADAPTER_FILES.trimtab, refuse);
  const { version, head: kind = 'sequence', labels, pooling, quantisation = 'none', baseDigest, maxLength } = header;
  if (version !== VERSION) refuse(`trimtab.json has version ${JSON.stringify(version)}`, `${VERSION}`);
  if (!oneOf(HEAD_KINDS, kind)) return refuse(`trimtab.json says head ${JSON.stringify(kind)}`, `one of ${HEAD_KINDS.join(', ')}`);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string') || new Set(labels).size !== labels.length || (labels.length === 0) !== (outputNames(kind, ['x']).length === 0)) {
    return refuse('trimtab.json has no list of different labels', 'labels: ["...", ...], of the head in its order; [] where it has none');
  }
  if (!oneOf(POOLINGS, pooling)) return refuse(`trimtab.json says pooling ${JSON.stringify(pooling)}`, `one of ${POOLINGS.join(', ')}`);
  if (!oneOf(QUANTISATIONS, quantisation)) return refuse(`trimtab.json says quantisation ${JSON.stringify(quantisation)}`, `one of ${QUANTISATIONS.join(', ')}`);
  if (typeof baseDigest !== 'string' || !/^[0-9a-f]{64}$/.test(baseDigest)) return refuse('trimtab.json has no baseDigest', "the sha256 of the base's model.safetensors");
  if (!Number.isSafeInteger(maxLength) || (maxLength as number) < 3) refuse(`trimtab.json says maxLength ${JSON.stringify(maxLength)}`, 'a whole number from 3 up');
  const shape = checkConfig(parseJson(files.config, ADAPTER_FILES.config, refuse), kind, refuse);
  return { shape, kind, labels: labels as string[], pooling, quantisation, baseDigest, maxLength: maxLength as number };
}

const oneOf = <Word extends string>(words: readonly Word[], value: unknown): value is Word => words.some((word) => word === value);

function parseJson(bytes: Uint8Array, name: string, refuse: Refuse): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    refuse(`${name} is not JSON`, 'a JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${name} is not an object`, 'a JSON object');
  return value as Record<string, unknown>;
}

/** The weights, checked against the plan of their base: zero missing keys, zero unexpected ones, right shapes, finite numbers. */
export function parseWeights(bytes: Uint8Array, plan: Plan, refuse: Refuse): Float32Array {
  const tensors = parseSafetensors(bytes, refuse);
  const values = new Float32Array(plan.count);
  for (const { key, role, rows, cols, offset } of plan.slots.values()) {
    const tensor = tensors.get(key) ?? refuse(`tensor "${key}" is missing`, `all ${plan.slots.size} tensors of the shape in adapter_config.json`);
    tensors.delete(key);
    const shape = role === 'bias' ? [cols] : [rows, cols];
    if (JSON.stringify(tensor.shape) !== JSON.stringify(shape)) refuse(`tensor "${key}" has shape ${JSON.stringify(tensor.shape)}`, JSON.stringify(shape));
    const numbers = toFloat32(key, tensor, refuse).values;
    if (!numbers.every(Number.isFinite)) refuse(`tensor "${key}" holds a number that is not finite`, 'finite numbers');
    values.set(numbers, offset);
  }
  const extra = tensors.keys().next();
  if (extra.done !== true) refuse(`tensor "${extra.value}" has no place in this adapter`, `the ${plan.slots.size} tensors of the shape in adapter_config.json`);
  return values;
}
