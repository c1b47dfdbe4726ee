/** Clipping and AdamW (arXiv 1711.05101) on the device, over a whole block at once; the formulas are those of ../../optimizer.ts. */
import type { Backend } from '../../ops.ts';
import { FLOAT } from './binding.ts';
import type { Handle, Machine, Raw, TfTensor } from './machine.ts';
import type { TfParameterBlock } from './parameters.ts';

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
   * Steps on the block's gradients and clears them; returns the length that they had. Where that is not finite nothing changes, and the gradients
   * stay to be looked at.
   */
  step(rate: number, settings?: Partial<OptimizerSettings>): number;
  state(): OptimizerState;
  restore(state: OptimizerState): void;
}

type T = TfTensor;

interface Update {
  readonly values: T;
  readonly gradients: T;
  readonly mean: T;
  readonly square: T;
  /** Step size, 1 / √(1 - β₂ᵗ) and what decay leaves of a value: they differ from step to step. */
  readonly size: T;
  readonly correction: T;
  readonly remaining: T;
  readonly settings: OptimizerSettings;
}

export function adamw(machine: Machine, raw: Raw, call: Backend<T>['call'], block: TfParameterBlock): Optimizer {
  const { tensor } = machine;
  const vector = (handle: Handle): T => tensor(handle, 1, block.count);
  const fresh = (values: Float32Array): Handle => machine.keep(machine.upload(values, [block.count], FLOAT));
  let [mean, square] = [fresh(new Float32Array(block.count)), fresh(new Float32Array(block.count))];
  let step = 0;

  function replace(newMean: Handle, newSquare: Handle): void {
    machine.free(mean);
    machine.free(square);
    [mean, square] = [machine.keep(newMean), machine.keep(newSquare)];
  }

  return {
    step: (rate, changes = {}) =>
      machine.scoped(() => {
        const settings = { ...SETTINGS, ...changes };
        step += 1;
        const scalar = (value: number): T => tensor(machine.upload(Float32Array.of(value), [], FLOAT), 1, 1);
        const next = call('adamw', {
          values: vector(block.flat()),
          gradients: vector(block.gradients()),
          mean: vector(mean),
          square: vector(square),
          size: scalar(rate / (1 - settings.beta1 ** step)),
          correction: scalar(1 / Math.sqrt(1 - settings.beta2 ** step)),
          remaining: scalar(1 - rate * settings.weightDecay),
          settings,
        }, (given) => update(machine, raw, given));
        const norm = machine.binding.tensorDataSync(next.norm.handle)[0]!;
        if (Number.isFinite(norm)) {
          replace(next.mean.handle, next.square.handle);
          block.assign(next.values.handle);
          block.clearGradients();
        } else {
          step -= 1;
        }
        return norm;
      }),
    state: () => ({ step, mean: machine.binding.tensorDataSync(mean), square: machine.binding.tensorDataSync(square) }),
    restore(state) {
      step = state.step;
      replace(fresh(state.mean.slice()), fresh(state.square.slice()));
    },
  };
}

function update({ scalar, whole, tensor, op }: Machine, raw: Raw, { values, gradients, mean, square, size, correction, remaining, settings }: Update): Pick<Update, 'values' | 'mean' | 'square'> & { norm: T } {
  const { beta1, beta2, epsilon, limit } = settings;
  const norm = op('Sqrt', [op('Sum', [op('Square', [gradients.handle]), whole(0)])]);
  // limit / max(norm, limit): 1 below the limit.
  const g = raw.multiply(gradients.handle, raw.divide(scalar(limit), op('Maximum', [norm, scalar(limit)])));
  const m = raw.add(raw.multiply(mean.handle, scalar(beta1)), raw.multiply(g, scalar(1 - beta1)));
  const v = raw.add(raw.multiply(square.handle, scalar(beta2)), raw.multiply(op('Square', [g]), scalar(1 - beta2)));
  const change = raw.divide(raw.multiply(m, size.handle), raw.add(raw.multiply(op('Sqrt', [v]), correction.handle), scalar(epsilon)));
  const next = raw.subtract(raw.multiply(values.handle, remaining.handle), change);
  return { values: tensor(next, 1, values.cols), mean: tensor(m, 1, values.cols), square: tensor(v, 1, values.cols), norm: tensor(norm, 1, 1) };
}
