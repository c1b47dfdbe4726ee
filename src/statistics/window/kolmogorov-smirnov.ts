/**
 * Two-sample Kolmogorov-Smirnov test for ordered cells or values: D = max |F - G|.
 * Exact, given the ties, while n m <= 4e6; beyond by the limit: a Brownian bridge looked at where cells end, or, of more
 * than 32 cells, looked at always (Kolmogorov's law, a little conservative).
 * Interval of D by Massart's constant in the Dvoretzky-Kiefer-Wolfowitz inequality (1990), one band for each sample:
 * it covers at every n.
 */
import { bridgeUpper } from '../bridge.ts';
import type { Interval } from '../intervals.ts';
import { kolmogorovUpper, smirnovUpper } from '../kolmogorov.ts';
import { clamp, nothingKnown, type WindowOptions, type WindowResult } from './result.ts';
import { cellsOf, requireCounts, requireSameCells, type Cells, type Table } from './table.ts';

const EXACT_UP_TO = 4e6;
const FEW_CELLS = 32;

/** How far two samples lie apart, without a p-value. */
export interface KolmogorovGap {
  /** D; 0 where a sample is empty. */
  readonly statistic: number;
  readonly interval: Interval;
  readonly n: number;
  readonly m: number;
  /** n m D, a whole number. */
  readonly reach: number;
}

/** The cells' order counts; points do not. */
export function kolmogorovSmirnov(table: Table, options: WindowOptions = {}): WindowResult {
  const { statistic, interval, n, m, reach } = kolmogorovGap(table, options);
  if (n === 0 || m === 0) return nothingKnown(1, 'exact');
  const cells = cellsOf(table);
  const exact = n * m <= EXACT_UP_TO;
  const p = exact ? smirnovUpper(n, m, reach, cells.a.map((count, i) => count + (cells.b[i] as number))) : limitP(cells, statistic);
  return { statistic, p, effect: statistic, interval, guarantee: exact ? 'exact' : 'asymptotic' };
}

/**
 * D and its interval alone: the interval covers at every n, so whether D is proven to be above a tolerance needs no p-value, whose price is
 * thousands of passes like this one. The hot path of judging: two passes, no arrays.
 * @throws RangeError as `cellsOf`
 */
export function kolmogorovGap(table: Table, { level = 0.95 }: Pick<WindowOptions, 'level'> = {}): KolmogorovGap {
  requireSameCells(table);
  const { reference, current } = table;
  let [n, m] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    const [a, b] = [reference[i] as number, current[i] as number];
    requireCounts(a, b);
    n += a;
    m += b;
  }
  if (n === 0 || m === 0) return { statistic: 0, interval: { low: 0, high: 1 }, n, m, reach: 0 };
  const reach = largestGap(table, n, m);
  const statistic = reach / (n * m);
  const half = band(n, level) + band(m, level);
  return { statistic, interval: { low: clamp(statistic - half, 0, 1), high: clamp(statistic + half, 0, 1) }, n, m, reach };
}

const band = (rows: number, level: number) => Math.sqrt(Math.log(4 / (1 - level)) / (2 * rows));

function limitP({ a, b, n, m }: Cells, statistic: number): number {
  const reach = Math.sqrt((n * m) / (n + m)) * statistic;
  if (reach === 0) return 1;
  if (a.length > FEW_CELLS) return kolmogorovUpper(reach);
  let below = 0;
  const ends = Array.from(a.subarray(0, -1), (count, i) => (below += count + (b[i] as number)) / (n + m));
  return bridgeUpper(ends, reach);
}

/** n m D, a whole number: comparing it needs no tolerance. */
function largestGap({ reference, current }: Table, n: number, m: number): number {
  let [gap, largest] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    gap += m * (reference[i] as number) - n * (current[i] as number);
    largest = Math.max(largest, Math.abs(gap));
  }
  return largest;
}
