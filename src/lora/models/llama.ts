/**
 * Llama's decoder (arXiv 2302.13971) and its relatives: norm before each half of a layer, rotary positions, grouped queries, gated
 * activation. Forward and backward of a layer are functions of named tensors; the adapter sits on all linear layers.
 *
 * Shapes: n tokens of the packed batch, d hidden, m intermediate; queries, keys and values as AttentionShape has them.
 */
import type { Base } from '../base.ts';
import { readWeights } from '../base.ts';
import type { AttentionSaved, AttentionShape, Backend, Cache, Frozen, HeadNorm, Layout, Linear, LinearSaved, NormSaved, RmsNorm, Tensor } from '../ops.ts';
import type { Architecture, Body, HeadKind, LoadOptions } from './architecture.ts';
import { checkTokens } from './architecture.ts';
import { freezeGroup } from './linears.ts';
import type { LlamaConfig } from './llama-config.ts';
import { llamaConfig, llamaLinears } from './llama-config.ts';
import { createRotation } from './rope.ts';
import { inRuns, runBackward, runForward } from './runs.ts';

/** Tensors of other heads, and those that old checkpoints keep and we compute. */
const UNUSED = /^(lm_head|score|classifier)\.|rotary_emb\.inv_freq$/;

/** The prefix under which LlamaForCausalLM and its siblings, and so PEFT, find the bare model. */
const LLAMA_PREFIX = 'model';
const ALL_LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
/** Groups of a layer, in the order of `llamaLinears`. */
const GROUPS = ['qkv', 'attentionOutput', 'gateUp', 'down'] as const;
type Group = (typeof GROUPS)[number];

interface Layer<T extends Tensor> {
  readonly linear: Readonly<Record<Group, Linear<T>>>;
  readonly attentionNorm: RmsNorm<T>;
  readonly headNorm: HeadNorm<T> | null;
  readonly gateNorm: RmsNorm<T>;
}

interface Llama<T extends Tensor> {
  readonly config: LlamaConfig;
  readonly words: T;
  /** Layers, in runs that are called as one. */
  readonly runs: readonly (readonly Layer<T>[])[];
  readonly norm: RmsNorm<T>;
  readonly output: Frozen | null;
  readonly rotation: ReturnType<typeof createRotation>;
}

interface LayerSaved<T> {
  readonly attentionNorm: NormSaved<T>;
  readonly qkv: LinearSaved<T>;
  readonly headNorm: NormSaved<T> | null;
  readonly attention: AttentionSaved<T>;
  readonly attentionOutput: LinearSaved<T>;
  readonly gateNorm: NormSaved<T>;
  readonly gateUp: LinearSaved<T>;
  /** Gate and up before they are multiplied. */
  readonly wide: T;
  readonly down: LinearSaved<T>;
}

/** cos and sin of the tokens' positions, [n, width / 2]. */
interface Turns<T> {
  readonly cos: T;
  readonly sin: T;
}

interface LlamaSaved<T> {
  readonly runs: readonly (readonly LayerSaved<T>[])[];
  readonly norm: NormSaved<T>;
  readonly turns: Turns<T>;
}

/** Llama as the rest of the engine sees it. */
export function llama(base: Base): Architecture {
  const config = llamaConfig(base);
  return {
    name: 'llama',
    hidden: config.d,
    positions: config.positions,
    vocabulary: config.vocabulary,
    linears: llamaLinears(config),
    allLinear: ALL_LINEAR,
    defaultPooling: 'last',
    causal: true,
    headModule: 'score',
    headBias: { sequence: false, tokens: true },
    modulePrefix: (kind: HeadKind) => (kind === 'pooled' ? '' : LLAMA_PREFIX),
    load<T extends Tensor>(backend: Backend<T>, from: Base, options: LoadOptions<T>): Body<T> {
      const model = loadLlama(backend, from, config, options);
      const body: Body<T, LlamaSaved<T>> = {
        forward: (tokens, positions, layout) => llamaForward(backend, model, tokens, positions, layout),
        backward: (saved, dHidden, layout) => llamaBackward(backend, model, saved, dHidden, layout),
        output: model.output,
        decoder: {
          start: (capacity) => model.runs.flat().map(() => backend.cache(capacity, config.attention)),
          forward: (tokens, positions, layout, caches) => llamaStep(backend, model, tokens, positions, layout, caches),
        },
      };
      return body;
    },
  };
}

