/** From a model's spec to a job: what the spec leaves open is decided here, so that job.json says all of it. */
import type { AdapterFiles } from '../vocabulary.ts';
import type { BaseFolder } from './base.ts';
import type { Hyperparameters, Job, LoraSettings } from './job.ts';
import type { TrainingRequest } from './request.ts';

/** What every job of ours has and no spec says. */
export const FIXED = {
  /** Share of the steps in which the learning rate rises. */
  warmup: 0.1,
  weightDecay: 0.01,
  schedule: 'cosine',
  checkpoint: { steps: 1_000, seconds: 60 },
} as const satisfies Partial<Hyperparameters>;

/** Above this many rows there is more to learn than the smaller rank holds ("LoRA Without Regret": rank by the information in the data). */
const MANY_ROWS = 10_000;
const RANK = { few: 16, many: 32 } as const;
/** alpha / r where nobody chose alpha: the best rate then hardly depends on the rank. */
const ALPHA_PER_RANK = 2;

/** What a spec may say of a training. */
interface TrainingSpec extends Pick<Hyperparameters, 'epochs' | 'batchSize' | 'learningRate' | 'maxLength'>, Partial<Pick<Hyperparameters, 'quantisation' | 'maxNewTokens' | 'loss'>> {
  readonly lora: { readonly r: number | 'auto'; readonly alpha: number | 'auto'; readonly targets: LoraSettings['targets']; readonly rslora?: boolean };
}

export function jobOf(request: TrainingRequest, base: BaseFolder, trainRows: number, folders: Pick<Job, 'engineDir' | 'compileDir'>): Job {
  const { spec } = request;
  const training: TrainingSpec = spec.training;
  const { epochs, batchSize, learningRate, maxLength, quantisation = 'none', maxNewTokens = 128, loss = 'completion' } = training;
  return {
    version: 1,
    id: request.id,
    kind: request.kind,
    model: request.model,
    task: spec.task,
    labelling: spec.labels,
    base,
    initial: (request.initial ?? null) !== null,
    labels: request.labels,
    hyperparameters: { lora: loraOf(training, trainRows, request.initial ?? null), epochs, batchSize, learningRate, maxLength, quantisation, maxNewTokens, loss, ...FIXED },
    backend: 'auto',
    ...folders,
    limits: { memoryBytes: null },
    seed: request.seed,
    workers: request.workers,
  };
}

/** An adapter that is continued keeps its shape, unless the spec says one: the engine refuses another. */
function loraOf({ lora }: TrainingSpec, trainRows: number, initial: AdapterFiles | null): LoraSettings {
  const known = initial === null ? null : peftShape(initial);
  const r = lora.r === 'auto' ? (known?.r ?? (trainRows > MANY_ROWS ? RANK.many : RANK.few)) : lora.r;
  const alpha = lora.alpha === 'auto' ? (known?.alpha ?? ALPHA_PER_RANK * r) : lora.alpha;
  return { r, alpha, targets: lora.targets, rslora: lora.rslora ?? false };
}

/** Rank and alpha as an adapter's own files say; null where they do not, which the engine then says better. */
function peftShape(files: AdapterFiles): { r: number; alpha: number } | null {
  try {
    const { r, lora_alpha: alpha } = JSON.parse(new TextDecoder().decode(files.config)) as Record<string, unknown>;
    return typeof r === 'number' && typeof alpha === 'number' ? { r, alpha } : null;
  } catch {
    return null;
  }
}
