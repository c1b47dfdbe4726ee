/**
 * Data-parallel workers. Each has its own backend and frozen weights and computes the gradients of its share of a batch; the shares
 * are summed in the order of the workers, so the same seed and number of workers give the same bits.
 */
import type { EncodedRow } from './batches.ts';
import { share } from './batches.ts';
import { contrast, contrastBatch } from './contrast.ts';
import type { Generated } from './generate.ts';
import { totalWeight } from './heads/index.ts';
import type { MemberOptions } from './member.ts';
import type { AdamState } from './optimizer.ts';
import { adamw, clip } from './optimizer.ts';
import type { TokenOptions } from './seat.ts';
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

export interface Team {
  /** The adapter's numbers as they stand. */
  readonly values: Float32Array;
  /** One optimizer step on the batch's weighted mean loss. Changes nothing when loss or gradient are not finite. */
  step(rows: readonly EncodedRow[], rate: number): Promise<StepReport>;
  /** Outputs of each row, in their order: what they are, the head says. */
  outputs(rows: readonly EncodedRow[]): Promise<Float32Array[]>;
  state(): Promise<TeamState>;
  restore(state: TeamState): Promise<void>;
  close(): Promise<void>;
  /** Batches among which this team wants rows of like length together (see epochBatches); 1 where length costs nothing. */
  readonly window?: number;
}

/** A team whose members can also generate. */
export interface GeneratingTeam extends Team {
  /** Tokens for each prompt, in order; what a prompt gives does not depend on who shares its batch. */
  generate(prompts: readonly Int32Array[], options: TokenOptions): Promise<Generated[]>;
}

export interface TeamOptions extends Pick<MemberOptions, 'base' | 'plan' | 'use'> {
  readonly workers: number;
  readonly values: Float32Array;
  readonly weightDecay?: number;
}

const CLIP = 1;

export async function createTeam({ workers, values: initial, weightDecay = 0, ...rest }: TeamOptions): Promise<GeneratingTeam> {
  const { plan } = rest;
  const values = shared(initial.length);
  values.set(initial);
  const options = Array.from({ length: workers }, (): MemberOptions => ({ ...rest, values, gradients: shared(initial.length) }));
  const seats = await takeSeats(options);
  const optimizer = adamw({ weightDecay });
  let adam = optimizer.init(rest.use === 'train' ? initial.length : 0);
  const total = new Float32Array(initial.length);

  /** Each member's part of the rows, by what `work` does with it. */
  const deal = <Row extends EncodedRow, R>(rows: readonly Row[], work: (seat: number, part: readonly Row[]) => Promise<R>): Promise<R[]> =>
    Promise.all(share(rows, workers).map((part, i) => work(i, part)));

  const accumulate = async (rows: readonly EncodedRow[], weight: number): Promise<number> => {
    const losses = await deal(rows, (i, part) => seats[i]!.gradients(part, weight));
    total.set(options[0]!.gradients);
    for (const { gradients } of options.slice(1)) for (let i = 0; i < total.length; i += 1) total[i]! += gradients[i]!;
    return losses.reduce((sum, loss) => sum + loss, 0);
  };

  const outputs = async (rows: readonly EncodedRow[]): Promise<Float32Array[]> => {
    const all = new Array<Float32Array>(rows.length);
    await deal(rows.map((row, index) => ({ ...row, index })), async (i, part) => {
      const found = await seats[i]!.outputs(part);
      part.forEach(({ index }, j) => (all[index] = found[j]!));
    });
    return all;
  };

  /** In two passes: all vectors, then the gradient of each through its text. */
  const accumulateContrast = async (rows: readonly EncodedRow[]): Promise<number> => {
    const batch = contrastBatch(rows);
    const { perQuery, gradients } = contrast(batch, await outputs(batch.texts));
    await accumulate(batch.texts.map((text, i) => ({ ...text, gradient: gradients[i]! })), 1);
    return perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0);
  };

  /** Asked only when something went wrong: the forward pass layer by layer, then the gradients from the head down. */
  const faultOf = async (rows: readonly EncodedRow[]): Promise<string | null> => {
    const faults = await deal(rows, (i, part) => seats[i]!.fault(part));
    const slots = [...plan.slots.values()].reverse();
    return faults.find((fault) => fault !== null) ?? slots.find(({ offset, rows: height, cols }) => !total.subarray(offset, offset + height * cols).every(Number.isFinite))?.key ?? null;
  };

  return {
    values,
    outputs,
    async generate(prompts, options) {
      const all = new Array<Generated>(prompts.length);
      const parts = share(prompts.map((tokens, index) => ({ tokens, index })), workers);
      await Promise.all(parts.map(async (part, i) => {
        const found = await seats[i]!.generate(part.map(({ tokens }) => tokens), options);
        part.forEach(({ index }, j) => (all[index] = found[j]!));
      }));
      return all;
    },
    async step(rows, rate) {
      const loss = plan.kind === 'pooled' ? await accumulateContrast(rows) : await accumulate(rows, totalWeight(plan.kind, rows) || 1);
      const norm = clip(total, CLIP);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) return { loss, norm, layer: await faultOf(rows) };
      optimizer.update(values, total, adam, rate);
      return { loss, norm, layer: null };
    },
    state: () => Promise.resolve({ step: adam.step, values: values.slice(), mean: adam.mean.slice(), square: adam.square.slice() }),
    restore({ step, values: earlier, mean, square }) {
      values.set(earlier);
      adam = { step, mean: mean.slice(), square: square.slice() } satisfies AdamState;
      return Promise.resolve();
    },
    async close() {
      await Promise.all(seats.map((seat) => seat.close()));
    },
  };
}

const shared = (count: number): Float32Array => new Float32Array(new SharedArrayBuffer(count * 4));
