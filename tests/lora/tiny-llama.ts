/** A small random Llama, or one of its relatives, in memory. */
import type { Base } from '../../src/lora/base.ts';
import { storedTensors } from '../../src/lora/base.ts';
import { normal, random } from '../../src/lora/random.ts';
import type { FloatTensor } from '../../src/lora/safetensors.ts';

export interface TinyLlama {
  readonly type: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  readonly d: number;
  readonly m: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly width: number;
  readonly vocabulary: number;
  readonly tied: boolean;
  readonly biased: boolean;
}

export const TINY_LLAMA: TinyLlama = { type: 'llama', d: 16, m: 24, layers: 2, heads: 4, kvHeads: 2, width: 8, vocabulary: 50, tied: false, biased: false };

export function tinyLlamaConfig({ type, d, m, layers, heads, kvHeads, width, vocabulary, tied, biased }: TinyLlama): Record<string, unknown> {
  return {
    model_type: type,
    architectures: ['LlamaForCausalLM'],
    hidden_size: d,
    intermediate_size: m,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: width,
    vocab_size: vocabulary,
    max_position_embeddings: 64,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 100,
    tie_word_embeddings: tied,
    attention_bias: biased,
    ...(type === 'llama' ? { mlp_bias: biased } : {}),
    ...(type === 'mistral' ? { sliding_window: null } : {}),
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

/** Named as LlamaForCausalLM names them. */
export function tinyLlamaTensors({ type, d, m, layers, heads, kvHeads, width, vocabulary, tied, biased }: TinyLlama, seed = 1): Map<string, FloatTensor> {
  const tensors = new Map<string, FloatTensor>();
  const uniform = random(seed, 'tiny llama');
  const add = (name: string, shape: number[], centre = 0, spread = 1): void => {
    tensors.set(name, { shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => centre + spread * normal(uniform)) });
  };
  const linear = (name: string, inputs: number, outputs: number, bias: boolean): void => {
    add(`${name}.weight`, [outputs, inputs], 0, 1 / Math.sqrt(inputs));
    if (bias) add(`${name}.bias`, [outputs], 0, 0.1);
  };
  const qkvBias = type === 'qwen2' || (biased && type !== 'mistral');
  add('model.embed_tokens.weight', [vocabulary, d]);
  for (let i = 0; i < layers; i += 1) {
    const layer = `model.layers.${i}`;
    linear(`${layer}.self_attn.q_proj`, d, heads * width, qkvBias);
    linear(`${layer}.self_attn.k_proj`, d, kvHeads * width, qkvBias);
    linear(`${layer}.self_attn.v_proj`, d, kvHeads * width, qkvBias);
    linear(`${layer}.self_attn.o_proj`, heads * width, d, biased && (type === 'llama' || type === 'qwen3'));
    for (const name of ['gate_proj', 'up_proj']) linear(`${layer}.mlp.${name}`, d, m, biased && type === 'llama');
    linear(`${layer}.mlp.down_proj`, m, d, biased && type === 'llama');
    for (const name of ['input_layernorm', 'post_attention_layernorm']) add(`${layer}.${name}.weight`, [d], 1, 0.1);
    if (type === 'qwen3') for (const name of ['q_norm', 'k_norm']) add(`${layer}.self_attn.${name}.weight`, [width], 1, 0.1);
  }
  add('model.norm.weight', [d], 1, 0.1);
  if (!tied) add('lm_head.weight', [vocabulary, d], 0, 1 / Math.sqrt(d));
  return tensors;
}

export function tinyLlama(change: Partial<TinyLlama> = {}, config: Readonly<Record<string, unknown>> = {}): Base {
  const shape = { ...TINY_LLAMA, ...change };
  return { path: 'tiny llama', config: { ...tinyLlamaConfig(shape), ...config }, tensors: storedTensors(tinyLlamaTensors(shape)), digest: '0'.repeat(64) };
}
