/** What training and prediction know of a base model, whatever its architecture. */
import { TrimtabError } from '../../errors.ts';
import type { Base } from '../base.ts';
import type { Backend, Cache, Frozen, Layout, Lora, Pooling, Tensor } from '../ops.ts';
import type { Quantisation } from '../quantise.ts';

/** What stands on top of the hidden states. PEFT's task types: SEQ_CLS, SEQ_CLS, TOKEN_CLS, FEATURE_EXTRACTION, CAUSAL_LM. */
export const HEAD_KINDS = ['sequence', 'multilabel', 'tokens', 'pooled', 'vocabulary'] as const;
export type HeadKind = (typeof HEAD_KINDS)[number];

/** Linear layers that share their input and are computed as one product. */
export interface LinearGroup {
  /** Their names in the bare model's checkpoint. */
  readonly parts: readonly string[];
  readonly inputs: number;
  /** Outputs of each part. */
  readonly outputs: readonly number[];
}

/** Weights of a linear layer after it was read, before it is frozen: where a caller may merge an adapter. */
export type Adjust = (part: string, weight: Float32Array) => Float32Array;

export interface LoadOptions<T extends Tensor> {
  /** One per group of the architecture's `linears`, null where the adapter leaves a group alone. */
  readonly loras: readonly (Lora<T> | null)[];
  readonly adjust: Adjust;
  /** False keeps only what the forward pass needs. */
  readonly backward: boolean;
  /** In which form linear layers are kept; embeddings, norms and the language-model head stay floats. Default: none. */
  readonly quantisation?: Quantisation;
  /** Loads the language-model head too; of architectures that have none it is refused. */
  readonly output: boolean;
}

/** A loaded model without its head. `Saved` is what its forward pass keeps for its backward pass: nobody else looks inside. */
export interface Body<T extends Tensor, Saved = unknown> {
  /** Hidden states [n, d] of packed tokens behind the last norm. */
  forward(tokens: Int32Array, positions: Int32Array, layout: Layout): { hidden: T; saved: Saved };
  /** Adds the adapter's gradients. */
  backward(saved: Saved, dHidden: T, layout: Layout): void;
  /** [vocabulary, d], tied to the embeddings or its own; null when it was not asked for. */
  readonly output: Frozen | null;
  /** Null where the architecture cannot generate. */
  readonly decoder: Decoder<T> | null;
}

/** The same model, a few tokens at a time. */
export interface Decoder<T extends Tensor> {
  /** Empty caches of one sequence of at most `capacity` tokens, one per layer; they live as long as the step in which they are made. */
  start(capacity: number): readonly Cache[];
  /** Hidden states of new tokens; sequence i of the layout goes on from caches[i]. */
  forward(tokens: Int32Array, positions: Int32Array, layout: Layout, caches: readonly (readonly Cache[])[]): T;
}

/** A base model's architecture, read from its config.json: sizes and names, no weights. */
export interface Architecture {
  readonly name: 'bert' | 'llama';
  readonly hidden: number;
  /** The longest sequence. */
  readonly positions: number;
  readonly vocabulary: number;
  /** All linear layers but the head, in the order of computation. */
  readonly linears: readonly LinearGroup[];
  /** PEFT's target_modules that mean all of them. */
  readonly allLinear: readonly string[];
  readonly defaultPooling: Pooling;
  readonly causal: boolean;
  /** The head's module in transformers' model, and so in PEFT's keys. */
  readonly headModule: 'classifier' | 'score';
  readonly headBias: { readonly sequence: boolean; readonly tokens: boolean };
  /** Where transformers' model of this head keeps the bare model; '' when it is the bare model. */
  modulePrefix(kind: HeadKind): string;
  load<T extends Tensor>(backend: Backend<T>, base: Base, options: LoadOptions<T>): Body<T>;
}

/** A token or a position outside its table would be read from whatever lies behind it. */
export function checkTokens(tokens: Int32Array, positions: Int32Array, limits: { readonly vocabulary: number; readonly positions: number }): void {
  const outside = (values: Int32Array, limit: number): number | undefined => values.find((value) => value < 0 || value >= limit);
  const token = outside(tokens, limits.vocabulary);
  if (token !== undefined) throw new TrimtabError('bad-base', { base: 'in use', problem: `its tokenizer gives token ${token}`, right: `tokens below its vocabulary of ${limits.vocabulary}` });
  const position = outside(positions, limits.positions);
  if (position !== undefined) throw new TrimtabError('bad-data', { what: 'a text', problem: `it has a token at position ${position}`, right: `at most ${limits.positions} tokens, the base's positions` });
}
