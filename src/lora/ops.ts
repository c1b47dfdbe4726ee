/**
 * The ops that a model is made of. Every op has its backward pass beside it; there is no tape: a model's file calls
 * forward and backward ops in its own order. A backend implements these ops and nothing else.
 *
 * Rows are the real tokens of a batch, sequence after sequence, without padding (`Layout`), so linear layers, norms and
 * activations never compute a padded row and attention never sees one.
 *
 * What is made inside `step` is freed when it returns; frozen weights and parameters live until `dispose`.
 *
 * Shapes: n tokens of the packed batch, d hidden, m intermediate.
 */

import type { Nf4 } from './quantise.ts';

/** Plain numbers on the caller's side: float32 in use, float64 where a test differentiates. */
export type Numbers = Float32Array | Float64Array;

/** A matrix that a backend owns, row-major. */
export interface Tensor {
  readonly rows: number;
  readonly cols: number;
}

/** Sequence i owns the rows starts[i] .. starts[i + 1] of a packed batch. */
export interface Layout {
  readonly starts: Int32Array;
  /**
   * Given for backends of static shapes: every sequence lies within one bin of `width` rows, and the number of rows is a multiple of
   * it. Others ignore it.
   */
  readonly width?: number;
  /** Where there is a width: no bin holds more than one sequence and, behind it, one that only fills. */
  readonly single?: boolean;
}

/** One fixed weight of a layer, [out, in], and its bias; the backend keeps it in whatever form its products like. */
export interface Frozen {
  readonly inputs: number;
  readonly outputs: number;
}

/** A trainable matrix and its gradient: a window on the backend's flat block of parameters. */
export interface Parameter<T extends Tensor> {
  readonly value: T;
  readonly gradient: T;
}

/** The flat block behind all parameters of a model: what the optimizer sees. */
export interface ParameterBlock<T extends Tensor> {
  at(offset: number, rows: number, cols: number): Parameter<T>;
  write(values: Numbers): void;
  /** Copies the values out. */
  readValues(values: Numbers): void;
  /** Copies the gradients out. */
  read(gradients: Numbers): void;
  clearGradients(): void;
}

/**
 * Low-rank addition to a frozen layer, y += scale (x Aᵀ) Bᵀ (arXiv 2106.09685). Layers fused side by side share one stacked
 * A of [parts x rank, in]; part i adds to the columns that start at `column`.
 */
export interface Lora<T extends Tensor> {
  readonly rank: number;
  readonly scale: number;
  readonly a: Parameter<T>;
  readonly parts: readonly { readonly column: number; readonly b: Parameter<T> }[];
}

export interface Linear<T extends Tensor> {
  readonly frozen: Frozen;
  readonly lora: Lora<T> | null;
}

export interface Norm<T extends Tensor> {
  readonly weight: T;
  readonly bias: T;
  readonly epsilon: number;
}

/** Root-mean-square norm (arXiv 1910.07467); weight [1, d]. */
export interface RmsNorm<T extends Tensor> {
  readonly weight: T;
  readonly epsilon: number;
}

/** Qwen3's norm of each query and each key head; weights [1, width]. */
export interface HeadNorm<T extends Tensor> {
  readonly query: T;
  readonly key: T;
  readonly epsilon: number;
}

/**
 * A row of queries, keys and values is `heads` query heads, then `kvHeads` key heads, then as many value heads, each of `width`
 * columns. Query head i reads key and value head floor(i kvHeads / heads) (grouped queries, arXiv 2305.13245).
 */
export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly width: number;
  /** A token sees itself and what stands before it in its sequence, and nothing behind. */
  readonly causal: boolean;
}

/** Keys and values of one sequence in one layer, kept from step to step while it is generated. */
export interface Cache {
  readonly capacity: number;
  /** Tokens in it; `attentionStep` adds to it. */
  length: number;
}

/** x, and u = x Aᵀ, [rows, parts x rank]. */
export interface LinearSaved<T> {
  readonly x: T;
  readonly u: T | null;
}

/** The normalised rows and 1 / standard deviation of each. */
export interface NormSaved<T> {
  readonly normal: T;
  readonly inverse: T;
}

/** A backend keeps more beside it. */
export interface AttentionSaved<T> {
  /** For each sequence and head its length x length probabilities, in the backend's own order; or what they are made again from. */
  readonly probabilities: T;
}

export interface Losses<T> {
  /** Loss of each row in nats, unweighted; 0 where the row has no target. */
  readonly perRow: Float64Array;
  /** Gradient of the weighted sum. */
  readonly dLogits: T;
}

export interface VocabularyLosses<T> {
  readonly perRow: Float64Array;
  /** Gradient of the weighted sum by x; null when `output` was frozen without its backward form. */
  readonly dx: T | null;
}

/** The target of a row that has none: it costs nothing and teaches nothing. */
export const NO_TARGET = -1;

export const POOLINGS = ['mean', 'first', 'last'] as const;
export type Pooling = (typeof POOLINGS)[number];

export interface Backend<T extends Tensor = Tensor> {
  readonly name: string;
  /** How many layers a model puts into one `call`, at most: 1 where a call costs nothing. */
  readonly layersPerCall: number;
  /** Runs one step; its tensors are freed when it returns. A step within a step frees what it made itself, and nothing else. */
  step<R>(body: () => R): R;
  /**
   * body(inputs), where backends compute op by op; a backend that compiles traces body once for each key and shapes, and calls what came
   * of it. Inputs and outputs are trees (objects, arrays) of tensors, frozen weights, parameters, layouts; numbers, strings, booleans and null
   * in them are constants of the key. A body uses nothing but its inputs.
   */
  call<I, O>(key: string, inputs: I, body: (inputs: I) => O): O;
  /** Tensors alive now: constant between steps, or something leaks. */
  liveTensors(): number;
  dispose(): void;

