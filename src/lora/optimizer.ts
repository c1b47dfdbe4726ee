/** Optimizers as pairs { init, update } over flat vectors; the state is plain data. */

export interface Optimizer<State> {
  init(count: number): State;
  /** One step on `parameters`, in place. */
  update(parameters: Float32Array, gradients: Float32Array, state: State, rate: number): void;
}

export interface AdamState {
  step: number;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

export interface AdamWSettings {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/** Adam with decoupled weight decay (arXiv 1711.05101), as torch.optim.AdamW computes it. */
export function adamw({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 }: AdamWSettings = {}): Optimizer<AdamState> {
  return {
    init: (count) => ({ step: 0, mean: new Float32Array(count), square: new Float32Array(count) }),
    update(parameters, gradients, state, rate) {
      state.step += 1;
      const { mean, square } = state;
      const size = rate / (1 - beta1 ** state.step);
      const correction = 1 / Math.sqrt(1 - beta2 ** state.step);
      for (let i = 0; i < parameters.length; i += 1) {
        const g = gradients[i]!;
        const m = (mean[i] = beta1 * mean[i]! + (1 - beta1) * g);
        const v = (square[i] = beta2 * square[i]! + (1 - beta2) * g * g);
        parameters[i] = parameters[i]! * (1 - rate * weightDecay) - (size * m) / (Math.sqrt(v) * correction + epsilon);
      }
    },
  };
}

/** Scales the gradient to at most `limit` in length; returns the length that it had. */
export function clip(gradients: Float32Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < gradients.length; i += 1) sum += gradients[i]! * gradients[i]!;
  const norm = Math.sqrt(sum);
  if (norm > limit) {
    const scale = limit / norm;
    for (let i = 0; i < gradients.length; i += 1) gradients[i]! *= scale;
  }
  return norm;
}

export const SCHEDULES = ['linear', 'cosine'] as const;
export type Schedule = (typeof SCHEDULES)[number];

/**
 * The share of the peak rate at `step` of `steps`:
 * 1. warm-up, linear from 1 / n to 1, over the first n = warmup x steps steps;
 * 2. decay to 0 behind the last step.
 */
export function rateAt(schedule: Schedule, step: number, steps: number, warmup: number): number {
  const rising = Math.ceil(warmup * steps);
  if (step < rising) return (step + 1) / rising;
  const left = (steps - step) / Math.max(1, steps - rising);
  return schedule === 'linear' ? left : 0.5 - 0.5 * Math.cos(Math.PI * left);
}
