/** Rows from a change of the error rate to its alarm, and by which tolerance the default was chosen. */
import { parseSpec } from '../../src/spec.ts';
import { REFERENCE_MISS } from '../../src/drift/course.ts';
import { monitorsFor, thresholdOf, type Monitor } from '../../src/drift/monitors.ts';
import { AUTO, type ToleranceRule } from '../../src/drift/tolerance.ts';
import { buildReference } from '../../src/profile/index.ts';
import type { BenchRow } from '../row.ts';
import type { Workers } from './workers.ts';

export interface Change {
  readonly before: number;
  readonly after: number;
}

interface Goal extends Change {
  readonly median: number;
  readonly p95: number;
}

export const GOALS: readonly Goal[] = [{ before: 0.1, after: 0.15, median: 850, p95: 1_800 }, { before: 0.02, after: 0.04, median: 1_350, p95: 3_000 }];
const GLARING: readonly Change[] = [{ before: 0.1, after: 0.2 }, { before: 0.02, after: 0.1 }];
const REFERENCE = 5_000;
const PANES = [10, 100, 1_000];

const fixed = (tolerance: number): ToleranceRule => ({ parts: Infinity, least: tolerance, most: tolerance });
const DEFAULT = 'default tolerance (a tenth of the reference\'s mean)';
/** What the default was chosen from. */
const RULES: Readonly<Record<string, ToleranceRule>> = {
  [DEFAULT]: AUTO, 'tolerance 0': fixed(0), 'tolerance a quarter of the mean, at most 0.02': { ...AUTO, parts: 4 }, 'tolerance half of the mean, at most 0.02': { ...AUTO, parts: 2 }, 'tolerance 0.02': fixed(0.02),
};

export async function delayRows(workers: Workers, trials: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { before, after, ...goal } of GOALS) {
    const job = { kind: 'delay', change: { before, after, rows: 1, reference: REFERENCE, tolerance: fixed(0), miss: REFERENCE_MISS }, threshold: 1e5, trials } as const;
    const name = `delay, ${nameOf({ before, after })}, promise 1e5, reference 5,000, one stream, whole budget, tolerance 0`;
    rows.push(...figures(name, await workers.run(job), goal));
  }
  const offered = offer();
  return [...rows, ...(await offeredRows(workers, offered, trials)), ...(await toleratedRows(workers, offered, Math.ceil(trials / 10)))];
}

const rate = (mean: number) => mean.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 3 });
export const nameOf = ({ before, after }: Change) => `error ${rate(before)} to ${rate(after)}`;

interface Offer {
  readonly error: Monitor;
  readonly threshold: number;
}

/** The monitor of errors of an operator who sets nothing. */
function offer(): Offer {
  const { monitor } = parseSpec({ name: 'bench', task: 'classification', serving: {} });
  const rows = [{ id: '1', text: 'a', label: 'a', trueLabel: 'a', confidence: 1 }];
  const error = monitorsFor(buildReference({ model: 'bench', adapter: 'bench', createdAt: '2026-01-01T00:00:00Z', trainTexts: [], rows }), monitor).find(({ kind }) => kind === 'error');
  if (error === undefined) throw new Error('no monitor watches errors');
  return { error, threshold: thresholdOf(error, monitor) };
}

/** What an operator gets who sets nothing, and what another tolerance would give. 40,000 rows: not found by then. */
async function offeredRows(workers: Workers, { error, threshold }: Offer, trials: number): Promise<BenchRow[]> {
  const found: BenchRow[] = [];
  for (const [change, rules] of [...GOALS.map((each) => [each, Object.keys(RULES)] as const), ...GLARING.map((each) => [each, [DEFAULT]] as const)]) {
    for (const [size, rule] of PANES.flatMap((rows) => rules.map((name) => [rows, name] as const))) {
      const { before, after } = change;
      const job = { kind: 'delay', change: { before, after, rows: size, reference: REFERENCE, tolerance: RULES[rule] ?? AUTO, miss: REFERENCE_MISS * error.weight }, threshold, trials } as const;
      found.push(...figures(`delay, ${nameOf(change)}, default weight ${error.weight} of one alarm in 30 d, ${rule}, reference 5,000, panes of ${size} rows`, await workers.run(job)));
    }
  }
  return found;
}

/** A rise by a tenth, which the default allows: how many models alarm within the 8,640 panes of 30 days. */
async function toleratedRows(workers: Workers, { error, threshold }: Offer, trials: number): Promise<BenchRow[]> {
  const [rows, panes] = [100, 8_640];
  const found: BenchRow[] = [];
  for (const before of [0.1, 0.03]) {
    for (const [reference, rule] of [5_000, 50_000].flatMap((size) => [DEFAULT, 'tolerance 0'].map((name) => [size, name] as const))) {
      const change = { before, after: 1.1 * before, rows, reference, tolerance: RULES[rule] ?? AUTO, miss: REFERENCE_MISS * error.weight };
      const delays = await workers.run({ kind: 'delay', change, threshold, trials, quiet: 0, most: rows * panes + rows });
      const share = delays.filter((delay) => delay <= rows * panes).length / delays.length;
      found.push({
        name: `false alarms, ${nameOf(change)}, 30 days of panes of ${rows} rows, default weight ${error.weight}, ${rule}, reference ${reference.toLocaleString('en')}, ${trials} models: share that alarms`,
        figure: Number(share.toFixed(4)), unit: 'share', goal: rule === DEFAULT ? `${error.weight} or fewer` : 'none', reached: rule !== DEFAULT || share <= error.weight,
      });
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