  constant(values: Numbers, rows: number, cols: number): T;
  /** A table of embeddings, to gather rows of: as exact as frozen weights are. */
  table(values: Numbers, rows: number, cols: number): T;
  /** The linear layer whose weight is a table that is there already, as output matrices that are tied to the embeddings. */
  tied(table: T, backward: boolean): Frozen;
  /**
   * `weight` is [outputs, inputs]: numbers, or the quantised parts of a fused layer, one below the other; it is read at
   * once, and may be overwritten afterwards. Without `backward` only the forward form is kept.
   */
  freeze(weight: Numbers | readonly Nf4[], bias: Numbers | null, inputs: number, outputs: number, backward: boolean): Frozen;
  parameters(count: number): ParameterBlock<T>;
  read(tensor: T): Numbers;

  /** Rows of a table. Its gradient is never needed: embeddings are frozen. */
  gather(table: T, rows: Int32Array): T;
  add(x: T, y: T): T;
  /** Rows of activations, [rows.length, cols]; a row may be chosen twice, and its gradients then add up. */
  select(x: T, rows: Int32Array): T;
  /** [total, cols]: zero where a row was not chosen. */
  selectBackward(dy: T, rows: Int32Array, total: number): T;

  linear(x: T, layer: Linear<T>): { y: T; saved: LinearSaved<T> };
  /** Adds to the gradients of A and B; gives dx unless the input is frozen too. */
  linearBackward(dy: T, saved: LinearSaved<T>, layer: Linear<T>, needsInput: true): T;
  linearBackward(dy: T, saved: LinearSaved<T>, layer: Linear<T>, needsInput: boolean): T | null;

  /** Layer norm of x + residual. The gradient of both summands is the same. */
  layerNorm(x: T, residual: T | null, norm: Norm<T>): { y: T; saved: NormSaved<T> };
  layerNormBackward(dy: T, saved: NormSaved<T>, norm: Norm<T>): T;

  rmsNorm(x: T, norm: RmsNorm<T>): { y: T; saved: NormSaved<T> };
  rmsNormBackward(dy: T, saved: NormSaved<T>, norm: RmsNorm<T>): T;

  /** Queries and keys normalised head by head; values pass through. */
  headNorm(qkv: T, norm: HeadNorm<T>, shape: AttentionShape): { y: T; saved: NormSaved<T> };
  headNormBackward(dy: T, saved: NormSaved<T>, norm: HeadNorm<T>, shape: AttentionShape): T;

  /**
   * Rotary positions (arXiv 2104.09864) of queries and keys, column i paired with i + width / 2 as transformers does; values pass through.
   * cos and sin are [n, width / 2], gathered by position.
   */
  rotary(qkv: T, cos: T, sin: T, shape: AttentionShape): T;
  rotaryBackward(dy: T, cos: T, sin: T, shape: AttentionShape): T;

  /** gate σ(gate) up of x = gate | up, [n, 2 m] (arXiv 2002.05202); gives [n, m]. */
  siluMul(x: T): T;
  siluMulBackward(dy: T, x: T): T;

  /** x Φ(x), the exact form with erf. */
  gelu(x: T): T;
  geluBackward(dy: T, x: T): T;

  /** Softmax attention within each sequence, scores scaled by 1 / √width; gives [n, heads x width]. */
  attention(qkv: T, layout: Layout, shape: AttentionShape): { y: T; saved: AttentionSaved<T> };
  attentionBackward(dy: T, saved: AttentionSaved<T>, layout: Layout, shape: AttentionShape): T;

  /** An empty cache; it lives as long as the step in which it is made. Backends that only train refuse. */
  cache(capacity: number, shape: AttentionShape): Cache;
  /** Causal attention of each sequence's rows over its cache and themselves: their keys and values are appended. */
  attentionStep(qkv: T, layout: Layout, caches: readonly Cache[], shape: AttentionShape): T;

  /** One row per sequence: the mean of its tokens, its first or its last. */
  pool(x: T, layout: Layout, pooling: Pooling): T;
  poolBackward(dy: T, layout: Layout, pooling: Pooling): T;

  /** x Wᵀ + b with trainable W and b: the head. */
  dense(x: T, weight: Parameter<T>, bias: Parameter<T> | null): T;
  denseBackward(dy: T, x: T, weight: Parameter<T>, bias: Parameter<T> | null): T;

  /** Sum over rows of weight x cross-entropy of the target class, and its gradient. Rows without a target: `NO_TARGET`. */
  crossEntropy(logits: T, targets: Int32Array, weights: Numbers): Losses<T>;
  /** Each label on its own: `targets` are 0 or 1, [rows x labels]; a row's loss is the mean over its labels. */
  sigmoidCrossEntropy(logits: T, targets: Numbers, weights: Numbers): Losses<T>;
  /**
   * Cross-entropy of the next token, logits = x outputᵀ. Only rows with a target are multiplied, a chunk at a time, and the gradient is taken at once:
   * logits of the whole batch, [n, vocabulary], would be the largest matrix of all.
   */
  vocabularyLoss(x: T, output: Frozen, targets: Int32Array, weights: Numbers): VocabularyLosses<T>;
}

/** Rows of the longest sequence of a layout. */
export function longest({ starts }: Layout): number {
  let most = 0;
  for (let i = 1; i < starts.length; i += 1) most = Math.max(most, starts[i]! - starts[i - 1]!);
  return most;
}

/** Columns of a row of queries, keys and values. */
export const qkvColumns = ({ heads, kvHeads, width }: AttentionShape): number => (heads + 2 * kvHeads) * width;
