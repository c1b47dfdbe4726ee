/** Run lengths against their promises. */
import type { BenchRow } from '../row.ts';
import type { LengthJob } from './jobs.ts';
import type { Workers } from './workers.ts';
import { WORLDS } from './worlds.ts';

export interface Size {
  readonly promises: readonly number[];
  readonly references: readonly number[];
  /** Runs of a cell with a reference, whose runs are far longer than promised. */
  readonly runs: number;
  /** Runs where the mean is known: they are about as long as promised, so the bound needs many. */
  readonly knownRuns: number;
}

const summary = (figures: readonly number[]) => {
  const mean = figures.reduce((sum, x) => sum + x, 0) / figures.length;
  const deviation = Math.sqrt(figures.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (figures.length - 1));
  return { mean, low: mean - (2.326 * deviation) / Math.sqrt(figures.length) };
};

const referenceOf = (rows: number | null) => (rows === null ? 'mean known' : `reference ${rows.toLocaleString('en')}`);

/** Every world at every promise and reference. */
export async function lengthRows(workers: Workers, { promises, references, runs, knownRuns }: Size): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const world of Object.keys(WORLDS)) {
    for (const promise of promises) {
      for (const reference of [null, ...references]) {
        // the wandering mean is below the bound most of the time: its runs are long although it is known
        const many = reference === null && world !== 'wandering within the tolerance';
        rows.push(...(await lengthRow(workers, { kind: 'length', world, reference, promise, cut: reference === null ? 20 : 5, trials: many ? Math.max(runs, Math.round(knownRuns * Math.sqrt(1_000 / promise))) : runs }, many)));
      }
    }
  }
  return rows;
}

async function lengthRow(workers: Workers, job: LengthJob, mayBeShort: boolean): Promise<BenchRow[]> {
  const { mean, low } = summary(await workers.run(job));
  const name = `run length, ${String(job.world)}, promise ${job.promise}, ${referenceOf(job.reference)}, ${job.trials} runs`;
  const kept: BenchRow = { name: `${name}: lower 99 % bound of the mean`, figure: Math.round(low), unit: 'panes', goal: `above ${job.promise}`, reached: low > job.promise };
  if (!mayBeShort) return [kept];
  return [kept, { name: `${name}: mean`, figure: Math.round(mean), unit: 'panes', goal: `${2 * job.promise} or fewer`, reached: mean <= 2 * job.promise }];
}

/** Rows that resemble their forerunners, in blocks of 20: with the correction, and without it for comparison. */
export async function autoregressiveRows(workers: Workers, { promises, references, runs }: Size): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const phi of [0.3, 0.6]) {
    for (const promise of promises) {
      for (const corrected of [true, false]) {
        for (const reference of corrected ? [null, ...references] : [null]) {
          const { mean, low } = summary(await workers.run({ kind: 'length', world: { phi, corrected }, reference, promise, cut: 5, trials: runs }));
          const name = `run length, AR(1) ${phi}, promise ${promise}, ${referenceOf(reference)}, ${corrected ? 'log bets divided (asymptotic)' : 'not corrected'}`;
          rows.push(corrected
            ? { name: `${name}: lower 99 % bound of the mean`, figure: Math.round(low), unit: 'panes', goal: `above ${promise}`, reached: low > promise }
            : { name: `${name}: mean`, figure: Math.round(mean), unit: 'panes', goal: 'none', reached: true });
        }
      }
    }
  }
  return rows;
}
