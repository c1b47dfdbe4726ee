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

/** One size of window. */
interface Moments {
  readonly values: T;
  readonly gradients: T;
  readonly mean: T;
  readonly square: T;
}

interface Update {
  readonly stacks: readonly Moments[];
  /** Step size, 1 / √(1 - β₂ᵗ) and what decay leaves of a value: they differ from step to step. */
  readonly size: T;
  readonly correction: T;
  readonly remaining: T;
  readonly settings: OptimizerSettings;
}

export function adamw(machine: Machine, raw: Raw, call: Backend<T>['call'], block: TfParameterBlock): Optimizer {
  const { tensor } = machine;
  const zeros = new Float32Array(block.count);
  const kept = (values: Float32Array): Handle[] => block.stacked(values).map(machine.keep);
  let [means, squares] = [kept(zeros), kept(zeros)];
  let step = 0;

  function replace(newMeans: Handle[], newSquares: Handle[]): void {
    [...means, ...squares].forEach(machine.free);
    [means, squares] = [newMeans, newSquares];
  }
  const read = (stacks: readonly Handle[]): Float32Array => {
    const all = new Float32Array(block.count);
    block.flat(stacks, all);
    return all;
  };

  return {
    step: (rate, changes = {}) =>
      machine.scoped(() => {
        const settings = { ...SETTINGS, ...changes };
        const scalar = (value: number): T => tensor(machine.upload(Float32Array.of(value), [], FLOAT), 1, 1);
        const gradients = block.gradients();
        const stacks = block.values().map(({ stack, windows, size }, i): Moments => {
          const of = (handle: Handle): T => tensor(handle, windows.length, size);
          return { values: of(stack), gradients: of(gradients[i]!), mean: of(means[i]!), square: of(squares[i]!) };
        });
        const next = call('adamw', {
          stacks,
          size: scalar(rate / (1 - settings.beta1 ** (step + 1))),
          correction: scalar(1 / Math.sqrt(1 - settings.beta2 ** (step + 1))),
          remaining: scalar(1 - rate * settings.weightDecay),
          settings,
        }, (given) => update(machine, raw, given));
        // All is issued before the norm is waited for; where it is not finite, the new numbers are the old ones.
        replace(next.stacks.map(({ mean }) => machine.keep(mean.handle)), next.stacks.map(({ square }) => machine.keep(square.handle)));
        block.assign(next.stacks.map(({ values }) => values.handle));
        const norm = machine.binding.tensorDataSync(next.norm.handle)[0]!;
        if (!Number.isFinite(norm)) return norm;
        step += 1;
        block.clearGradients();
        return norm;
      }),
    state: () => ({ step, mean: read(means), square: read(squares) }),
    restore(state) {
      step = state.step;
      replace(kept(state.mean), kept(state.square));
    },
  };
}

function update({ scalar, wholes, tensor, op }: Machine, raw: Raw, { stacks, size, correction, remaining, settings }: Update): { stacks: Omit<Moments, 'gradients'>[]; norm: T } {
  const { beta1, beta2, epsilon, limit } = settings;
  const squares = stacks.map(({ gradients }) => op('Sum', [op('Square', [gradients.handle]), wholes([0, 1])]));
  const norm = op('Sqrt', [squares.reduce(raw.add)]);
  const finite = op('IsFinite', [norm]);
  // limit / max(norm, limit): 1 below the limit.
  const share = raw.divide(scalar(limit), op('Maximum', [norm, scalar(limit)]));
  const next = stacks.map(({ values, gradients, mean, square }) => {
    const of = (handle: Handle, { handle: before, rows, cols }: T): T => tensor(op('SelectV2', [finite, handle, before]), rows, cols);
    const g = raw.multiply(gradients.handle, share);
    const m = raw.add(raw.multiply(mean.handle, scalar(beta1)), raw.multiply(g, scalar(1 - beta1)));
    const v = raw.add(raw.multiply(square.handle, scalar(beta2)), raw.multiply(op('Square', [g]), scalar(1 - beta2)));
    const change = raw.divide(raw.multiply(m, size.handle), raw.add(raw.multiply(op('Sqrt', [v]), correction.handle), scalar(epsilon)));
    return { values: of(raw.subtract(raw.multiply(values.handle, remaining.handle), change), values), mean: of(m, mean), square: of(v, square) };
  });
  return { stacks: next, norm: tensor(norm, 1, 1) };
}
