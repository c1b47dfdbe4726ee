/** PEFT's adapter_config.json: what we write, and what we accept. Nothing in it is ignored in silence. */
import type { HeadKind } from './models/index.ts';
import type { Plan } from './adapter.ts';
import type { Refuse } from './safetensors.ts';

const FILE = 'adapter_config.json';

export const TASK_TYPES = { sequence: 'SEQ_CLS', multilabel: 'SEQ_CLS', tokens: 'TOKEN_CLS', pooled: 'FEATURE_EXTRACTION', vocabulary: 'CAUSAL_LM' } as const satisfies Record<HeadKind, string>;

/** PEFT's own list for tasks with a head; of the two names one is the architecture's. */
const HEADS = ['classifier', 'score'];

/** Fields that PEFT writes and that may only have the value at which they do nothing. */
const NEUTRAL: Readonly<Record<string, unknown>> = { bias: 'none', fan_in_fan_out: false, use_dora: false, lora_bias: false };
/** Fields that say nothing about the weights. */
const DESCRIPTIVE = new Set(['base_model_name_or_path', 'revision', 'inference_mode', 'init_lora_weights', 'lora_dropout', 'peft_version', 'auto_mapping', 'megatron_core', 'qalora_group_size', 'lora_ga_config', 'runtime_config']);

export function peftConfig({ kind, shape, head }: Plan, basePath: string): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: TASK_TYPES[kind],
    base_model_name_or_path: basePath,
    revision: null,
    r: shape.r,
    lora_alpha: shape.alpha,
    lora_dropout: 0,
    target_modules: shape.targets,
    modules_to_save: head === null ? null : HEADS,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: shape.rslora,
    use_dora: false,
    rank_pattern: {},
    alpha_pattern: {},
  };
}

/** The shape that a config says for an adapter of this head. */
export function checkConfig(config: Record<string, unknown>, kind: HeadKind, refuse: Refuse): Plan['shape'] {
  const { peft_type: type, task_type: task, r, lora_alpha: alpha, target_modules: targets, modules_to_save: saved, use_rslora: rslora = false, ...rest } = config;
  const says = (name: string, value: unknown): string => `${FILE} says ${name} ${JSON.stringify(value)}`;
  if (type !== 'LORA' || task !== TASK_TYPES[kind]) refuse(`${FILE} says ${JSON.stringify(type)} for ${JSON.stringify(task)}`, `"LORA" for "${TASK_TYPES[kind]}"`);
  if (!Number.isSafeInteger(r) || (r as number) < 1 || (r as number) > 1024) refuse(says('r', r), 'a whole number from 1 to 1024');
  if (typeof alpha !== 'number' || !Number.isFinite(alpha)) refuse(says('lora_alpha', alpha), 'a finite number');
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) refuse(`${FILE} has no list target_modules`, 'the names of the adapted layers');
  if (typeof rslora !== 'boolean') refuse(says('use_rslora', rslora), 'true or false');
  checkSaved(kind, saved, refuse);
  for (const [name, value] of Object.entries(rest)) {
    const neutral = Object.hasOwn(NEUTRAL, name) ? value === NEUTRAL[name] : DESCRIPTIVE.has(name) || isEmpty(value);
    if (!neutral) refuse(`${says(name, value)}, which this engine does not compute`, 'a plain LoRA adapter');
  }
  return { r: r as number, alpha: alpha as number, targets: targets as string[], rslora: rslora as boolean };
}

function checkSaved(kind: HeadKind, saved: unknown, refuse: Refuse): void {
  const headless = kind === 'pooled' || kind === 'vocabulary';
  const fits = headless ? isEmpty(saved ?? null) : Array.isArray(saved) && saved.length > 0 && saved.every((name) => HEADS.includes(name as string));
  if (!fits) refuse(`${FILE} says modules_to_save ${JSON.stringify(saved)}`, headless ? 'null: this task trains no head' : JSON.stringify(HEADS));
}

const isEmpty = (value: unknown): boolean => value === null || value === false || (typeof value === 'object' && Object.keys(value!).length === 0);
