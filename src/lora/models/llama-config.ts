/** What config.json says of Llama and its relatives, and what they must be for us to run them. */
import type { Base } from '../base.ts';
import type { AttentionShape } from '../ops.ts';
import type { LinearGroup } from './architecture.ts';
import type { Options } from './options.ts';
import { readOptions } from './options.ts';
import type { Rope } from './rope.ts';
import { ropeOf } from './rope.ts';

export const LLAMA_TYPES = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;
export type LlamaType = (typeof LLAMA_TYPES)[number];

export interface LlamaConfig {
  readonly type: LlamaType;
  readonly d: number;
  readonly layers: number;
  readonly attention: AttentionShape;
  readonly m: number;
  readonly vocabulary: number;
  /** The longest sequence: within every sliding window, so that plain causal attention is what the model computes. */
  readonly positions: number;
  readonly epsilon: number;
  readonly rope: Rope;
  /** The language-model head is the embeddings. */
  readonly tied: boolean;
  readonly biases: { readonly qkv: boolean; readonly attentionOutput: boolean; readonly gateUp: boolean; readonly down: boolean };
  /** Queries and keys are normalised head by head. */
  readonly headNorm: boolean;
}

export function llamaConfig(base: Base): LlamaConfig {
  const options = readOptions(base);
  const type = options.one('model_type', ...LLAMA_TYPES);
  const d = options.size('hidden_size');
  options.one('hidden_act', 'silu');
  // The other relatives' own defaults are those of one size of model: better to ask.
  const heads = options.size('num_attention_heads');
  const kvHeads = options.size('num_key_value_heads', type === 'llama' ? heads : undefined);
  const width = options.size('head_dim', type === 'qwen3' ? 128 : d / heads);
  if (heads % kvHeads !== 0) options.refuse(`num_attention_heads ${heads} is not a multiple of num_key_value_heads ${kvHeads}`, 'groups of equal size');
  if (width % 8 !== 0) options.refuse(`heads are ${width} wide`, 'a multiple of 8');
  const m = options.size('intermediate_size');
  if (d % 4 !== 0 || m % 4 !== 0) options.refuse(`hidden_size is ${d} and intermediate_size ${m}`, 'multiples of 4');
  const config: LlamaConfig = {
    type,
    d,
    m,
    attention: { heads, kvHeads, width, causal: true },
    layers: options.size('num_hidden_layers'),
    vocabulary: options.size('vocab_size'),
    positions: Math.min(options.size('max_position_embeddings'), windowOf(options, type)),
    epsilon: options.positive('rms_norm_eps', 1e-6),
    rope: ropeOf(options),
    tied: options.flag('tie_word_embeddings', false),
    biases: biasesOf(options, type),
    headNorm: type === 'qwen3',
  };
  options.one('rope_interleaved', false);
  options.one('partial_rotary_factor', 1);
  options.finish();
  return config;
}

function biasesOf(options: Options, type: LlamaType): LlamaConfig['biases'] {
  const attention = options.flag('attention_bias', false);
  const mlp = options.flag('mlp_bias', false);
  switch (type) {
    case 'llama':
      return { qkv: attention, attentionOutput: attention, gateUp: mlp, down: mlp };
    case 'qwen3':
      if (mlp) options.refuse('config.json says mlp_bias true', 'false: Qwen3 has none');
      return { qkv: attention, attentionOutput: attention, gateUp: false, down: false };
    case 'qwen2':
    case 'mistral':
      if (mlp) options.refuse('config.json says mlp_bias true', `false: ${type} has none`);
      // Both ignore attention_bias: Qwen2 always has biases here, Mistral never.
      return { qkv: type === 'qwen2', attentionOutput: false, gateUp: false, down: false };
  }
}

/** A sequence within the window never meets it. Mistral's first models have one of 4,096; Qwen's only count when they are switched on. */
function windowOf(options: Options, type: LlamaType): number {
  const window = options.raw('sliding_window');
  const layers = options.raw('layer_types');
  options.raw('max_window_layers');
  const kinds: readonly unknown[] = Array.isArray(layers) ? layers : [];
  const strange = kinds.find((kind) => kind !== 'full_attention' && kind !== 'sliding_attention');
  if (strange !== undefined) options.refuse(`config.json says layer_types ${JSON.stringify(strange)}`, 'full_attention or sliding_attention');
  const used = options.flag('use_sliding_window', false) || (type === 'mistral' && window !== undefined) || kinds.includes('sliding_attention');
  return used && window !== undefined ? options.size('sliding_window') : Infinity;
}

/** All linear layers, layer by layer: queries, keys and values; the attention's output; gate and up; down. */
export function llamaLinears({ layers, d, m, attention: { heads, kvHeads, width } }: LlamaConfig): LinearGroup[] {
  return Array.from({ length: layers }, (_, i) => `layers.${i}`).flatMap((layer) => [
    { parts: ['q_proj', 'k_proj', 'v_proj'].map((name) => `${layer}.self_attn.${name}`), inputs: d, outputs: [heads * width, kvHeads * width, kvHeads * width] },
    { parts: [`${layer}.self_attn.o_proj`], inputs: heads * width, outputs: [d] },
    { parts: ['gate_proj', 'up_proj'].map((name) => `${layer}.mlp.${name}`), inputs: d, outputs: [m, m] },
    { parts: [`${layer}.mlp.down_proj`], inputs: m, outputs: [d] },
  ]);
}
