/** config.json, read so that nothing in it that changes a model's numbers is passed over in silence. */
import type { Base } from '../base.ts';
import { refuseBase } from '../base.ts';

export interface Options {
  /** A positive whole number; `fallback` where the file says nothing or null. */
  size(name: string, fallback?: number): number;
  positive(name: string, fallback: number): number;
  flag(name: string, fallback: boolean): boolean;
  /** Must have one of these values; the first is what nothing means. */
  one<Value extends string | number | boolean>(name: string, ...values: readonly Value[]): Value;
  /** Whatever stands there, for the caller to judge. */
  raw(name: string): unknown;
  refuse(problem: string, right: string): never;
  /** Refuses what nobody has read: an option that this engine does not know may change what the model computes. */
  finish(): void;
}

/** Fields that say nothing about what the forward pass computes: names, tokens, training, generation. */
const DESCRIPTIVE = new Set(
  `architectures auto_map dtype torch_dtype torchscript name_or_path transformers_version tokenizer_class prefix use_cache use_bfloat16 tf_legacy_loss
  initializer_range gradient_checkpointing chunk_size_feed_forward pretraining_tp is_llama_config transformers.js_config attn_implementation
  hidden_dropout_prob attention_probs_dropout_prob attention_dropout classifier_dropout classifier_bias embd_pdrop hidden_dropout
  id2label label2id num_labels problem_type finetuning_task task_specific_params output_attentions output_hidden_states return_dict
  max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature top_k top_p typical_p repetition_penalty
  length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size num_return_sequences output_scores return_dict_in_generate suppress_tokens`.split(/\s+/),
);
const DESCRIPTIVE_NAME = /^_|_token_id$|^unsloth_/;

export function readOptions({ config, path }: Base): Options {
  const refuse: Options['refuse'] = refuseBase(path);
  const read = new Set<string>();
  const raw = (name: string): unknown => {
    read.add(name);
    return Object.hasOwn(config, name) ? (config[name] ?? undefined) : undefined;
  };
  const wrong = (name: string, right: string): never => refuse(`config.json says ${name} ${JSON.stringify(config[name])}`, right);
  return {
    refuse,
    raw,
    size(name, fallback) {
      const value = raw(name) ?? fallback;
      return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : wrong(name, 'a positive whole number');
    },
    positive(name, fallback) {
      const value = raw(name) ?? fallback;
      return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : wrong(name, 'a positive number');
    },
    flag(name, fallback) {
      const value = raw(name) ?? fallback;
      return typeof value === 'boolean' ? value : wrong(name, 'true or false');
    },
    one(name, ...values) {
      const value = raw(name) ?? values[0]!;
      return values.find((known) => known === value) ?? wrong(name, values.map((known) => JSON.stringify(known)).join(' or '));
    },
    finish() {
      const unknown = Object.entries(config).find(([name, value]) => !read.has(name) && !DESCRIPTIVE.has(name) && !DESCRIPTIVE_NAME.test(name) && !isEmpty(value));
      if (unknown !== undefined) wrong(unknown[0], `only options that this engine can run: ${[...read].join(', ')}`);
    },
  };
}

const isEmpty = (value: unknown): boolean => value === null || value === false || (typeof value === 'object' && Object.keys(value!).length === 0);
