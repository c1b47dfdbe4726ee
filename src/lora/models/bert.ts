/**
 * BERT's encoder (arXiv 1810.04805): post-norm layers, absolute positions, exact gelu. Forward and backward of a layer are
 * functions of named tensors; the adapter sits on all linear layers, query, key and value fused into one product.
 *
 * Shapes: n tokens of the packed batch, d hidden, m intermediate.
 */
import type { Base } from '../base.ts';
import { readWeights, refuseBase } from '../base.ts';
import type { AttentionSaved, AttentionShape, Backend, Layout, Linear, LinearSaved, Norm, NormSaved, Tensor } from '../ops.ts';
import type { Architecture, Body, HeadKind, LinearGroup, LoadOptions } from './architecture.ts';
import { checkTokens } from './architecture.ts';
import { freezeGroup } from './linears.ts';
import { readOptions } from './options.ts';
import { inRuns, runBackward, runForward } from './runs.ts';

interface BertConfig {
  readonly d: number;
  readonly layers: number;
  readonly heads: number;
  readonly m: number;
  readonly vocabulary: number;
  readonly positions: number;
  /** Token types, of which only the first is in use. */
  readonly types: number;
  readonly epsilon: number;
}

/** The prefix under which BertForSequenceClassification, and so PEFT, finds these names. */
const BERT_PREFIX = 'bert';

/** All linear layers, as PEFT's target_modules: `dense` alone would take in a pooler that we never train. */
const ALL_LINEAR = ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'output.dense'];

/** Tensors of other heads, which a checkpoint may carry and we never use. */
const UNUSED = /^(pooler\.|cls\.|classifier\.|qa_outputs\.|embeddings\.position_ids$)/;

const GROUPS = ['attention', 'attentionOutput', 'intermediate', 'output'] as const;
type Group = (typeof GROUPS)[number];

interface Layer<T extends Tensor> {
  readonly linear: Readonly<Record<Group, Linear<T>>>;
  readonly attentionNorm: Norm<T>;
  readonly outputNorm: Norm<T>;
}

