/** A team of one, for a GPU: the device does the work of all cores, and the optimizer runs where the gradients are. */
import { setImmediate } from 'node:timers/promises';
import type { Plan } from '../../adapter.ts';
import type { Base } from '../../base.ts';
import type { EncodedRow } from '../../batches.ts';
import { contrast, contrastBatch } from '../../contrast.ts';
import { totalWeight } from '../../heads/index.ts';
import { accumulate, merged, outputs as outputsOf, trainable } from '../../learner.ts';
import { architectureOf } from '../../models/index.ts';
import type { StepReport, Team } from '../../team.ts';
import { watch } from '../../watch.ts';
import type { BinnedBatch, Shape } from './bins.ts';
import { deal, packBins } from './bins.ts';
import type { TensorflowBackend, TensorflowOptions } from './index.ts';
import { tensorflowBackend } from './index.ts';
import type { TfParameterBlock } from './machine.ts';

export interface TensorflowTeamOptions extends TensorflowOptions {
  readonly base: Base;
  readonly plan: Plan;
  /** `predict` merges the adapter once, as `values` stands then. */
  readonly use: 'train' | 'predict';
  readonly values: Float32Array;
  readonly weightDecay?: number;
  /** Tokens of one forward and backward pass; memory grows with them. */
  readonly microBatch?: number;
  /** Instead of the backend that the other options describe. */
  readonly backend?: TensorflowBackend;
}

/** Tokens. */
export const MICRO_BATCH = 16_384;
/** Short texts share a bin, so that batches of different longest texts have one shape. */
export const LEAST_WIDTH = 64;

/** How rows become batches of few shapes, each of which is compiled. */
interface Cutter extends Pick<Team, 'deal'> {
  cut(rows: readonly EncodedRow[], weight: number): BinnedBatch[];
  /** The same, of the rows of a step. */
  cutStep(rows: readonly EncodedRow[], weight: number): BinnedBatch[];
}

/** Documents of a search are rows of a step that no deal knows. */
function binCutter({ kind }: Plan, causal: boolean, most: number): Cutter {
  const options = { most, least: LEAST_WIDTH, perToken: kind === 'tokens' || kind === 'vocabulary', causal };
  let shape: Shape | null = null;
  const dealt: Team['deal'] = (lengths, batchSize, uniform) => {
    const dealer = deal(lengths, batchSize, LEAST_WIDTH, uniform);
    shape = dealer.shape;
    return dealer;
  };
  return {
    cut: (rows, weight) => packBins(rows, weight, options),
    cutStep: (rows, weight) => packBins(rows, weight, shape === null ? options : { ...options, shape }),
    ...(kind === 'pooled' ? {} : { deal: dealt }),
  };
}

export async function createTensorflowTeam({ base, plan, use, values: initial, weightDecay = 0, microBatch = MICRO_BATCH, backend: given, ...options }: TensorflowTeamOptions): Promise<Team> {
  const backend = given ?? tensorflowBackend(options);
  const { backend: watching, watched } = watch(backend);
  const learner = use === 'train' ? trainable(watching, base, plan) : merged(watching, base, plan, initial);
  const block = learner.block as TfParameterBlock;
  block.write(initial);
  const optimizer = use === 'train' ? backend.optimizer(block) : null;
  const { cut, cutStep, ...wishes } = binCutter(plan, architectureOf(base).causal, microBatch);
  let host: Float32Array | null = initial.slice();

  const outputs = (rows: readonly EncodedRow[]): Float32Array[] => {
    const all = new Array<Float32Array>(rows.length);
    for (const batch of cut(rows, 1)) {
      const found = outputsOf(watching, learner, batch);
      batch.numbers.forEach((number, i) => void (number >= 0 && (all[number] = found[i]!)));
    }
    return all;
  };
  const learn = (rows: readonly EncodedRow[], weight: number): number => cutStep(rows, weight).reduce((sum, batch) => sum + accumulate(watching, learner, batch), 0);

  /** In two passes: all vectors, then the gradient of each through its text. */
  const learnContrast = (rows: readonly EncodedRow[]): number => {
    const batch = contrastBatch(rows);
    const { perQuery, gradients } = contrast(batch, outputs(batch.texts));
    learn(batch.texts.map((text, i) => ({ ...text, gradient: gradients[i]! })), 1);
    return perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0);
  };

  const learnAll = (rows: readonly EncodedRow[]): number => (plan.kind === 'pooled' ? learnContrast(rows) : learn(rows, totalWeight(plan.kind, rows) || 1));

  /**
   * Op by op, since a compiled layer shows its results only: the first linear layer with a number that is not finite, or the last gradient. What the
   * step made is gone, or a later one's: it is made again.
   */
  const faultOf = (rows: readonly EncodedRow[]): string | null => {
    const group = backend.opByOp(() => watched(() => void cut(rows, 1).forEach((batch) => outputsOf(watching, learner, batch))));
    if (group !== null && group < plan.groups.length) return plan.groups[group]!.parts.join(', ') || null;
    const gradients = new Float32Array(plan.count);
    block.clearGradients();
    learnAll(rows);
    block.read(gradients);
    const slots = [...plan.slots.values()].reverse();
    return slots.find(({ offset, rows: height, cols }) => !gradients.subarray(offset, offset + height * cols).every(Number.isFinite))?.key ?? null;
  };

  const read = (): Float32Array => {
    if (host === null) block.readValues((host = new Float32Array(plan.count)));
    return host;
  };

  /** The loss is waited for, which the backward pass stands behind; the gradient's length, which nothing does, is not. */
  const begin = async (rows: readonly EncodedRow[], rate: number): Promise<() => StepReport> => {
    await setImmediate();
    block.clearGradients();
    const loss = learnAll(rows);
    if (!Number.isFinite(loss)) return () => ({ loss, norm: NaN, layer: faultOf(rows) });
    host = null;
    const normOf = optimizer!.step(rate, { weightDecay });
    return () => {
      const norm = normOf();
      return { loss, norm, layer: Number.isFinite(norm) ? null : faultOf(rows) };
    };
  };

  return {
    get values() {
      return read();
    },
    begin,
    step: async (rows, rate) => (await begin(rows, rate))(),
    async outputs(rows) {
      await setImmediate();
      return outputs(rows);
    },
    state: () => Promise.resolve({ ...optimizer!.state(), values: read().slice() }),
    restore(state) {
      host = state.values.slice();
      block.write(host);
      optimizer!.restore(state);
      return Promise.resolve();
    },
    close() {
      backend.dispose();
      return Promise.resolve();
    },
    ...wishes,
  };
}
