/** Clipping and AdamW (arXiv 1711.05101) on the device, over a whole block at once; the formulas are those of ../../optimizer.ts. */
import type { Backend } from '../../ops.ts';
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfParameterBlock, TfTensor } from './machine.ts';

export interface OptimizerState {
  readonly step: number;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

export interface OptimizerSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Length that a gradient is cut to. */
  readonly limit: number;
}

export const SETTINGS: OptimizerSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, limit: 1 };

export interface Optimizer {
  /**
   * Steps on the block's gradients and clears them. What it gives waits for the length that they had; where that is not finite, nothing has
   * changed. To be asked once.
   */
  step(rate: number, settings?: Partial<OptimizerSettings>): () => number;
  state(): OptimizerState;
  restore(state: OptimizerState): void;
}

type T = TfTensor;

interface Update {
  /** [count] each. */
  readonly values: T;
  readonly mean: T;
  readonly square: T;
  /** In pieces. */
  readonly gradients: readonly T[];
  /** Step size, 1 / √(1 - β₂ᵗ) and what decay leaves of a value: they differ from step to step. */
  readonly size: T;
  readonly correction: T;
  readonly remaining: T;
  readonly settings: OptimizerSettings;
}

export function adamw(machine: Machine, raw: Raw, call: Backend<T>['call'], block: TfParameterBlock): Optimizer {
  const { count } = block;
  const { tensor } = machine;
  const kept = (values: Float32Array): Handle => machine.keep(machine.upload(values, [count], FLOAT));
  const zeros = new Float32Array(count);
  let [mean, square] = [kept(zeros), kept(zeros)];
  let step = 0;

  function replace(newMean: Handle, newSquare: Handle): void {
    [mean, square].forEach(machine.free);
    [mean, square] = [newMean, newSquare];
  }
  const read = (handle: Handle): Float32Array => machine.binding.tensorDataSync(handle).slice();

  return {
    step: (rate, changes = {}) =>
      machine.scoped(() => {
        const settings = { ...SETTINGS, ...changes };
        const scalar = (value: number): T => tensor(machine.upload(Float32Array.of(value), [], FLOAT), 1, 1);
        const all = (handle: Handle): T => tensor(handle, 1, count);
        const next = call('adamw', {
          values: all(block.vector()),
          mean: all(mean),
          square: all(square),
          gradients: block.gradients(),
          size: scalar(rate / (1 - settings.beta1 ** (step + 1))),
          correction: scalar(1 / Math.sqrt(1 - settings.beta2 ** (step + 1))),
          remaining: scalar(1 - rate * settings.weightDecay),
          settings,
        }, (given) => update(machine, raw, given));
        replace(machine.keep(next.mean.handle), machine.keep(next.square.handle));
        block.assign(next.values.handle);
        block.clearGradients();
        step += 1;
        const norm = machine.keep(next.norm.handle);
        const read = machine.reading(norm);
        return () => {
          const length = read()[0]!;
          machine.free(norm);
          if (!Number.isFinite(length)) step -= 1;
          return length;
        };
      }),
    state: () => ({ step, mean: read(mean), square: read(square) }),
    restore(state) {
      step = state.step;
      replace(kept(state.mean), kept(state.square));
    },
  };
}

function update({ scalar, whole, tensor, op }: Machine, raw: Raw, { values, mean, square, gradients, size, correction, remaining, settings }: Update): Pick<Update, 'values' | 'mean' | 'square'> & { norm: T } {
  const { beta1, beta2, epsilon, limit } = settings;
  const gradient = raw.concat(gradients.map(({ handle, cols }) => raw.reshape(handle, cols)), 0, FLOAT);
  const norm = op('Sqrt', [op('Sum', [op('Square', [gradient]), whole(0)])]);
  const finite = op('IsFinite', [norm]);
  // limit / max(norm, limit): 1 below the limit.
  const g = raw.multiply(gradient, raw.divide(scalar(limit), op('Maximum', [norm, scalar(limit)])));
  const m = raw.add(raw.multiply(mean.handle, scalar(beta1)), raw.multiply(g, scalar(1 - beta1)));
  const v = raw.add(raw.multiply(square.handle, scalar(beta2)), raw.multiply(op('Square', [g]), scalar(1 - beta2)));
  const change = raw.divide(raw.multiply(m, size.handle), raw.add(raw.multiply(op('Sqrt', [v]), correction.handle), scalar(epsilon)));
  const unless = (handle: Handle, before: T): T => tensor(op('SelectV2', [finite, handle, before.handle]), before.rows, before.cols);
  return { values: unless(raw.subtract(raw.multiply(values.handle, remaining.handle), change), values), mean: unless(m, mean), square: unless(v, square), norm: tensor(norm, 1, 1) };
}