interface Bert<T extends Tensor> {
  readonly config: BertConfig;
  readonly words: T;
  /** Positions, with the embedding of token type 0 added: no other type is in use. */
  readonly positions: T;
  readonly embeddingNorm: Norm<T>;
  /** Layers, in runs that are called as one. */
  readonly runs: readonly (readonly Layer<T>[])[];
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

interface BertSaved<T> {
  readonly runs: readonly (readonly LayerSaved<T>[])[];
}

function bertConfig(base: Base): BertConfig {
  const options = readOptions(base);
  options.one('model_type', 'bert');
  if (options.raw('hidden_act') === undefined) options.refuse('config.json says no hidden_act', '"gelu", the exact form');
  options.one('hidden_act', 'gelu');
  options.one('position_embedding_type', 'absolute');
  options.flag('tie_word_embeddings', true);
  for (const name of ['is_decoder', 'add_cross_attention', 'is_encoder_decoder', 'tie_encoder_decoder']) options.one(name, false);
  const [d, heads] = [options.size('hidden_size'), options.size('num_attention_heads')];
  if (d % heads !== 0) options.refuse(`hidden_size ${d} is not a multiple of num_attention_heads ${heads}`, 'heads of equal width');
  const m = options.size('intermediate_size');
  if (d % 4 !== 0 || m % 4 !== 0) options.refuse(`hidden_size is ${d} and intermediate_size ${m}`, 'multiples of 4');
  const config: BertConfig = {
    d,
    heads,
    layers: options.size('num_hidden_layers'),
    m,
    vocabulary: options.size('vocab_size'),
    positions: options.size('max_position_embeddings'),
    types: options.size('type_vocab_size', 2),
    epsilon: options.positive('layer_norm_eps', 1e-12),
  };
  options.finish();
  return config;
}

/** All linear layers, layer by layer, in the order of `GROUPS`. */
function bertLinears({ layers, d, m }: BertConfig): LinearGroup[] {
  return Array.from({ length: layers }, (_, i) => `encoder.layer.${i}`).flatMap((layer) => [
    { parts: ['query', 'key', 'value'].map((name) => `${layer}.attention.self.${name}`), inputs: d, outputs: [d, d, d] },
    { parts: [`${layer}.attention.output.dense`], inputs: d, outputs: [d] },
    { parts: [`${layer}.intermediate.dense`], inputs: d, outputs: [m] },
    { parts: [`${layer}.output.dense`], inputs: m, outputs: [d] },
  ]);
}

/** BERT as the rest of the engine sees it. */
export function bert(base: Base): Architecture {
  const config = bertConfig(base);
  return {
    name: 'bert',
    hidden: config.d,
    positions: config.positions,
    vocabulary: config.vocabulary,
    linears: bertLinears(config),
    allLinear: ALL_LINEAR,
    defaultPooling: 'first',
    causal: false,
    headModule: 'classifier',
    headBias: { sequence: true, tokens: true },
    modulePrefix: (kind: HeadKind) => (kind === 'pooled' ? '' : BERT_PREFIX),
    load<T extends Tensor>(backend: Backend<T>, from: Base, options: LoadOptions<T>): Body<T> {
      if (options.output) refuseBase(from.path)('it has no language-model head to generate with', 'a base of another architecture');
      const model = loadBert(backend, from, options);
      const body: Body<T, BertSaved<T>> = {
        forward: (tokens, positions, layout) => bertForward(backend, model, tokens, positions, layout),
        backward: (saved, dHidden, layout) => bertBackward(backend, model, saved, dHidden, layout),
        output: null,
        decoder: null,
      };
      return body;
    },
  };
}

function loadBert<T extends Tensor>(backend: Backend<T>, base: Base, options: LoadOptions<T>): Bert<T> {
  const config = bertConfig(base);
  const { d, vocabulary, epsilon } = config;
  const weights = readWeights(base, 'embeddings.word_embeddings.weight');
  const norm = (name: string): Norm<T> => ({
    weight: backend.constant(weights.take(`${name}.weight`, d).values, 1, d),
    bias: backend.constant(weights.take(`${name}.bias`, d).values, 1, d),
    epsilon,
  });
  const linears = bertLinears(config).map((group, i): Linear<T> => ({ frozen: freezeGroup(backend, weights, group, true, options), lora: options.loras[i] ?? null }));

  const words = backend.table(weights.take('embeddings.word_embeddings.weight', vocabulary, d).values, vocabulary, d);
  const positions = weights.take('embeddings.position_embeddings.weight', config.positions, d).values;
  const types = weights.take('embeddings.token_type_embeddings.weight', config.types, d).values;
  for (let i = 0; i < positions.length; i += 1) positions[i]! += types[i % d]!;

  const layer = (i: number): Layer<T> => ({
    linear: Object.fromEntries(GROUPS.map((group, j) => [group, linears[i * GROUPS.length + j]!])) as Record<Group, Linear<T>>,
    attentionNorm: norm(`encoder.layer.${i}.attention.output.LayerNorm`),
    outputNorm: norm(`encoder.layer.${i}.output.LayerNorm`),
  });
  const model: Bert<T> = {
    config,
    words,
    positions: backend.table(positions, config.positions, d),
    embeddingNorm: norm('embeddings.LayerNorm'),
    runs: inRuns(Array.from({ length: config.layers }, (_, i) => layer(i)), backend.layersPerCall),
  };
  weights.finish(UNUSED);
  return model;
}

/** Hidden states [n, d] of packed tokens, and what the backward pass needs. */
function bertForward<T extends Tensor>(b: Backend<T>, model: Bert<T>, tokens: Int32Array, positions: Int32Array, layout: Layout): { hidden: T; saved: BertSaved<T> } {
  checkTokens(tokens, positions, model.config);
  const embedded = { word: b.gather(model.words, tokens), position: b.gather(model.positions, positions), norm: model.embeddingNorm };
  let hidden = b.call('bert.embeddings', embedded, ({ word, position, norm }) => b.layerNorm(word, position, norm).y);
  const shape = shapeOf(model.config);
  const runs = model.runs.map((layers) => {
    const { y, saved } = b.call('bert.layers', { layers, x: hidden, layout, shape }, (given) => runForward(given.layers, given.x, (layer, x) => layerForward(b, { ...given, layer, x })));
    hidden = y;
    return saved;
  });
  return { hidden, saved: { runs } };
}

/** Adds the adapter's gradients. Nothing below the first layer's products is trained, so the pass ends there. */
function bertBackward<T extends Tensor>(b: Backend<T>, model: Bert<T>, { runs }: BertSaved<T>, dHidden: T, layout: Layout): void {
  let dy: T = dHidden;
  const shape = shapeOf(model.config);
  for (let i = runs.length - 1; i >= 0; i -= 1) {
    const inputs = { layers: model.runs[i]!, saved: runs[i]!, dy, layout, shape, first: i === 0 };
    const dx: T | null = b.call('bert.layers.backward', inputs, (given) => runBackward(given, (layer, saved, dy, needsInput) => layerBackward(b, { ...given, layer, saved, dy }, needsInput)));
    if (dx !== null) dy = dx;
  }
}

const shapeOf = ({ d, heads }: BertConfig): AttentionShape => ({ heads, kvHeads: heads, width: d / heads, causal: false });

interface LayerInputs<T extends Tensor> {
  readonly layer: Layer<T>;
  readonly x: T;
  readonly layout: Layout;
  readonly shape: AttentionShape;
}

function layerForward<T extends Tensor>(b: Backend<T>, { layer: { linear, attentionNorm, outputNorm }, x, layout, shape }: LayerInputs<T>): { y: T; saved: LayerSaved<T> } {
  const qkv = b.linear(x, linear.attention); // [n, 3d]
  const context = b.attention(qkv.y, layout, shape); // [n, d]
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

interface LayerGradient<T extends Tensor> {
  readonly layer: Layer<T>;
  readonly saved: LayerSaved<T>;
  readonly dy: T;
  readonly layout: Layout;
  readonly shape: AttentionShape;
}

function layerBackward<T extends Tensor>(b: Backend<T>, { layer: { linear, attentionNorm, outputNorm }, saved, dy, layout, shape }: LayerGradient<T>, needsInput: boolean): T | null {
  const dOut = b.layerNormBackward(dy, saved.outputNorm, outputNorm);
  const dWide = b.geluBackward(b.linearBackward(dOut, saved.output, linear.output, true), saved.beforeGelu);
  const dMiddle = b.add(dOut, b.linearBackward(dWide, saved.intermediate, linear.intermediate, true));
  const dSum = b.layerNormBackward(dMiddle, saved.attentionNorm, attentionNorm);
  const dContext = b.linearBackward(dSum, saved.attentionOutput, linear.attentionOutput, true);
  const dQkv = b.attentionBackward(dContext, saved.probabilities, layout, shape);
  const dx = b.linearBackward(dQkv, saved.attention, linear.attention, needsInput);
  return dx === null ? null : b.add(dSum, dx);
}
