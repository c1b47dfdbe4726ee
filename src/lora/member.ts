/** One member of a team: a backend with its own copy of the model. It lives in the caller's thread or in one of its own. */
import type { Plan } from './adapter.ts';
import { wasmBackend } from './backends/wasm.ts';
import type { Base } from './base.ts';
import type { EncodedRow } from './batches.ts';
import { pack } from './batches.ts';
import { accumulate, logits, merged, trainable } from './classifier.ts';
import type { Pooling } from './ops.ts';

export interface MemberOptions {
  readonly base: Base;
  readonly plan: Plan;
  readonly pooling: Pooling;
  /** `predict` merges the adapter once, as `values` stands then. */
  readonly use: 'train' | 'predict';
  /** The adapter's numbers, shared by all members; read at the start of each call. */
  readonly values: Float32Array;
  /** Where this member leaves its gradients. */
  readonly gradients: Float32Array;
}

export interface Member {
  /** The gradients of the rows' share in the mean loss; returns that share of the loss. */
  gradients(rows: readonly EncodedRow[], totalWeight: number): number;
  /** Logits, [rows x labels]. */
  logits(rows: readonly EncodedRow[]): Float32Array;
}

/** Tokens of one forward and backward pass: 256 to 1,024 are equally fast (bench/lora.ts), and memory grows with them. */
const MICRO_BATCH_TOKENS = 512;

export function createMember({ base, plan, pooling, use, values, gradients }: MemberOptions): Member {
  const backend = wasmBackend();
  const model = use === 'train' ? trainable(backend, base, plan, pooling) : merged(backend, base, plan, pooling, values);
  return {
    gradients(rows, totalWeight) {
      model.block.write(values);
      model.block.clearGradients();
      let loss = 0;
      for (const batch of pack(rows, MICRO_BATCH_TOKENS, totalWeight)) loss += accumulate(backend, model, batch).loss;
      model.block.read(gradients);
      return loss;
    },
    logits(rows) {
      if (use === 'train') model.block.write(values);
      const all = new Float32Array(rows.length * plan.labels);
      let at = 0;
      for (const batch of pack(rows, MICRO_BATCH_TOKENS, 1)) {
        const found = logits(backend, model, batch);
        all.set(found, at);
        at += found.length;
      }
      return all;
    },
  };
}
