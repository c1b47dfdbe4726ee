/** Run lengths against their promises. */
import { FIRST_LOOK } from '../../src/drift/learn-panes.ts';
import { evidenceDivisor } from '../../src/statistics/autocorrelation.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import type { BenchRow } from '../row.ts';
import type { LengthJob } from './jobs.ts';
import type { Workers } from './workers.ts';
import { BLOCK, estimatedPhi, WORLDS, type Correction } from './worlds.ts';

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
 * Blocks of rows that resemble their forerunners, and independent ones: by the phi that the service estimates from the panes of its first look, by the declared one, and not
 * corrected, for comparison. Where the mean is known the declared length may come out below the promise, which holds in the limit only; what the service
 * does, with a reference, is held to it, and independent rows are hardly to wait for it.
 */
export async function autoregressiveRows(workers: Workers, { promises, references, runs }: Size): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const phi of [0, 0.3, 0.6]) {
    rows.push(...divisorRows(phi, runs));
    for (const promise of promises) {
      const play = async (correction: Correction, reference: number | null) => summary(await workers.run({ kind: 'length', world: { phi, correction }, reference, promise, cut: 5, trials: runs }));
      const name = (how: string, reference: number | null) => `run length, AR(1) ${phi} in blocks of ${BLOCK} rows, promise ${promise}, ${referenceOf(reference)}, ${how}`;
      const corrected = 'log bets divided by the estimate (asymptotic)';
      for (const reference of references) {
        const { low } = await play('estimated', reference);
        rows.push({ name: `${name(corrected, reference)}: lower 99 % bound of the mean`, figure: Math.round(low), unit: 'panes', goal: `above ${promise}`, reached: low > promise });
      }
      const known = Math.round((await play('declared', null)).mean);
      rows.push({ name: `${name('log bets divided by the declared (asymptotic)', null)}: mean`, figure: known, unit: 'panes', goal: `${2 * promise} or fewer`, reached: known <= 2 * promise });
      rows.push({ name: `${name('not corrected', null)}: mean`, figure: Math.round((await play('none', null)).mean), unit: 'panes', goal: 'none', reached: true });
    }
  }
  return rows;
}

/** What the service divides by after its first look: of independent rows hardly more than 1, else seldom less than the truth. */
function divisorRows(phi: number, runs: number): BenchRow[] {
  const uniform = seededUniform(1);
  const found = Array.from({ length: runs }, () => evidenceDivisor(estimatedPhi(phi, uniform)));
  const [mean, truth] = [found.reduce((sum, each) => sum + each, 0) / runs, evidenceDivisor(phi)];
  const enough = found.filter((each) => each >= truth).length / runs;
  const name = `estimated divisor, AR(1) ${phi}, ${FIRST_LOOK} panes of ${BLOCK} rows, ${runs} runs`;
  return phi === 0
    ? [{ name: `${name}: mean`, figure: mean, unit: 'times', goal: '1.1 or fewer', reached: mean <= 1.1 }]
    : [{ name: `${name}: mean`, figure: mean, unit: 'times', goal: 'none', reached: true }, { name: `${name}: at least ${truth.toFixed(2)}, in so many`, figure: enough, unit: 'share', goal: '0.9 or more', reached: enough >= 0.9 }];
}
