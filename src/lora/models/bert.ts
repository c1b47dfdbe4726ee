/**
 * BERT's encoder (arXiv 1810.04805): post-norm layers, absolute positions, exact gelu. Forward and backward of a layer are
 * functions of named tensors; the adapter sits on all linear layers, query, key and value fused into one product.
 *
 * Shapes: n tokens of the packed batch, d hidden, m intermediate.
 */
import { TrimtabError } from '../../errors.ts';
import type { Base } from '../base.ts';
import { readWeights, refuseBase } from '../base.ts';
import type { AttentionSaved, Backend, Layout, Linear, LinearSaved, Lora, Norm, NormSaved, Tensor } from '../ops.ts';
import type { Refuse } from '../safetensors.ts';

export interface BertConfig {
  readonly d: number;
  readonly layers: number;
  readonly heads: number;
  readonly m: number;
  readonly vocabulary: number;
  readonly positions: number;
  readonly epsilon: number;
}

/** Linear layers that share their input and are computed as one product; `parts` are their names in the checkpoint. */
export interface LinearGroup {
  readonly parts: readonly string[];
  readonly inputs: number;
  /** Outputs of each part. */
  readonly outputs: number;
}

/** The prefix under which BertForSequenceClassification, and so PEFT, finds these names. */
export const BERT_PREFIX = 'bert';

/** Tensors of other heads, which a checkpoint may carry and we never use. */
const UNUSED = /^(pooler\.|cls\.|embeddings\.position_ids$)/;

const GROUPS = ['attention', 'attentionOutput', 'intermediate', 'output'] as const;
type Group = (typeof GROUPS)[number];

interface Layer<T extends Tensor> {
  readonly linear: Readonly<Record<Group, Linear<T>>>;
  readonly attentionNorm: Norm<T>;
  readonly outputNorm: Norm<T>;
}

export interface Bert<T extends Tensor> {
  readonly config: BertConfig;
  readonly words: T;
  /** Positions, with the embedding of token type 0 added: no other type is in use. */
  readonly positions: T;
  readonly embeddingNorm: Norm<T>;
  readonly layers: readonly Layer<T>[];
}

interface LayerSaved<T> {
  readonly attention: LinearSaved<T>;
  readonly probabilities: AttentionSaved<T>;
  readonly attentionOutput: LinearSaved<T>;
  readonly attentionNorm: NormSaved<T>;
  readonly intermediate: LinearSaved<T>;
  readonly beforeGelu: T;
  readonly output: LinearSaved<T>;
  readonly outputNorm: NormSaved<T>;
}

export interface BertSaved<T> {
  readonly layers: readonly LayerSaved<T>[];
}

export function bertConfig({ config, path }: Base): BertConfig {
  const refuse = refuseBase(path);
  const size = (name: string): number => positive(config, name, refuse);
  if (config['model_type'] !== 'bert') refuse(`config.json says model_type ${JSON.stringify(config['model_type'])}`, '"bert"');
  if (config['hidden_act'] !== 'gelu') refuse(`config.json says hidden_act ${JSON.stringify(config['hidden_act'])}`, '"gelu", the exact form');
  const kind = config['position_embedding_type'] ?? 'absolute';
  if (kind !== 'absolute') refuse(`config.json says position_embedding_type ${JSON.stringify(kind)}`, '"absolute"');
  const [d, heads] = [size('hidden_size'), size('num_attention_heads')];
  if (d % heads !== 0) refuse(`hidden_size ${d} is not a multiple of num_attention_heads ${heads}`, 'heads of equal width');
  const epsilon = config['layer_norm_eps'] ?? 1e-12;
  if (typeof epsilon !== 'number' || !(epsilon > 0)) refuse(`config.json says layer_norm_eps ${JSON.stringify(epsilon)}`, 'a positive number');
  return {
    d,
    heads,
    layers: size('num_hidden_layers'),
    m: size('intermediate_size'),
    vocabulary: size('vocab_size'),
    positions: size('max_position_embeddings'),
    epsilon: epsilon as number,
  };
}

function positive(config: Readonly<Record<string, unknown>>, name: string, refuse: Refuse): number {
  const value = config[name];
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : refuse(`config.json says ${name} ${JSON.stringify(value)}`, 'a positive whole number');
}

/** All linear layers, layer by layer, in the order of `GROUPS`. */
export function bertLinears({ layers, d, m }: BertConfig): LinearGroup[] {
  return Array.from({ length: layers }, (_, i) => `encoder.layer.${i}`).flatMap((layer) => [
    { parts: ['query', 'key', 'value'].map((name) => `${layer}.attention.self.${name}`), inputs: d, outputs: d },
    { parts: [`${layer}.attention.output.dense`], inputs: d, outputs: d },
    { parts: [`${layer}.intermediate.dense`], inputs: d, outputs: m },
    { parts: [`${layer}.output.dense`], inputs: m, outputs: d },
  ]);
}

/** Weights of a linear layer after it was read, before it is frozen: where a caller may merge an adapter. */
export type Adjust = (part: string, weight: Float32Array) => Float32Array;

export interface LoadOptions<T extends Tensor> {
  /** One per group of `bertLinears`, null where the adapter leaves a group alone. */
  readonly loras: readonly (Lora<T> | null)[];
  readonly adjust: Adjust;
  /** False keeps only what the forward pass needs. */
  readonly backward: boolean;
}

