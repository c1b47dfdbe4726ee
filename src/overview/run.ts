/** A run as people follow it: its stages, the course of its jobs, why it began, and what it cost beside full fine-tuning. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { TrimtabError } from '../errors.ts';
import { ADAPTER_FILES } from '../lora/adapter-files.ts';
import type { JobResult } from '../training/job.ts';
import { getModelVersion } from '../store/models.ts';
import type { ObjectStore } from '../store/objects/index.ts';
import type { Pool } from '../store/postgres.ts';
import { runProgress, type ProgressPoint } from '../store/progress.ts';
import { adapterOfRun } from '../store/promotion.ts';
import { getRun, runSteps, type RunRow, type RunStep } from '../store/runs.ts';
import { getTrigger, type TriggerRow } from '../store/triggers.ts';

/** Facts, each null where it cannot be known. */
export interface RunCost {
  /** Parameters that were trained, and those of the base's linear layers, which full fine-tuning would train at the least. */
  readonly trained: number;
  readonly full: number;
  readonly adapterBytes: number | null;
  /** The base's weights, as full fine-tuning would store them for each version. */
  readonly baseBytes: number | null;
}

export interface RunCourse {
  readonly run: string;
  readonly trigger: TriggerRow | null;
  readonly steps: readonly Omit<RunStep, 'fence'>[];
  readonly progress: readonly ProgressPoint[];
  /** What the training job came to; null while it runs. */
  readonly result: JobResult | null;
  readonly cost: RunCost | null;
}

export interface RunCourseParts {
  readonly pool: Pool;
  readonly objects: ObjectStore;
  /** The folder of a base as a spec names it. */
  readonly basePath: (model: string) => string;
}

/** @throws TrimtabError `not-found` */
export async function runCourse(parts: RunCourseParts, id: string): Promise<RunCourse> {
  const run = await getRun(parts.pool, id);
  if (run === null) throw new TrimtabError('not-found', { what: 'run', id });
  const result = resultOf(run);
  return {
    run: id,
    trigger: await getTrigger(parts.pool, run.triggerId),
    steps: (await runSteps(parts.pool, id)).map(({ state, at, detail }) => ({ state, at, detail })),
    progress: await runProgress(parts.pool, id),
    result,
    cost: result === null ? null : await costOf(parts, run, result),
  };
}

const resultOf = ({ job }: RunRow) => (job as { readonly result?: JobResult | null } | null)?.result ?? null;

const BYTES_PER_FLOAT = 4;
/** To train, wasm holds each linear layer once for each direction. */
const copiesOf = ({ kind, backend }: JobResult): number => (kind === 'train' && backend === 'wasm' ? 2 : 1);

async function costOf({ pool, objects, basePath }: RunCourseParts, run: RunRow, result: JobResult): Promise<RunCost> {
  const adapter = await adapterOfRun(pool, run.id);
  const weights = adapter?.files[ADAPTER_FILES.weights];
  const version = await getModelVersion(pool, run.model, run.specVersion);
  const base = version === null ? null : await stat(path.join(basePath(version.spec.base.model), 'model.safetensors')).catch(() => null);
  return {
    trained: result.trainableParameters,
    full: result.floatBytes / BYTES_PER_FLOAT / copiesOf(result),
    adapterBytes: weights === undefined ? null : (await objects.get(weights)).length,
    baseBytes: base?.size ?? null,
  };
}
