/** Rows from a change of the error rate to its alarm. */
import { parseSpec } from '../../src/spec.ts';
import { REFERENCE_MISS } from '../../src/drift/course.ts';
import { monitorsFor, thresholdOf } from '../../src/drift/monitors.ts';
import { buildReference } from '../../src/profile/index.ts';
import type { BenchRow } from '../row.ts';
import type { Workers } from './workers.ts';

interface Goal {
  readonly before: number;
  readonly after: number;
  readonly median: number;
  readonly p95: number;
}

const GOALS: readonly Goal[] = [{ before: 0.1, after: 0.15, median: 850, p95: 1_800 }, { before: 0.02, after: 0.04, median: 1_350, p95: 3_000 }];
const REFERENCE = 5_000;

export async function delayRows(workers: Workers, trials: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { before, after, ...goal } of GOALS) {
    const job = { kind: 'delay', change: { before, after, rows: 1, reference: REFERENCE, tolerance: 0, miss: REFERENCE_MISS }, threshold: 1e5, trials } as const;
    const name = `delay, error ${before.toFixed(2)} to ${after.toFixed(2)}, promise 1e5, reference 5,000, one stream, whole budget, tolerance 0`;
    rows.push(...figures(name, await workers.run(job), goal));
  }
  return [...rows, ...(await offeredRows(workers, trials))];
}

/** What an operator gets who sets nothing, and who halves the tolerance. 40,000 rows: not found by then. */
async function offeredRows(workers: Workers, trials: number): Promise<BenchRow[]> {
  const { monitor } = parseSpec({ name: 'bench', task: 'classification', serving: {} });
  const rows = [{ id: '1', text: 'a', label: 'a', trueLabel: 'a', confidence: 1 }];
  const error = monitorsFor(buildReference({ model: 'bench', adapter: 'bench', createdAt: '2026-01-01T00:00:00Z', trainTexts: [], rows }), monitor).find(({ kind }) => kind === 'error');
  if (error === undefined) throw new Error('no monitor watches errors');
  const found: BenchRow[] = [];
  for (const { before, after } of [...GOALS, { before: 0.1, after: 0.2 }, { before: 0.02, after: 0.1 }]) {
    for (const [size, tolerance] of [10, 100, 1_000].flatMap((rowsOfPane) => [monitor.tolerance.error, monitor.tolerance.error / 2].map((each) => [rowsOfPane, each] as const))) {
      const job = { kind: 'delay', change: { before, after, rows: size, reference: REFERENCE, tolerance, miss: REFERENCE_MISS * error.weight }, threshold: thresholdOf(error, monitor), trials } as const;
      found.push(...figures(`delay, error ${before.toFixed(2)} to ${after.toFixed(2)}, default weight ${error.weight} of one alarm in 30 d, ${tolerance === monitor.tolerance.error ? 'default' : 'half the default'} tolerance ${tolerance}, reference 5,000, panes of ${size} rows`, await workers.run(job)));
    }
  }
  return found;
}

function figures(name: string, found: readonly number[], goal?: { readonly median: number; readonly p95: number }): BenchRow[] {
  const at = (share: number) => found[Math.floor(share * found.length)] ?? Number.NaN;
  const row = (what: string, figure: number, most: number | undefined): BenchRow =>
    ({ name: `${name}: ${what}`, figure, unit: 'rows', goal: most === undefined ? 'none' : `${most} or fewer`, reached: most === undefined || figure <= most });
  return [row('median', at(0.5), goal?.median), row('95 %', at(0.95), goal?.p95)];
}
