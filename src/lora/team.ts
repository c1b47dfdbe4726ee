/**
 * Data-parallel workers. Each has its own backend and frozen weights and computes the gradients of its share of a batch; the shares
 * are summed in the order of the workers, so the same seed and number of workers give the same bits.
 */
import type { Plan } from './adapter.ts';
import type { EncodedRow } from './batches.ts';
import { share } from './batches.ts';
import { contrast, contrastBatch } from './contrast.ts';
import type { Generated } from './generate.ts';
import { totalWeight } from './heads/index.ts';
import type { MemberOptions } from './member.ts';
import type { AdamState } from './optimizer.ts';
import { adamw, clip } from './optimizer.ts';
import type { Random } from './random.ts';
import type { Seat, TokenOptions } from './seat.ts';
import { takeSeats } from './seat.ts';

/** What a step did. */
export interface StepReport {
  /** Weighted mean over the batch, nats. */
  readonly loss: number;
  /** Length of the gradient before clipping. */
  readonly norm: number;
  /** Where the first number arose that is not finite; null while all are, and where nobody can say. */
  readonly layer: string | null;
}

/** All that training has made so far: copies. */
export interface TeamState {
  /** Steps done. */
  readonly step: number;
  readonly values: Float32Array;
  /** The optimizer's running means of the gradient and of its square. */
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

/** How the rows of a training become batches. */
export interface Dealer {
  /** Of an epoch. */
  readonly batches: number;
  /** Numbers of the rows of each batch of an epoch, in the order of `uniform`; the last may be smaller. */
  epoch(uniform: Random): readonly Int32Array[];
}

export interface Team {
  /** The adapter's numbers as they stand. */
  readonly values: Float32Array;
  /** One optimizer step on the batch's weighted mean loss. Changes nothing when loss or gradient are not finite. */
  step(rows: readonly EncodedRow[], rate: number): Promise<StepReport>;
  /**
   * The same, where a device does the work: it has been handed all of the step when the promise is kept, and what that gives waits for the
   * report. The next step may begin before: otherwise the device would have nothing to do while it is prepared.
   */
  begin?(rows: readonly EncodedRow[], rate: number): Promise<() => StepReport>;
  /** Outputs of each row, in their order: what they are, the head says. */
  outputs(rows: readonly EncodedRow[]): Promise<Float32Array[]>;
  state(): Promise<TeamState>;
  restore(state: TeamState): Promise<void>;
  close(): Promise<void>;
  /**
   * Where the team wants batches of one shape: a training asks before its first step, with the tokens of each row, and hands the batches of the
   * last deal to `step` as they were dealt. They have `batchSize` rows on average.
   */
  deal?(lengths: readonly number[], batchSize: number, uniform: Random): Dealer;
  /** Batches among which this team wants rows of like length together (see epochBatches); 1 where length costs nothing. */
  readonly window?: number;
}

/** A team whose members can also generate. */
export interface GeneratingTeam extends Team {
  /** Tokens for each prompt, in order; what a prompt gives does not depend on who shares its batch. */
  generate(prompts: readonly Int32Array[], options: TokenOptions): Promise<Generated[]>;
}

export interface TeamOptions extends Pick<MemberOptions, 'base' | 'plan' | 'use' | 'tensorflow'> {
  /** Members; more than one on TensorFlow where its binding is `threadSafe`. */
  readonly workers: number;
  readonly values: Float32Array;
  readonly weightDecay?: number;
  /** Of the team, as it says to a training. */
  readonly window?: number;
}

const CLIP = 1;

export async function createTeam({ workers, values: initial, weightDecay = 0, window = 1, ...rest }: TeamOptions): Promise<GeneratingTeam> {
  const { plan } = rest;
  const values = shared(initial.length);
  values.set(initial);
  const members = Array.from({ length: workers }, (): MemberOptions => ({ ...rest, values, gradients: shared(initial.length) }));
  const crew = createCrew(members, await takeSeats(members));
  const optimizer = adamw({ weightDecay });
  let adam = optimizer.init(rest.use === 'train' ? initial.length : 0);

  return {
    values,
    window,
    outputs: crew.outputs,
    generate: crew.generate,
    close: crew.close,
    async step(rows, rate) {
      const loss = plan.kind === 'pooled' ? await learnContrast(crew, rows) : await crew.learn(rows, totalWeight(plan.kind, rows) || 1);
      const norm = clip(crew.gradients, CLIP);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) return { loss, norm, layer: (await crew.fault(rows)) ?? faultyGradient(plan, crew.gradients) };
      optimizer.update(values, crew.gradients, adam, rate);
      return { loss, norm, layer: null };
    },
    state: () => Promise.resolve({ step: adam.step, values: values.slice(), mean: adam.mean.slice(), square: adam.square.slice() }),
    restore({ step, values: earlier, mean, square }) {
      values.set(earlier);
      adam = { step, mean: mean.slice(), square: square.slice() } satisfies AdamState;
      return Promise.resolve();
    },
  };
}

