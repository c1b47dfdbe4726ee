/** The whole training loop. */
import { TrimtabError } from '../errors.ts';
import type { EncodedRow } from './batches.ts';
import { epochBatches } from './batches.ts';
import type { Schedule } from './optimizer.ts';
import { adamw, clip, rateAt } from './optimizer.ts';
import { random } from './random.ts';
import type { Team } from './team.ts';

export interface TrainSettings {
  /** Passes over the rows; a fraction ends in the middle of one. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Peak. */
  readonly learningRate: number;
  /** Share of the steps in which the rate rises. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly schedule: Schedule;
  readonly seed: number;
}

export interface Progress {
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Weighted mean loss of this step's batch, nats. */
  readonly loss: number;
  /** Tokens so far. */
  readonly tokens: number;
}

const CLIP = 1;
/** The final loss is the mean over this share of the last steps: one batch's alone is noise. */
const FINAL_SHARE = 0.1;

const AUTO = { scale: 0.04, least: 1e-3, most: 5e-3, warm: 0.5 } as const;

/**
 * The peak rate where nobody chose one: short runs need a higher one. Measured on models/mini-encoder, r 16, HWU64 (1,076 test rows):
 * 60 steps: 0.45, 0.57, 0.65, 0.66, 0.65 accuracy at 1, 2, 4, 6, 8e-3; 150 steps: 0.769, 0.784, 0.770 at 2, 4, 6e-3; 930 steps: best at
 * 1 to 2e-3 (this rule: 0.888, mean of three seeds), and on harder tasks 2e-3 can fall apart (the model's card). An adapter that has
 * learned already starts at half.
 */
export function autoRate(steps: number, warm: boolean): number {
  return Math.min(AUTO.most, Math.max(AUTO.least, AUTO.scale / Math.sqrt(steps))) * (warm ? AUTO.warm : 1);
}

export function stepsOf(rows: number, { epochs, batchSize }: Pick<TrainSettings, 'epochs' | 'batchSize'>): number {
  return Math.max(1, Math.round(epochs * Math.ceil(rows / batchSize)));
}

/** Trains `team.values` in place. */
export async function train(team: Team, rows: readonly EncodedRow[], settings: TrainSettings, onStep: (progress: Progress) => void): Promise<{ steps: number; tokens: number; finalLoss: number }> {
  const { batchSize, learningRate, warmup, schedule, seed } = settings;
  const perEpoch = Math.ceil(rows.length / batchSize);
  const steps = stepsOf(rows.length, settings);
  const optimizer = adamw({ weightDecay: settings.weightDecay });
  const state = optimizer.init(team.values.length);
  const losses: number[] = [];
  let tokens = 0;

  for (let step = 0; step < steps; step += 1) {
    const order = epochBatches(rows.length, batchSize, random(seed, `epoch ${Math.floor(step / perEpoch)}`));
    const batch = Array.from(order[step % perEpoch]!, (i) => rows[i]!);
    const { loss, gradients } = await team.gradients(batch);
    const length = clip(gradients, CLIP);
    if (!Number.isFinite(loss) || !Number.isFinite(length)) {
      throw new TrimtabError('bad-data', { what: 'training', problem: `the loss is ${loss} with a gradient of length ${length} at step ${step + 1} of ${steps}`, right: `a learning rate below ${learningRate}` });
    }
    optimizer.update(team.values, gradients, state, learningRate * rateAt(schedule, step, steps, warmup));
    losses.push(loss);
    tokens += batch.reduce((sum, row) => sum + row.tokens.length, 0);
    onStep({ step: step + 1, steps, loss, tokens });
  }
  const last = losses.slice(-Math.ceil(steps * FINAL_SHARE));
  return { steps, tokens, finalLoss: last.reduce((sum, loss) => sum + loss, 0) / last.length };
}
