/** One member of a team: a backend with its own copy of the model. It lives in the caller's thread or in one of its own. */
import type { Plan } from './adapter.ts';
import type { BindingOptions } from './backends/tensorflow/binding.ts';
import { tensorflowBackend } from './backends/tensorflow/index.ts';
import { wasmBackend } from './backends/wasm.ts';
import type { Base } from './base.ts';
import type { EncodedRow } from './batches.ts';
import { pack } from './batches.ts';
import type { GenerateOptions, Generated } from './generate.ts';
import { generate } from './generate.ts';
import { accumulate, merged, outputs, trainable } from './learner.ts';
import type { Backend, Tensor } from './ops.ts';
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
  /** Where TensorFlow computes, on a CPU and op by op; otherwise our own kernels do, on wasm. */
  readonly tensorflow?: BindingOptions;
}

export interface Member {
  /** The gradients of the rows' share in the mean loss; returns that share of the loss. */
  gradients(rows: readonly EncodedRow[], totalWeight: number): number;
  /** Each row's outputs: what they are, the head says. */
  outputs(rows: readonly EncodedRow[]): Float32Array[];
  /** Answers to prompts: of a member that predicts with the head `vocabulary`, on wasm. */
  generate(prompts: readonly Int32Array[], options: GenerateOptions): Generated[];
  /** The first linear layer that gives a number that is not finite for these rows; null when none does. */
  fault(rows: readonly EncodedRow[]): string | null;
  /** Frees what the garbage collector does not. */
  dispose(): void;
}

/** Tokens of one forward and backward pass. On wasm 256 to 1,024 are equally fast (bench/lora.ts), and memory grows with them; TensorFlow has ops to start. */
export const MICRO_BATCH_TOKENS = { wasm: 512, tensorflow: 1024 } as const;

/** @throws TrimtabError `bad-config` where TensorFlow does not load */
export function createMember(options: MemberOptions): Member {
  const { tensorflow } = options;
  return tensorflow === undefined ? memberOn(wasmBackend(), MICRO_BATCH_TOKENS.wasm, options) : memberOn(tensorflowBackend(tensorflow), MICRO_BATCH_TOKENS.tensorflow, options);
}

function memberOn<T extends Tensor>(plain: Backend<T>, most: number, { base, plan, use, values, gradients }: MemberOptions): Member {
  const { backend, watched } = watch(plain);
  const model = use === 'train' ? trainable(backend, base, plan) : merged(backend, base, plan, values);
  const each = (rows: readonly EncodedRow[]): Float32Array[] => pack(rows, most, 1).flatMap((batch) => outputs(backend, model, batch));
  return {
    gradients(rows, totalWeight) {
      model.block.write(values);
      model.block.clearGradients();
      let loss = 0;
      for (const batch of pack(rows, most, totalWeight)) loss += accumulate(backend, model, batch);
      model.block.read(gradients);
      return loss;
    },
    outputs(rows) {
      if (use === 'train') model.block.write(values);
      return each(rows);
    },
    generate: (prompts, options) => generate(backend, model.body, prompts, options),
    fault(rows) {
      const calls = pack(rows, most, 1).map((batch) => watched(() => void outputs(backend, model, batch))).filter((call) => call !== null);
      const parts = calls.length === 0 ? [] : plan.groups[Math.min(...calls)]!.parts;
      return parts.length === 0 ? null : parts.join(', ');
    },
    dispose: () => backend.dispose(),
  };
}
