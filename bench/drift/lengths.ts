/** Run lengths against their promises. */
import type { BenchRow } from '../row.ts';
import type { LengthJob } from './jobs.ts';
import type { Workers } from './workers.ts';
import { BLOCK, WORLDS } from './worlds.ts';

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

/**
 * Blocks of rows that resemble their forerunners: with the correction, and without it for comparison. Where the mean is known the corrected length may
 * come out below the promise, which holds in the limit only; what the service does, with a reference, is held to it.
 */
export async function autoregressiveRows(workers: Workers, { promises, references, runs }: Size): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const phi of [0.3, 0.6]) {
    for (const promise of promises) {
      const play = async (corrected: boolean, reference: number | null) => summary(await workers.run({ kind: 'length', world: { phi, corrected }, reference, promise, cut: 5, trials: runs }));
      const name = (how: string, reference: number | null) => `run length, AR(1) ${phi} in blocks of ${BLOCK} rows, promise ${promise}, ${referenceOf(reference)}, ${how}`;
      const corrected = 'log bets divided (asymptotic)';
      for (const reference of references) {
        const { low } = await play(true, reference);
        rows.push({ name: `${name(corrected, reference)}: lower 99 % bound of the mean`, figure: Math.round(low), unit: 'panes', goal: `above ${promise}`, reached: low > promise });
      }
      const known = Math.round((await play(true, null)).mean);
      rows.push({ name: `${name(corrected, null)}: mean`, figure: known, unit: 'panes', goal: `${2 * promise} or fewer`, reached: known <= 2 * promise });
      rows.push({ name: `${name('not corrected', null)}: mean`, figure: Math.round((await play(false, null)).mean), unit: 'panes', goal: 'none', reached: true });
    }
  }
  return rows;
}
