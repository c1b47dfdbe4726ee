/** A small random BERT for tests, in memory or as a folder. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeadShape, LoraShape, Plan } from '../../src/lora/adapter.ts';
import { planAdapter } from '../../src/lora/adapter.ts';
import type { Base } from '../../src/lora/base.ts';
import { storedTensors } from '../../src/lora/base.ts';
import type { Batch, EncodedRow } from '../../src/lora/batches.ts';
import { pack } from '../../src/lora/batches.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import { normal, random } from '../../src/lora/random.ts';
import type { FloatTensor } from '../../src/lora/safetensors.ts';
import { writeSafetensors } from '../../src/lora/safetensors.ts';

export interface TinyShape {
  readonly d: number;
  readonly m: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly positions: number;
}

export const TINY: TinyShape = { d: 16, m: 24, layers: 2, heads: 2, vocabulary: 50, positions: 32 };

export function tinyConfig({ d, m, layers, heads, vocabulary, positions }: TinyShape): Record<string, unknown> {
  return {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_size: d,
    intermediate_size: m,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    vocab_size: vocabulary,
    max_position_embeddings: positions,
    type_vocab_size: 2,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
  };
}

/** Weights of spread 1 / √inputs, larger than BERT's own, so that every gradient is of moderate size. */
export function tinyTensors({ d, m, layers, vocabulary, positions }: TinyShape, seed: number): Map<string, FloatTensor> {
  const tensors = new Map<string, FloatTensor>();
  const uniform = random(seed, 'tiny');
  const add = (name: string, shape: number[], centre = 0, spread = 1): void => {
    tensors.set(name, { shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => centre + spread * normal(uniform)) });
  };
  const linear = (name: string, inputs: number, outputs: number): void => {
    add(`${name}.weight`, [outputs, inputs], 0, 1 / Math.sqrt(inputs));
    add(`${name}.bias`, [outputs], 0, 0.1);
  };
  const norm = (name: string): void => {
    add(`${name}.weight`, [d], 1, 0.1);
    add(`${name}.bias`, [d], 0, 0.1);
  };
  add('embeddings.word_embeddings.weight', [vocabulary, d]);
  add('embeddings.position_embeddings.weight', [positions, d], 0, 0.3);
  add('embeddings.token_type_embeddings.weight', [2, d], 0, 0.3);
  norm('embeddings.LayerNorm');
  for (let i = 0; i < layers; i += 1) {
    const layer = `encoder.layer.${i}`;
    for (const name of ['query', 'key', 'value']) linear(`${layer}.attention.self.${name}`, d, d);
    linear(`${layer}.attention.output.dense`, d, d);
    norm(`${layer}.attention.output.LayerNorm`);
    linear(`${layer}.intermediate.dense`, d, m);
    linear(`${layer}.output.dense`, m, d);
    norm(`${layer}.output.LayerNorm`);
  }
  return tensors;
}

export function tinyBase(shape: TinyShape = TINY, seed = 1): Base {
  const tensors = tinyTensors(shape, seed);
  return { path: 'tiny', config: tinyConfig(shape), tensors: storedTensors(tensors), digest: createHash('sha256').update(writeSafetensors(tensors)).digest('hex') };
}

/** The same as a folder, with a tokenizer of whole words. */
export async function writeTinyBase(folder: string, words: readonly string[], shape: TinyShape = TINY, seed = 1): Promise<void> {
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];
  if (vocabulary.length > shape.vocabulary) throw new Error(`${words.length} words do not fit a vocabulary of ${shape.vocabulary}`);
  const special = (id: number): object => ({ id, content: vocabulary[id], single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [0, 1, 2, 3, 4].map(special),
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
      pair: [],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] } },
    },
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])), unk_token: '[UNK]' },
  };
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: object): Promise<void> => writeFile(join(folder, name), JSON.stringify(value));
  await Promise.all([
    writeFile(join(folder, 'model.safetensors'), writeSafetensors(tinyTensors(shape, seed))),
    write('config.json', tinyConfig(shape)),
    write('tokenizer.json', tokenizer),
    write('tokenizer_config.json', { tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', pad_token: '[PAD]' }),
  ]);
}

export function tinyRows(lengths: readonly number[], labels: number, seed = 7, vocabulary = TINY.vocabulary): EncodedRow[] {
  const uniform = random(seed, 'rows');
  return lengths.map((length) => ({
    tokens: Int32Array.from({ length }, () => Math.floor(uniform() * vocabulary)),
    targets: Int32Array.of(Math.floor(uniform() * labels)),
    weight: 0.5 + uniform(),
  }));
}

export function tinyBatch(lengths: readonly number[], labels: number, seed = 7): Batch {
  const rows = tinyRows(lengths, labels, seed);
  return pack(rows, Infinity, rows.reduce((sum, row) => sum + row.weight, 0))[0]!;
}

/** A plan for a classifier on the base, or for the head given. */
export function tinyPlan(base: Base, outputs: number, lora: LoraShape = { r: 4, alpha: 8, targets: 'all-linear' }, head: Partial<HeadShape> = {}): Plan {
  return planAdapter(architectureOf(base), { kind: 'sequence', pooling: 'mean', ...head, outputs }, lora);
}
