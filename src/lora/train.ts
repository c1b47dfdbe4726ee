/** The whole training loop. */
import { TrimtabError } from '../errors.ts';
import type { EncodedRow } from './batches.ts';
import { epochBatches } from './batches.ts';
import type { Schedule } from './optimizer.ts';
import { rateAt } from './optimizer.ts';
import { random } from './random.ts';
import type { Dealer, StepReport, Team, TeamState } from './team.ts';

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

/** About how many: a team may deal its batches otherwise. */
export const stepsOf = (rows: number, { epochs, batchSize }: Pick<TrainSettings, 'epochs' | 'batchSize'>): number => stepsIn(epochs, Math.ceil(rows / batchSize));

const stepsIn = (epochs: number, batches: number): number => Math.max(1, Math.round(epochs * batches));

/** Tokens of a row and of its documents. */
export const tokensOf = ({ tokens, documents = [] }: EncodedRow): number => documents.reduce((sum, document) => sum + document.length, tokens.length);

/**
 * Trains the team in place, from the start or from a snapshot.
 * @throws TrimtabError `bad-data` when loss or gradient are no finite number any more, with step and layer
 */
export async function train(team: Team, rows: readonly EncodedRow[], settings: TrainSettings, hooks: TrainHooks = {}, from: Snapshot | null = null): Promise<TrainOutcome> {
  const { learningRate, warmup, schedule } = settings;
  const dealer = dealerOf(team, rows, settings);
  const steps = stepsIn(settings.epochs, dealer.batches);
  const batchAt = batchesOf(rows, dealer, settings.seed);
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

  const none = (): void => {};
  /** Settles the step under way. */
  let settleLast = none;
  const catchUp = (): void => {
    settleLast();
    settleLast = none;
  };
  for (let step = done; step < steps; step += 1) {
    const batch = batchAt(step);
    const rate = learningRate * rateAt(schedule, step, steps, warmup);
    if (team.begin === undefined) {
      settle(batch, await team.step(batch, rate));
    } else {
      const report = await team.begin(batch, rate);
      catchUp();
      settleLast = () => settle(batch, report());
    }
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

function dealerOf(team: Team, rows: readonly EncodedRow[], { batchSize, seed }: TrainSettings): Dealer {
  const lengths = rows.map(tokensOf);
  return team.deal?.(lengths, batchSize, random(seed, 'deal')) ?? { batches: Math.ceil(rows.length / batchSize), epoch: (uniform) => epochBatches(lengths, batchSize, uniform, team.window) };
}

/** Rows of step i. They depend on seed and step alone, so that a training can go on anywhere. */
function batchesOf(rows: readonly EncodedRow[], { batches, epoch }: Dealer, seed: number): (step: number) => EncodedRow[] {
  let [current, order] = [-1, [] as readonly Int32Array[]];
  return (step) => {
    const number = Math.floor(step / batches);
    if (number !== current) [current, order] = [number, epoch(random(seed, `epoch ${number}`))];
    return Array.from(order[step % batches]!, (i) => rows[i]!);
  };
}
