/** One cell of the table: simulations that a worker can play from a message. */
import { seededUniform } from '../../src/statistics/random.ts';
import { fleetAlarms, type FleetJob } from './fleet.ts';
import { otherFigure, type OtherJob } from './others.ts';
import { delay, runLength } from './simulate.ts';
import { autoregressive, WORLDS, type Change, type Correction } from './worlds.ts';

/** False alarms: panes until the first, cut at `cut` promises, which only lowers the mean. */
export interface LengthJob {
  readonly kind: 'length';
  /** A name in `WORLDS`, or an autoregression. */
  readonly world: string | { readonly phi: number; readonly correction: Correction };
  readonly reference: number | null;
  readonly promise: number;
  readonly cut: number;
  readonly trials: number;
}

/** Rows from a change to its alarm. */
export interface DelayJob {
  readonly kind: 'delay';
  readonly change: Change;
  readonly threshold: number;
  readonly trials: number;
  /** Rows before the change, and the most after it; QUIET and MOST when left out. */
  readonly quiet?: number;
  readonly most?: number;
}

export type Job = LengthJob | DelayJob | FleetJob | OtherJob;

const QUIET = 5_000;
const MOST = 40_000;

/** `trials` figures; the same seed gives the same. */
export function play(job: Job, trials: number, seed: number): number[] {
  const uniform = seededUniform(seed);
  if (job.kind === 'fleet') return Array.from({ length: trials }, () => fleetAlarms(job, uniform));
  if (job.kind === 'other') return Array.from({ length: trials }, () => otherFigure(job, uniform));
  if (job.kind === 'delay') return Array.from({ length: trials }, () => delay(job.change, { threshold: job.threshold, quiet: job.quiet ?? QUIET, most: job.most ?? MOST }, uniform));
  const world = typeof job.world === 'string' ? WORLDS[job.world] : autoregressive(job.world.phi, job.world.correction);
  if (world === undefined) throw new Error(`there is no world ${JSON.stringify(job.world)}; there are: ${Object.keys(WORLDS).join(', ')}`);
  return Array.from({ length: trials }, () => runLength(world(job.reference, uniform), job.promise, job.cut * job.promise, uniform));
}