/** The members as one: each does its part of the rows, and the parts come back together in the order of members or rows. */
interface Crew {
  /** Sum of the members' gradients, after `learn`. */
  readonly gradients: Float32Array;
  /** Loss of the rows, whose shares are over `weight`. */
  learn(rows: readonly EncodedRow[], weight: number): Promise<number>;
  outputs(rows: readonly EncodedRow[]): Promise<Float32Array[]>;
  generate(prompts: readonly Int32Array[], options: TokenOptions): Promise<Generated[]>;
  fault(rows: readonly EncodedRow[]): Promise<string | null>;
  close(): Promise<void>;
}

function createCrew(members: readonly MemberOptions[], seats: readonly Seat[]): Crew {
  const gradients = new Float32Array(members[0]!.gradients.length);
  const deal = <Row extends { readonly tokens: Int32Array }, R>(rows: readonly Row[], work: (seat: Seat, part: readonly Row[]) => Promise<R>): Promise<R[]> =>
    Promise.all(share(rows, seats.length).map((part, i) => work(seats[i]!, part)));
  /** What the members give for each row, in the order of the rows. */
  const collect = async <Row extends { readonly tokens: Int32Array }, R>(rows: readonly Row[], work: (seat: Seat, part: readonly Row[]) => Promise<readonly R[]>): Promise<R[]> => {
    const all = new Array<R>(rows.length);
    await deal(rows.map((row, index) => ({ ...row, index })), async (seat, part) => {
      const found = await work(seat, part);
      part.forEach(({ index }, j) => (all[index] = found[j]!));
    });
    return all;
  };
  return {
    gradients,
    async learn(rows, weight) {
      const losses = await deal(rows, (seat, part) => seat.gradients(part, weight));
      gradients.set(members[0]!.gradients);
      for (const { gradients: more } of members.slice(1)) for (let i = 0; i < gradients.length; i += 1) gradients[i]! += more[i]!;
      return losses.reduce((sum, loss) => sum + loss, 0);
    },
    outputs: (rows) => collect(rows, (seat, part) => seat.outputs(part)),
    generate: (prompts, options) => collect(prompts.map((tokens) => ({ tokens })), (seat, part) => seat.generate(part.map(({ tokens }) => tokens), options)),
    fault: async (rows) => (await deal(rows, (seat, part) => seat.fault(part))).find((fault) => fault !== null) ?? null,
    close: async () => void (await Promise.all(seats.map((seat) => seat.close()))),
  };
}

/** In two passes: all vectors, then the gradient of each through its text. */
async function learnContrast(crew: Crew, rows: readonly EncodedRow[]): Promise<number> {
  const batch = contrastBatch(rows);
  const { perQuery, gradients } = contrast(batch, await crew.outputs(batch.texts));
  await crew.learn(batch.texts.map((text, i) => ({ ...text, gradient: gradients[i]! })), 1);
  return perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0);
}

/** From the head down, as gradients come: the first tensor whose gradient is not finite. */
function faultyGradient({ slots }: Plan, gradients: Float32Array): string | null {
  return [...slots.values()].reverse().find(({ offset, rows, cols }) => !gradients.subarray(offset, offset + rows * cols).every(Number.isFinite))?.key ?? null;
}

const shared = (count: number): Float32Array => new Float32Array(new SharedArrayBuffer(count * 4));
