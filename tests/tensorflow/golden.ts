/** The golden cases of PyTorch on the tensorflow backend, also in bins of one width; without a test runner, for the GPU bench runs it too. */
import type { TensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { packBins } from '../../src/lora/backends/tensorflow/bins.ts';
import { createTensorflowTeam } from '../../src/lora/backends/tensorflow/team.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { contrast, contrastBatch } from '../../src/lora/contrast.ts';
import { totalWeight } from '../../src/lora/heads/index.ts';
import type { Learner } from '../../src/lora/learner.ts';
import { accumulate, outputs, trainable } from '../../src/lora/learner.ts';
import type { Backend, Tensor } from '../../src/lora/ops.ts';
import { train } from '../../src/lora/train.ts';
import type { Found, GoldenCase } from '../lora/golden-cases.ts';
import { distance, learnOnce } from '../lora/golden-cases.ts';

/** How far each part is from PyTorch's, as a share of its largest number; `gradient` is the worst of all parameters. */
export interface Distances {
  readonly loss: number;
  readonly outputs: number;
  readonly gradient: number;
}

export function compare(backend: TensorflowBackend, golden: GoldenCase): Distances {
  const found = backend.compiles ? learnBinned(backend, golden) : learnOnce(backend as unknown as Backend, golden);
  const right = golden.plan.kind === 'vocabulary' ? golden.terms : golden.outputs;
  const gradients = [...golden.gradients].map(([key, values]) => {
    const { offset } = golden.plan.slots.get(key)!;
    return distance(found.gradients.subarray(offset, offset + values.length), values);
  });
  return { loss: Math.abs(found.loss - golden.loss) / golden.loss, outputs: distance(found.outputs.flatMap((part) => Array.from(part)), right), gradient: Math.max(...gradients) };
}

function learnBinned(backend: TensorflowBackend, { base, plan, adapter, rows }: GoldenCase): Found {
  const b = backend as unknown as Backend;
  const learner = trainable(b, base, plan);
  learner.block.write(adapter.values);
  const cut = (part: readonly EncodedRow[], weight: number): ReturnType<typeof packBins> => packBins(part, weight, { most: 32, least: 16, perToken: plan.kind === 'tokens' || plan.kind === 'vocabulary', causal: false });
  const outputsOf = (part: readonly EncodedRow[]): Float32Array[] => {
    const all = new Array<Float32Array>(part.length);
    for (const batch of cut(part, 1)) outputs(b, learner, batch).forEach((found, i) => void (batch.numbers[i]! >= 0 && (all[batch.numbers[i]!] = found)));
    return all;
  };
  const learn = (part: readonly EncodedRow[], weight: number): number => cut(part, weight).reduce((sum, batch) => sum + accumulate(b, learner, batch), 0);
  const found = plan.kind === 'pooled' ? learnContrast(rows, outputsOf, learn) : { outputs: outputsOf(rows), loss: learn(rows, totalWeight(plan.kind, rows)) };
  return { ...found, gradients: gradientsOf(learner, plan.count) };
}

function learnContrast(rows: readonly EncodedRow[], outputsOf: (rows: readonly EncodedRow[]) => Float32Array[], learn: (rows: readonly EncodedRow[], weight: number) => number): Omit<Found, 'gradients'> {
  const batch = contrastBatch(rows);
  const vectors = outputsOf(batch.texts);
  const { perQuery, gradients } = contrast(batch, vectors);
  learn(batch.texts.map((text, i) => ({ ...text, gradient: gradients[i]! })), 1);
  return { outputs: vectors.slice(0, batch.queries), loss: perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0) };
}

function gradientsOf(learner: Learner<Tensor>, count: number): Float64Array {
  const gradients = new Float64Array(count);
  learner.block.read(gradients);
  return gradients;
}

/** The losses of a training with the optimizer on the device. */
export async function trainGolden(backend: TensorflowBackend, { base, plan, adapter, rows, training }: GoldenCase): Promise<number[]> {
  const { steps, rate, warmup, weightDecay, schedule } = training!;
  const team = await createTensorflowTeam({ file: '', compileCache: null, cudaDir: null, exact: true, backend, base, plan, use: 'train', values: adapter.values, weightDecay });
  const losses: number[] = [];
  await train(team, rows, { epochs: steps, batchSize: rows.length, learningRate: rate, warmup, schedule, seed: 1 }, { onStep: ({ loss }) => losses.push(loss) });
  await team.close();
  return losses;
}
