/**
 * The ops that a model is made of. Every op has its backward pass beside it; there is no tape: a model's file calls
 * forward and backward ops in its own order. A backend implements these ops and nothing else.
 *
 * Rows are the real tokens of a batch, sequence after sequence, without padding (`Layout`), so linear layers, norms and
 * activations never compute a padded row and attention never sees one.
 *
 * What is made inside `step` is freed when it returns; frozen weights and parameters live until `dispose`.
 */

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

export interface AttentionSaved<T> {
  readonly qkv: T;
  /** For each sequence and head its length x length probabilities, one after the other, in one row. */
  readonly probabilities: T;
}

export interface Losses<T> {
  /** Cross-entropy of each row in nats, unweighted. */
  readonly perRow: Float64Array;
  /** Gradient of the weighted sum. */
  readonly dLogits: T;
}

export const POOLINGS = ['mean', 'first'] as const;
export type Pooling = (typeof POOLINGS)[number];

export interface Backend<T extends Tensor = Tensor> {
  readonly name: string;
  /** Runs one step; its tensors are freed when it returns. Steps do not nest. */
  step<R>(body: () => R): R;
  /** Tensors alive now: constant between steps, or something leaks. */
  liveTensors(): number;
  dispose(): void;

  constant(values: Numbers, rows: number, cols: number): T;
  /** `weight` is [outputs, inputs]. Without `backward` only the forward form is kept. */
  freeze(weight: Numbers, bias: Numbers, inputs: number, outputs: number, backward: boolean): Frozen;
  parameters(count: number): ParameterBlock<T>;
  read(tensor: T): Numbers;

  /** Rows of a table. Its gradient is never needed: embeddings are frozen. */
  gather(table: T, rows: Int32Array): T;
  add(x: T, y: T): T;

  linear(x: T, layer: Linear<T>): { y: T; saved: LinearSaved<T> };
  /** Adds to the gradients of A and B; gives dx unless the input is frozen too. */
  linearBackward(dy: T, saved: LinearSaved<T>, layer: Linear<T>, needsInput: true): T;
  linearBackward(dy: T, saved: LinearSaved<T>, layer: Linear<T>, needsInput: boolean): T | null;

  /** Layer norm of x + residual. The gradient of both summands is the same. */
  layerNorm(x: T, residual: T | null, norm: Norm<T>): { y: T; saved: NormSaved<T> };
  layerNormBackward(dy: T, saved: NormSaved<T>, norm: Norm<T>): T;

  /** x Φ(x), the exact form with erf. */
  gelu(x: T): T;
  geluBackward(dy: T, x: T): T;

  /** Softmax attention within each sequence; qkv is [tokens, 3 d]: queries, keys, values side by side, each `heads` x (d / heads). */
  attention(qkv: T, layout: Layout, heads: number): { y: T; saved: AttentionSaved<T> };
  attentionBackward(dy: T, saved: AttentionSaved<T>, layout: Layout, heads: number): T;

  /** One row per sequence: the mean of its tokens, or its first. */
  pool(x: T, layout: Layout, pooling: Pooling): T;
  poolBackward(dy: T, layout: Layout, pooling: Pooling): T;

  /** x Wᵀ + b with trainable W and b: the head. */
  dense(x: T, weight: Parameter<T>, bias: Parameter<T>): T;
  denseBackward(dy: T, x: T, weight: Parameter<T>, bias: Parameter<T>): T;

  /** Sum over rows of weight x cross-entropy of the target class, and its gradient. */
  crossEntropy(logits: T, targets: Int32Array, weights: Numbers): Losses<T>;
}

/** Rows of the longest sequence of a layout. */
export function longest({ starts }: Layout): number {
  let most = 0;
  for (let i = 1; i < starts.length; i += 1) most = Math.max(most, starts[i]! - starts[i - 1]!);
  return most;
}
