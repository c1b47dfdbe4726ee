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
import { POOLINGS } from './ops.ts';
import type { Refuse } from './safetensors.ts';
import { parseSafetensors, toFloat32, writeSafetensors } from './safetensors.ts';

export const ADAPTER_FILES = { config: 'adapter_config.json', weights: 'adapter_model.safetensors', trimtab: 'trimtab.json' } as const;

/** What an adapter says of itself, before its weights are looked at. */
export type AdapterHeader = Omit<Adapter, 'values'>;

const VERSION = 1;
/** PEFT's own list for this task; a module of the second name is another architecture's head. */
const HEADS = ['classifier', 'score'];

/** Fields that PEFT writes and that may only have the value at which they do nothing. */
const NEUTRAL: Readonly<Record<string, unknown>> = { bias: 'none', fan_in_fan_out: false, use_rslora: false, use_dora: false, lora_bias: false };
/** Fields that say nothing about the weights. */
const DESCRIPTIVE = new Set(['base_model_name_or_path', 'revision', 'inference_mode', 'init_lora_weights', 'lora_dropout', 'peft_version', 'auto_mapping', 'megatron_core', 'qalora_group_size', 'lora_ga_config', 'runtime_config']);

export function adapterFiles(plan: Plan, adapter: Adapter, basePath: string): AdapterFiles {
  const config = {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    base_model_name_or_path: basePath,
    revision: null,
    r: plan.shape.r,
    lora_alpha: plan.shape.alpha,
    lora_dropout: 0,
    target_modules: plan.shape.targets,
    modules_to_save: HEADS,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
    rank_pattern: {},
    alpha_pattern: {},
  };
  const header = {
    version: VERSION,
    labels: adapter.labels,
    id2label: Object.fromEntries(adapter.labels.map((label, i) => [i, label])),
    pooling: adapter.pooling,
    baseDigest: adapter.baseDigest,
    maxLength: adapter.maxLength,
  };
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return { config: json(config), weights: writeSafetensors(toTensors(plan, adapter.values), { format: 'pt' }), extra: { [ADAPTER_FILES.trimtab]: json(header) } };
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
  const { version, labels, pooling, baseDigest, maxLength } = header as Partial<AdapterHeader> & { version?: unknown };
  if (version !== VERSION) refuse(`trimtab.json has version ${JSON.stringify(version)}`, `${VERSION}`);
  if (!Array.isArray(labels) || labels.length === 0 || !labels.every((label) => typeof label === 'string') || new Set(labels).size !== labels.length) {
    refuse('trimtab.json has no list of different labels', 'labels: ["...", ...], in the order of the head');
  }
  if (!POOLINGS.some((known) => known === pooling)) refuse(`trimtab.json says pooling ${JSON.stringify(pooling)}`, `one of ${POOLINGS.join(', ')}`);
  if (typeof baseDigest !== 'string' || !/^[0-9a-f]{64}$/.test(baseDigest)) refuse('trimtab.json has no baseDigest', "the sha256 of the base's model.safetensors");
  if (!Number.isSafeInteger(maxLength) || maxLength! < 3) refuse(`trimtab.json says maxLength ${maxLength}`, 'a whole number from 3 up');
  const shape = checkConfig(parseJson(files.config, ADAPTER_FILES.config, refuse), refuse);
  return { shape, labels: labels!, pooling: pooling!, baseDigest: baseDigest!, maxLength: maxLength! };
}

function checkConfig(config: Record<string, unknown>, refuse: Refuse): AdapterHeader['shape'] {
  const { peft_type: type, task_type: task, r, lora_alpha: alpha, target_modules: targets, modules_to_save: saved, ...rest } = config;
  if (type !== 'LORA' || task !== 'SEQ_CLS') refuse(`adapter_config.json says ${JSON.stringify(type)} for ${JSON.stringify(task)}`, '"LORA" for "SEQ_CLS"');
  if (!Number.isSafeInteger(r) || (r as number) < 1 || (r as number) > 1024) refuse(`adapter_config.json says r ${JSON.stringify(r)}`, 'a whole number from 1 to 1024');
  if (typeof alpha !== 'number' || !Number.isFinite(alpha)) refuse(`adapter_config.json says lora_alpha ${JSON.stringify(alpha)}`, 'a finite number');
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) refuse('adapter_config.json has no list target_modules', 'the names of the adapted layers');
  if (!Array.isArray(saved) || !saved.includes(HEADS[0]) || !saved.every((name) => HEADS.includes(name as string))) {
    refuse(`adapter_config.json says modules_to_save ${JSON.stringify(saved)}`, JSON.stringify(HEADS));
  }
  for (const [name, value] of Object.entries(rest)) {
    const neutral = Object.hasOwn(NEUTRAL, name) ? value === NEUTRAL[name] : DESCRIPTIVE.has(name) || isEmpty(value);
    if (!neutral) refuse(`adapter_config.json says ${name} ${JSON.stringify(value)}, which this engine does not compute`, 'a plain LoRA adapter');
  }
  return { r: r as number, alpha: alpha as number, targets: targets as string[] };
}

const isEmpty = (value: unknown): boolean => value === null || value === false || (typeof value === 'object' && Object.keys(value!).length === 0);

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
