/** One member of a team: a backend with its own copy of the model. It lives in the caller's thread or in one of its own. */
import type { Plan } from './adapter.ts';
import { wasmBackend } from './backends/wasm.ts';
import type { Base } from './base.ts';
import type { EncodedRow } from './batches.ts';
import { pack } from './batches.ts';
import type { GenerateOptions, Generated } from './generate.ts';
import { generate } from './generate.ts';
import { accumulate, merged, outputs, trainable } from './learner.ts';
import { watch } from './watch.ts';

export interface MemberOptions {
  readonly base: Base;
  readonly plan: Plan;
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
  /** Each row's outputs: what they are, the head says. */
  outputs(rows: readonly EncodedRow[]): Float32Array[];
  /** Answers to prompts: of a member that predicts with the head `vocabulary`. */
  generate(prompts: readonly Int32Array[], options: GenerateOptions): Generated[];
  /** The first linear layer that gives a number that is not finite for these rows; null when none does. */
  fault(rows: readonly EncodedRow[]): string | null;
}

/** Tokens of one forward and backward pass: 256 to 1,024 are equally fast (bench/lora.ts), and memory grows with them. */
export const MICRO_BATCH_TOKENS = 512;

export function createMember({ base, plan, use, values, gradients }: MemberOptions): Member {
  const { backend, watched } = watch(wasmBackend());
  const model = use === 'train' ? trainable(backend, base, plan) : merged(backend, base, plan, values);
  const each = (rows: readonly EncodedRow[]): Float32Array[] => pack(rows, MICRO_BATCH_TOKENS, 1).flatMap((batch) => outputs(backend, model, batch));
  return {
    gradients(rows, totalWeight) {
      model.block.write(values);
      model.block.clearGradients();
      let loss = 0;
      for (const batch of pack(rows, MICRO_BATCH_TOKENS, totalWeight)) loss += accumulate(backend, model, batch);
      model.block.read(gradients);
      return loss;
    },
    outputs(rows) {
      if (use === 'train') model.block.write(values);
      return each(rows);
    },
    generate: (prompts, options) => generate(backend, model.body, prompts, options),
    fault(rows) {
      const calls = pack(rows, MICRO_BATCH_TOKENS, 1).map((batch) => watched(() => void outputs(backend, model, batch))).filter((call) => call !== null);
      const parts = calls.length === 0 ? [] : plan.groups[Math.min(...calls)]!.parts;
      return parts.length === 0 ? null : parts.join(', ');
    },
  };
}
