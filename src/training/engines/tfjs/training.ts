/** Trains: from the start or from a checkpoint, to an adapter in the job's folder. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adapterDigest, adapterFiles, writeAdapter } from '../../../lora/adapter-files.ts';
import type { CheckpointHeader } from '../../../lora/checkpoint.ts';
import { autoRate, probeRate } from '../../../lora/rate.ts';
import type { Probe } from '../../../lora/rate.ts';
import type { EncodedRow } from '../../../lora/batches.ts';
import type { Team } from '../../../lora/team.ts';
import { stepsOf, train } from '../../../lora/train.ts';
import type { Snapshot, TrainOutcome } from '../../../lora/train.ts';
import { JOB_FILES } from '../../job.ts';
import type { Job } from '../../job.ts';
import type { Bench } from './bench.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Events } from './events.ts';

/** Thrown when the job was asked to stop, after its state has been saved. */
export class Preempted extends Error {}

export interface Control {
  /** True once somebody asked the job to stop. */
  stopAsked(): boolean;
  /** True while the job can stop in order, at the end of a step. */
  stoppable: boolean;
}

export interface TrainContext {
  readonly job: Job;
  readonly bench: Bench;
  readonly team: Team;
  readonly checkpoints: Checkpoints;
  readonly events: Events;
  readonly control: Control;
}

export interface Trained extends Pick<TrainOutcome, 'steps' | 'tokens' | 'finalLoss'> {
  readonly learningRate: number;
  readonly probe: Probe['tried'] | null;
}

/** Trains the team in place. @throws Preempted */
export async function trainTeam(context: TrainContext, rows: readonly EncodedRow[]): Promise<Trained> {
  const { job, team, checkpoints, events, control } = context;
  const { epochs, batchSize, warmup, schedule } = job.hyperparameters;
  const earlier = await checkpoints.read();
  if (earlier !== null) events.write({ type: 'resume', step: earlier.snapshot.team.step });
  const { learningRate, probe } = earlier?.header ?? (await chooseRate(context, rows));
  const header = { learningRate, probe };
  // What a probe found cost steps: a restart should not try it again.
  if (earlier === null && probe !== null) await checkpoints.save(header, { team: await team.state(), tokens: 0, losses: [] });
  const tokensBefore = earlier?.snapshot.tokens ?? 0;
  control.stoppable = true;
  const outcome = await train(
    team,
    rows,
    { epochs, batchSize, learningRate, warmup, schedule, seed: job.seed },
    {
      onStep: ({ step, steps, loss, tokens }) => events.progress(step, steps, loss, tokens - tokensBefore),
      afterStep: (step) => (control.stopAsked() ? 'stop' : checkpoints.due(step) ? 'save' : 'go'),
      save: (snapshot: Snapshot) => checkpoints.save(header, snapshot),
    },
    earlier?.snapshot ?? null,
  );
  control.stoppable = false;
  if (outcome.stopped) throw new Preempted();
  return { ...outcome, ...header };
}

async function chooseRate({ job, bench, team, events }: TrainContext, rows: readonly EncodedRow[]): Promise<Pick<CheckpointHeader, 'learningRate' | 'probe'>> {
  const { learningRate: wanted, epochs, batchSize, warmup, schedule } = job.hyperparameters;
  if (typeof wanted === 'number') return { learningRate: wanted, probe: null };
  const centre = autoRate(stepsOf(rows.length, { epochs, batchSize }), bench.initial !== null, bench.plan.hidden);
  if (wanted === 'auto') return { learningRate: centre, probe: null };
  const { learningRate, tried } = await probeRate(team, bench.plan.kind, rows, { epochs, batchSize, warmup, schedule, seed: job.seed }, centre);
  events.write({ type: 'rate', learningRate, tried });
  return { learningRate, probe: tried };
}

/** Writes adapter/ whole; gives its digest. */
export async function saveAdapter(folder: string, { plan, header }: Bench, values: Float32Array, basePath: string): Promise<string> {
  const files = adapterFiles(plan, { ...header, shape: plan.shape, values: Float32Array.from(values) }, basePath);
  const fresh = join(folder, `${JOB_FILES.adapter}.tmp`);
  await Promise.all([fresh, join(folder, JOB_FILES.adapter)].map((path) => rm(path, { recursive: true, force: true })));
  await writeAdapter(fresh, files);
  await rename(fresh, join(folder, JOB_FILES.adapter));
  return adapterDigest(files);
}