function loadLlama<T extends Tensor>(backend: Backend<T>, base: Base, config: LlamaConfig, options: LoadOptions<T>): Llama<T> {
  const { d, vocabulary, epsilon, biases, attention } = config;
  const weights = readWeights(base, 'embed_tokens.weight');
  const constant = (name: string, cols: number): T => backend.constant(weights.take(`${name}.weight`, cols).values, 1, cols);
  const norm = (name: string): RmsNorm<T> => ({ weight: constant(name, d), epsilon });
  const linears = llamaLinears(config).map((group, i): Linear<T> => ({ frozen: freezeGroup(backend, weights, group, biases[GROUPS[i % GROUPS.length]!], options), lora: options.loras[i] ?? null }));

  const words = backend.table(weights.take('embed_tokens.weight', vocabulary, d).values, vocabulary, d);
  const output = (): Frozen => (config.tied ? backend.tied(words, options.backward) : backend.freeze(weights.takeOutside('lm_head.weight', vocabulary, d).values, null, d, vocabulary, options.backward));
  const layer = (i: number): Layer<T> => ({
    linear: Object.fromEntries(GROUPS.map((group, j) => [group, linears[i * GROUPS.length + j]!])) as Record<Group, Linear<T>>,
    attentionNorm: norm(`layers.${i}.input_layernorm`),
    headNorm: config.headNorm ? { query: constant(`layers.${i}.self_attn.q_norm`, attention.width), key: constant(`layers.${i}.self_attn.k_norm`, attention.width), epsilon } : null,
    gateNorm: norm(`layers.${i}.post_attention_layernorm`),
  });
  const model: Llama<T> = {
    config,
    words,
    runs: inRuns(Array.from({ length: config.layers }, (_, i) => layer(i)), backend.layersPerCall),
    norm: norm('norm'),
    output: options.output ? output() : null,
    rotation: createRotation(config.rope, attention.width),
  };
  weights.finish(UNUSED);
  return model;
}

/** Embeddings of the tokens, and their positions' turns. */
function enter<T extends Tensor>(b: Backend<T>, { config, words, rotation }: Llama<T>, tokens: Int32Array, positions: Int32Array): { x: T; turns: Turns<T> } {
  checkTokens(tokens, positions, config);
  const { cos, sin } = rotation(positions);
  const table = (values: Float32Array): T => b.constant(values, positions.length, config.attention.width / 2);
  return { x: b.gather(words, tokens), turns: { cos: table(cos), sin: table(sin) } };
}

function llamaForward<T extends Tensor>(b: Backend<T>, model: Llama<T>, tokens: Int32Array, positions: Int32Array, layout: Layout): { hidden: T; saved: LlamaSaved<T> } {
  const { x: embedded, turns } = enter(b, model, tokens, positions);
  const shape = model.config.attention;
  let x = embedded;
  const runs = model.runs.map((layers) => {
    const { y, saved } = b.call('llama.layers', { layers, x, turns, layout, shape }, (given) => runForward(given.layers, given.x, (layer, x) => layerForward(b, { ...given, layer, x })));
    x = y;
    return saved;
  });
  const { y: hidden, saved: norm } = b.call('llama.norm', { x, norm: model.norm }, (given) => b.rmsNorm(given.x, given.norm));
  return { hidden, saved: { runs, norm, turns } };
}

/** Adds the adapter's gradients. Nothing below the first layer's products is trained, so the pass ends there. */
function llamaBackward<T extends Tensor>(b: Backend<T>, model: Llama<T>, { runs, norm, turns }: LlamaSaved<T>, dHidden: T, layout: Layout): void {
  const shape = model.config.attention;
  let dy: T = b.call('llama.norm.backward', { dHidden, saved: norm, norm: model.norm }, (given) => b.rmsNormBackward(given.dHidden, given.saved, given.norm));
  for (let i = runs.length - 1; i >= 0; i -= 1) {
    const inputs = { layers: model.runs[i]!, saved: runs[i]!, dy, turns, layout, shape, first: i === 0 };
    const dx: T | null = b.call('llama.layers.backward', inputs, (given) => runBackward(given, (layer, saved, dy, needsInput) => layerBackward(b, { ...given, layer, saved, dy }, needsInput)));
    if (dx !== null) dy = dx;
  }
}

