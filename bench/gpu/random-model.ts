/** Llamas of random weights that are made on the device: shapes to measure, whose files nobody has to carry. */
import { randomFillSync } from 'node:crypto';
import type { TensorflowBackend, TfTensor } from '../../src/lora/backends/tensorflow/index.ts';
import type { Base } from '../../src/lora/base.ts';
import { llamaConfig, llamaLinears } from '../../src/lora/models/llama-config.ts';
import type { Backend } from '../../src/lora/ops.ts';
import type { Nf4 } from '../../src/lora/quantise.ts';
import { NESTED_BLOCK, NF4_BLOCK } from '../../src/lora/quantise.ts';

export interface Shape {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  readonly tie_word_embeddings: boolean;
}

/** Those of peft_eager.py. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  '135M': { hidden_size: 576, num_hidden_layers: 30, num_attention_heads: 9, num_key_value_heads: 3, intermediate_size: 1536, vocab_size: 49152, tie_word_embeddings: true },
  '1.2B': { hidden_size: 2048, num_hidden_layers: 16, num_attention_heads: 32, num_key_value_heads: 8, intermediate_size: 8192, vocab_size: 128256, tie_word_embeddings: true },
  '8B': { hidden_size: 4096, num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8, intermediate_size: 14336, vocab_size: 128256, tie_word_embeddings: false },
  tiny: { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 96, vocab_size: 512, tie_word_embeddings: true },
};

/** A base whose tensors are all one stretch of zeros: their shapes are right, and `randomised` puts numbers in their place. */
export function zeroBase(shape: Shape): Base {
  const config = { model_type: 'llama', hidden_act: 'silu', rms_norm_eps: 1e-5, rope_theta: 10_000, max_position_embeddings: 2048, ...shape };
  const base: Base = { path: 'random', config, tensors: new Map(), digest: 'random' };
  const read = llamaConfig(base);
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [read.vocabulary, read.d]], ['model.norm.weight', [read.d]]]);
  if (!read.tied) shapes.set('lm_head.weight', [read.vocabulary, read.d]);
  for (const { parts, inputs, outputs } of llamaLinears(read)) parts.forEach((part, i) => shapes.set(`model.${part}.weight`, [outputs[i]!, inputs]));
  for (let i = 0; i < read.layers; i += 1) for (const norm of ['input_layernorm', 'post_attention_layernorm']) shapes.set(`model.layers.${i}.${norm}.weight`, [read.d]);
  const bytesOf = (sizes: readonly number[]): number => 4 * sizes.reduce((product, size) => product * size, 1);
  const zeros = new Uint8Array(new SharedArrayBuffer(Math.max(...[...shapes.values()].map(bytesOf))));
  return { ...base, tensors: new Map([...shapes].map(([name, sizes]) => [name, { dtype: 'F32', shape: sizes, bytes: zeros.subarray(0, bytesOf(sizes)) }])) };
}

/** The backend, with random numbers in the place of every weight that is loaded: norms are ones. */
export function randomised(backend: TensorflowBackend, { vocab_size: vocabulary }: Shape, quantised: boolean): Backend<TfTensor> {
  let seed = 1;
  return {
    ...backend,
    // Tables of positions' turns are constants too, and stay as they are.
    constant: (values, rows, cols) => (rows === 1 ? backend.constant(new Float32Array(cols).fill(1), 1, cols) : backend.constant(values, rows, cols)),
    table: (_values, rows, cols) => backend.randomTable(rows, cols, 0.02, seed++),
    freeze(_weight, _bias, inputs, outputs, backward) {
      // As loaded from files, the output matrix is not quantised.
      if (quantised && outputs !== vocabulary) return backend.freeze([randomNf4(outputs, inputs)], null, inputs, outputs, backward);
      return backend.freezeRandom(inputs, outputs, 0.02, seed++);
    },
  };
}

/** Any codes, with scales near those of weights with a deviation of 0.02. */
function randomNf4(rows: number, cols: number): Nf4 {
  const blocks = Math.ceil((rows * cols) / NF4_BLOCK);
  const codes = randomFillSync(new Uint8Array((rows * cols) / 2));
  return { rows, cols, codes, absmax: randomFillSync(new Uint8Array(blocks)), nested: new Float32Array(Math.ceil(blocks / NESTED_BLOCK)).fill(0.01), offset: 0.05 };
}
