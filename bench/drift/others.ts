/** The detectors of other tools, with river's defaults, on the changes that ours are measured by: rows until they see one, and how often they alarm without one. */
import * as detectors from '../../src/statistics/detectors/index.ts';
import type { Detector } from '../../src/statistics/detectors/index.ts';
import type { BenchRow } from '../row.ts';
import { GOALS, nameOf, type Change } from './delays.ts';
import type { Uniform } from './laws.ts';
import type { Workers } from './workers.ts';

/** Rows from a change to the alarm after it, cut at `most`; without a change, alarms in `most` rows. */
export interface OtherJob {
  readonly kind: 'other';
  readonly detector: string;
  readonly change: Change | { readonly before: number; readonly after: null };
  readonly most: number;
  readonly trials: number;
}

const ALL = Object.values(detectors) as unknown as readonly Detector<object>[];
const QUIET = 5_000;
const MOST = 40_000;
const CALM = 100_000;

export async function otherRows(workers: Workers, trials: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { before, after } of GOALS) {
    for (const { name: detector, promise } of ALL) {
      const found = await workers.run({ kind: 'other', detector, change: { before, after }, most: MOST, trials });
      const alarms = await workers.run({ kind: 'other', detector, change: { before, after: null }, most: CALM, trials: Math.ceil(trials / 10) });
      const name = `delay, ${nameOf({ before, after })}, ${detector} with river's defaults, ${promise}`;
      const row = (what: string, figure: number, unit: string): BenchRow => ({ name: `${name}: ${what}`, figure, unit, goal: 'none', reached: true });
      rows.push(
        row('median', found[Math.floor(0.5 * found.length)] ?? Number.NaN, 'rows'), row('95 %', found[Math.floor(0.95 * found.length)] ?? Number.NaN, 'rows'),
        row(`false alarms in ${CALM.toLocaleString('en')} rows, mean`, Number((alarms.reduce((sum, n) => sum + n, 0) / alarms.length).toFixed(2)), 'alarms'),
      );
    }
  }
  return rows;
}

/** One trial. The detector has seen `QUIET` rows before the change; alarms among them start it anew, and count for nothing. */
export function otherFigure({ detector, change: { before, after }, most }: OtherJob, uniform: Uniform): number {
  const step = (ALL.find(({ name }) => name === detector) as Detector<object>).start();
  const alarms = (rate: number) => step(uniform() < rate ? 1 : 0) === 'drift';
  if (after === null) {
    let count = 0;
    for (let t = 0; t < most; t++) count += Number(alarms(before));
    return count;
  }
  for (let t = 0; t < QUIET; t++) alarms(before);
  for (let t = 0; t < most; t++) if (alarms(after)) return t + 1;
  return most;
}