/** New tokens of sequences whose earlier ones are in the caches. */
function llamaStep<T extends Tensor>(b: Backend<T>, model: Llama<T>, tokens: Int32Array, positions: Int32Array, layout: Layout, caches: readonly (readonly Cache[])[]): T {
  const { x: embedded, turns } = enter(b, model, tokens, positions);
  const shape = model.config.attention;
  let x = embedded;
  model.runs.flat().forEach((layer, i) => {
    const qkv = queriesKeysValues(b, { layer, x, turns, shape }).turned;
    const context = b.attentionStep(qkv, layout, caches.map((cache) => cache[i]!), shape);
    x = afterAttention(b, layer, x, context).y;
  });
  return b.rmsNorm(x, model.norm).y;
}

interface LayerInputs<T extends Tensor> {
  readonly layer: Layer<T>;
  readonly x: T;
  readonly turns: Turns<T>;
  readonly layout: Layout;
  readonly shape: AttentionShape;
}

function layerForward<T extends Tensor>(b: Backend<T>, inputs: LayerInputs<T>): { y: T; saved: LayerSaved<T> } {
  const { turned, saved: before } = queriesKeysValues(b, inputs);
  const context = b.attention(turned, inputs.layout, inputs.shape); // [n, heads x width]
  const { y, saved: after } = afterAttention(b, inputs.layer, inputs.x, context.y);
  return { y, saved: { ...before, attention: context.saved, ...after } };
}

function queriesKeysValues<T extends Tensor>(b: Backend<T>, { layer, x, turns, shape }: Omit<LayerInputs<T>, 'layout'>): { turned: T; saved: Pick<LayerSaved<T>, 'attentionNorm' | 'qkv' | 'headNorm'> } {
  const normed = b.rmsNorm(x, layer.attentionNorm);
  const qkv = b.linear(normed.y, layer.linear.qkv); // [n, (heads + 2 kvHeads) x width]
  const scaled = layer.headNorm === null ? { y: qkv.y, saved: null } : b.headNorm(qkv.y, layer.headNorm, shape);
  return { turned: b.rotary(scaled.y, turns.cos, turns.sin, shape), saved: { attentionNorm: normed.saved, qkv: qkv.saved, headNorm: scaled.saved } };
}

function afterAttention<T extends Tensor>(b: Backend<T>, { linear, gateNorm }: Layer<T>, x: T, context: T): { y: T; saved: Omit<LayerSaved<T>, 'attentionNorm' | 'qkv' | 'headNorm' | 'attention'> } {
  const projected = b.linear(context, linear.attentionOutput);
  const middle = b.add(x, projected.y);
  const normed = b.rmsNorm(middle, gateNorm);
  const wide = b.linear(normed.y, linear.gateUp); // [n, 2m]
  const narrow = b.linear(b.siluMul(wide.y), linear.down); // [n, d]
  return {
    y: b.add(middle, narrow.y),
    saved: { attentionOutput: projected.saved, gateNorm: normed.saved, gateUp: wide.saved, wide: wide.y, down: narrow.saved },
  };
}

interface LayerGradient<T extends Tensor> extends Omit<LayerInputs<T>, 'x'> {
  readonly saved: LayerSaved<T>;
  readonly dy: T;
}

function layerBackward<T extends Tensor>(b: Backend<T>, { layer, saved, dy, turns, layout, shape }: LayerGradient<T>, needsInput: boolean): T | null {
  const { linear, attentionNorm, headNorm, gateNorm } = layer;
  const dWide = b.siluMulBackward(b.linearBackward(dy, saved.down, linear.down, true), saved.wide);
  const dNormed = b.linearBackward(dWide, saved.gateUp, linear.gateUp, true);
  const dMiddle = b.add(dy, b.rmsNormBackward(dNormed, saved.gateNorm, gateNorm));
  const dContext = b.linearBackward(dMiddle, saved.attentionOutput, linear.attentionOutput, true);
  const dTurned = b.attentionBackward(dContext, saved.attention, layout, shape);
  const dScaled = b.rotaryBackward(dTurned, turns.cos, turns.sin, shape);
  const dQkv = headNorm === null || saved.headNorm === null ? dScaled : b.headNormBackward(dScaled, saved.headNorm, headNorm, shape);
  const dFirst = b.linearBackward(dQkv, saved.qkv, linear.qkv, needsInput);
  return dFirst === null ? null : b.add(dMiddle, b.rmsNormBackward(dFirst, saved.attentionNorm, attentionNorm));
}