export function loadBert<T extends Tensor>(backend: Backend<T>, base: Base, { loras, adjust, backward }: LoadOptions<T>): Bert<T> {
  const config = bertConfig(base);
  const { d, vocabulary, epsilon } = config;
  const weights = readWeights(base);
  const norm = (name: string): Norm<T> => ({
    weight: backend.constant(weights.take(`${name}.weight`, d).values, 1, d),
    bias: backend.constant(weights.take(`${name}.bias`, d).values, 1, d),
    epsilon,
  });
  const freeze = ({ parts, inputs, outputs }: LinearGroup): Linear<T>['frozen'] => {
    const weight = new Float32Array(parts.length * outputs * inputs);
    const bias = new Float32Array(parts.length * outputs);
    parts.forEach((part, i) => {
      weight.set(adjust(part, weights.take(`${part}.weight`, outputs, inputs).values), i * outputs * inputs);
      bias.set(weights.take(`${part}.bias`, outputs).values, i * outputs);
    });
    return backend.freeze(weight, bias, inputs, parts.length * outputs, backward);
  };
  const linears = bertLinears(config).map((group, i): Linear<T> => ({ frozen: freeze(group), lora: loras[i] ?? null }));

  const words = backend.constant(weights.take('embeddings.word_embeddings.weight', vocabulary, d).values, vocabulary, d);
  const positions = weights.take('embeddings.position_embeddings.weight', config.positions, d).values;
  const types = weights.take('embeddings.token_type_embeddings.weight', tokenTypes(base), d).values;
  for (let i = 0; i < positions.length; i += 1) positions[i]! += types[i % d]!;

  const model: Bert<T> = {
    config,
    words,
    positions: backend.constant(positions, config.positions, d),
    embeddingNorm: norm('embeddings.LayerNorm'),
    layers: Array.from({ length: config.layers }, (_, i) => ({
      linear: Object.fromEntries(GROUPS.map((group, j) => [group, linears[i * GROUPS.length + j]!])) as Record<Group, Linear<T>>,
      attentionNorm: norm(`encoder.layer.${i}.attention.output.LayerNorm`),
      outputNorm: norm(`encoder.layer.${i}.output.LayerNorm`),
    })),
  };
  weights.finish(UNUSED);
  return model;
}

const tokenTypes = ({ config }: Base): number => (typeof config['type_vocab_size'] === 'number' ? config['type_vocab_size'] : 2);

/** Hidden states [n, d] of packed tokens, and what the backward pass needs. */
export function bertForward<T extends Tensor>(b: Backend<T>, model: Bert<T>, tokens: Int32Array, positions: Int32Array, layout: Layout): { hidden: T; saved: BertSaved<T> } {
  const { vocabulary } = model.config;
  const unknown = tokens.find((token) => token >= vocabulary);
  if (unknown !== undefined) throw new TrimtabError('bad-base', { base: 'in use', problem: `its tokenizer gives token ${unknown}`, right: `tokens below its vocabulary of ${vocabulary}` });
  const embedded = b.add(b.gather(model.words, tokens), b.gather(model.positions, positions));
  let hidden = b.layerNorm(embedded, null, model.embeddingNorm).y;
  const layers = model.layers.map((layer) => {
    const { y, saved } = layerForward(b, layer, hidden, layout, model.config.heads);
    hidden = y;
    return saved;
  });
  return { hidden, saved: { layers } };
}

/** Adds the adapter's gradients. Nothing below the first layer's products is trained, so the pass ends there. */
export function bertBackward<T extends Tensor>(b: Backend<T>, model: Bert<T>, saved: BertSaved<T>, dHidden: T, layout: Layout): void {
  let dy: T | null = dHidden;
  for (let i = model.layers.length - 1; i >= 0 && dy !== null; i -= 1) {
    dy = layerBackward(b, model.layers[i]!, saved.layers[i]!, dy, layout, model.config.heads, i > 0);
  }
}

function layerForward<T extends Tensor>(b: Backend<T>, { linear, attentionNorm, outputNorm }: Layer<T>, x: T, layout: Layout, heads: number): { y: T; saved: LayerSaved<T> } {
  const qkv = b.linear(x, linear.attention); // [n, 3d]
  const context = b.attention(qkv.y, layout, heads); // [n, d]
  const projected = b.linear(context.y, linear.attentionOutput);
  const middle = b.layerNorm(projected.y, x, attentionNorm);
  const wide = b.linear(middle.y, linear.intermediate); // [n, m]
  const narrow = b.linear(b.gelu(wide.y), linear.output); // [n, d]
  const out = b.layerNorm(narrow.y, middle.y, outputNorm);
  return {
    y: out.y,
    saved: {
      attention: qkv.saved,
      probabilities: context.saved,
      attentionOutput: projected.saved,
      attentionNorm: middle.saved,
      intermediate: wide.saved,
      beforeGelu: wide.y,
      output: narrow.saved,
      outputNorm: out.saved,
    },
  };
}

function layerBackward<T extends Tensor>(
  b: Backend<T>,
  { linear, attentionNorm, outputNorm }: Layer<T>,
  saved: LayerSaved<T>,
  dy: T,
  layout: Layout,
  heads: number,
  needsInput: boolean,
): T | null {
  const dOut = b.layerNormBackward(dy, saved.outputNorm, outputNorm);
  const dWide = b.geluBackward(b.linearBackward(dOut, saved.output, linear.output, true), saved.beforeGelu);
  const dMiddle = b.add(dOut, b.linearBackward(dWide, saved.intermediate, linear.intermediate, true));
  const dSum = b.layerNormBackward(dMiddle, saved.attentionNorm, attentionNorm);
  const dContext = b.linearBackward(dSum, saved.attentionOutput, linear.attentionOutput, true);
  const dQkv = b.attentionBackward(dContext, saved.probabilities, layout, heads);
  const dx = b.linearBackward(dQkv, saved.attention, linear.attention, needsInput);
  return dx === null ? null : b.add(dSum, dx);
}
