/** The whole training loop. */
import { TrimtabError } from '../errors.ts';
import type { EncodedRow } from './batches.ts';
import { epochBatches } from './batches.ts';
import type { Schedule } from './optimizer.ts';
import { rateAt } from './optimizer.ts';
import { random } from './random.ts';
import type { StepReport, Team, TeamState } from './team.ts';

export interface TrainSettings {
  /** Passes over the rows; a fraction ends in the middle of one. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Peak. */
  readonly learningRate: number;
  /** Share of the steps in which the rate rises. */
  readonly warmup: number;
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

/** Where a training stands: with the same rows and settings it goes on from here as if nothing had happened, bit for bit. */
export interface Snapshot {
  readonly team: TeamState;
  readonly tokens: number;
  /** Of those of the steps so far that the final loss is the mean of. */
  readonly losses: readonly number[];
}

export interface TrainHooks {
  onStep?(progress: Progress): void;
  /** Asked after each step but the last, perhaps before it is reported: whether to save now; `stop` saves and ends the training. */
  afterStep?(step: number): 'go' | 'save' | 'stop';
  save?(snapshot: Snapshot): Promise<void>;
}

export interface TrainOutcome {
  /** Steps done in all; fewer than planned when it was stopped. */
  readonly steps: number;
  readonly stopped: boolean;
  /** Tokens of the rows' texts, each as often as it was learnt from. */
  readonly tokens: number;
  /** Mean over the last tenth of the steps: one batch's alone is noise. Null when it was stopped before them. */
  readonly finalLoss: number | null;
}

const FINAL_SHARE = 0.1;

export function stepsOf(rows: number, { epochs, batchSize }: Pick<TrainSettings, 'epochs' | 'batchSize'>): number {
  return Math.max(1, Math.round(epochs * Math.ceil(rows / batchSize)));
}

/** Tokens of a row and of its documents. */
export const tokensOf = ({ tokens, documents = [] }: EncodedRow): number => documents.reduce((sum, document) => sum + document.length, tokens.length);

/**
 * Trains the team in place, from the start or from a snapshot.
 * @throws TrimtabError `bad-data` when loss or gradient are no finite number any more, with step and layer
 */
export async function train(team: Team, rows: readonly EncodedRow[], settings: TrainSettings, hooks: TrainHooks = {}, from: Snapshot | null = null): Promise<TrainOutcome> {
  const { learningRate, warmup, schedule } = settings;
  const steps = stepsOf(rows.length, settings);
  const batchAt = batchesOf(rows, settings, team.window ?? 1);
  const final = steps - Math.ceil(steps * FINAL_SHARE);
  const losses = [...(from?.losses ?? [])];
  let tokens = from?.tokens ?? 0;
  let done = from?.team.step ?? 0;
  if (from !== null) await team.restore(from.team);

  /** Takes the report of the step after `done`. */
  const settle = (batch: readonly EncodedRow[], { loss, norm, layer }: StepReport): void => {
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const where = layer === null ? '' : `, first in ${layer}`;
      throw new TrimtabError('bad-data', { what: 'training', problem: `the loss is ${loss} with a gradient of length ${norm} at step ${done + 1} of ${steps}${where}`, right: `a learning rate below ${learningRate}` });
    }
    if (done >= final) losses.push(loss);
    done += 1;
    tokens += batch.reduce((sum, row) => sum + tokensOf(row), 0);
    hooks.onStep?.({ step: done, steps, loss, tokens });
  };

  const begin = beginner(team);
  const none = (): void => {};
  /** Settles the step under way. */
  let settleLast = none;
  const catchUp = (): void => {
    settleLast();
    settleLast = none;
  };
  for (let step = done; step < steps; step += 1) {
    const batch = batchAt(step);
    const report = await begin(batch, learningRate * rateAt(schedule, step, steps, warmup));
    catchUp();
    settleLast = () => settle(batch, report());
    if (team.begin === undefined) catchUp();
    const next = step + 1 === steps ? 'go' : (hooks.afterStep?.(step + 1) ?? 'go');
    if (next === 'go') continue;
    // A snapshot is of the steps so far: none may be under way.
    catchUp();
    await hooks.save?.({ team: await team.state(), tokens, losses });
    if (next === 'stop') break;
  }
  catchUp();
  return { steps: done, stopped: done < steps, tokens, finalLoss: losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length };
}

/** Steps of a team that works at once are reported when they have begun. */
const beginner = (team: Team): NonNullable<Team['begin']> =>
  team.begin ??
  (async (rows, rate) => {
    const report = await team.step(rows, rate);
    return () => report;
  });

/** Rows of step i. They depend on seed and step alone, so that a training can go on anywhere; the last batch of an epoch may be smaller. */
function batchesOf(rows: readonly EncodedRow[], { batchSize, seed }: TrainSettings, window: number): (step: number) => EncodedRow[] {
  const lengths = rows.map(tokensOf);
  const perEpoch = Math.ceil(rows.length / batchSize);
  let [current, order] = [-1, [] as Int32Array[]];
  return (step) => {
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== current) [current, order] = [epoch, epochBatches(lengths, batchSize, random(seed, `epoch ${epoch}`), window)];
    return Array.from(order[step % perEpoch]!, (i) => rows[i]!);
  };
}
