/**
 * What stands on top of the hidden states: its loss and gradient for a packed batch, and the numbers that it answers with. A new
 * head adds its file and its line in index.ts.
 */
import type { Batch, EncodedRow } from '../batches.ts';
import type { Backend, Frozen, Parameter, Pooling, Tensor } from '../ops.ts';

/** What a head is made of; which of it there is, its kind decides. */
export interface HeadParts<T extends Tensor> {
  readonly backend: Backend<T>;
  /** [outputs, d] */
  readonly weight: Parameter<T> | null;
  /** [1, outputs] */
  readonly bias: Parameter<T> | null;
  readonly pooling: Pooling;
  /** The frozen language-model head, [vocabulary, d]. */
  readonly output: Frozen | null;
}

/** Both are called inside a backend's step. */
export interface Head<T extends Tensor> {
  /** The batch's share of the weighted mean loss, nats, and its gradient of the hidden states; adds to the head's own gradients. */
  learn(hidden: T, batch: Batch): { readonly loss: number; readonly dHidden: T };
  /** For each row of the batch its numbers: logits, a vector, or the loss of each target. */
  outputs(hidden: T, batch: Batch): Float32Array[];
}

export interface HeadKindRules {
  create<T extends Tensor>(parts: HeadParts<T>): Head<T>;
  /** How many terms of the mean loss the row has, before its weight: 1, or its tokens with a target. */
  terms(row: EncodedRow): number;
  /** Mean loss of the row's terms by its outputs, nats; null where it has no target. */
  loss(row: EncodedRow, outputs: Float32Array): number | null;
}

/** The weighted sum of the losses, taken when it is asked for: a device may still be computing them. */
export const learned = <T>(found: { readonly perRow: Float64Array }, weights: Float64Array, dHidden: T): { readonly loss: number; readonly dHidden: T } => ({
  get loss() {
    const { perRow } = found;
    let sum = 0;
    for (let i = 0; i < perRow.length; i += 1) sum += perRow[i]! * weights[i]!;
    return sum;
  },
  dHidden,
});

/** Cuts a matrix into one array for each row of the batch. */
export function cut(values: ArrayLike<number>, ends: readonly number[]): Float32Array[] {
  const all = Float32Array.from(values);
  return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end).slice());
}

/** Targets of all tokens of a batch and their weights: its row's share for each token with a target. */
export function perToken({ rows, share, tokens }: Batch): { targets: Int32Array; weights: Float64Array } {
  const targets = new Int32Array(tokens.length);
  const weights = new Float64Array(tokens.length);
  let at = 0;
  for (const row of rows) {
    for (const target of row.targets) {
      targets[at] = target;
      weights[at] = target < 0 ? 0 : row.weight * share;
      at += 1;
    }
  }
  return { targets, weights };
}

export const withTarget = ({ targets }: EncodedRow): number => targets.reduce((count, target) => count + (target < 0 ? 0 : 1), 0);
