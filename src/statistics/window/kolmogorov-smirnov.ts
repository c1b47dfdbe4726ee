/**
 * Two-sample Kolmogorov-Smirnov test for ordered cells or values: D = max |F - G|.
 * Exact, given the ties, while n m <= 4e6; beyond by the limit: a Brownian bridge looked at where cells end, or, of more
 * than 32 cells, looked at always (Kolmogorov's law, a little conservative).
 * Interval of D by Massart's constant in the Dvoretzky-Kiefer-Wolfowitz inequality (1990), one band for each sample:
 * it covers at every n.
 */
import { bridgeUpper } from '../bridge.ts';
import { kolmogorovUpper, smirnovUpper } from '../kolmogorov.ts';
import { clamp, nothingKnown, type WindowOptions, type WindowResult } from './result.ts';
import { cellsOf, type Cells, type Table } from './table.ts';

const EXACT_UP_TO = 4e6;
const FEW_CELLS = 32;

/** The cells' order counts; points do not. */
export function kolmogorovSmirnov(table: Table, { level = 0.95 }: WindowOptions = {}): WindowResult {
  const cells = cellsOf(table);
  const { n, m } = cells;
  if (n === 0 || m === 0) return nothingKnown(1, 'exact');
  const reach = largestGap(cells);
  const statistic = reach / (n * m);
  const exact = n * m <= EXACT_UP_TO;
  const p = exact ? smirnovUpper(n, m, reach, cells.a.map((count, i) => count + (cells.b[i] as number))) : limitP(cells, statistic);
  const band = (rows: number) => Math.sqrt(Math.log(4 / (1 - level)) / (2 * rows));
  const half = band(n) + band(m);
  return { statistic, p, effect: statistic, interval: { low: clamp(statistic - half, 0, 1), high: clamp(statistic + half, 0, 1) }, guarantee: exact ? 'exact' : 'asymptotic' };
}

function limitP({ a, b, n, m }: Cells, statistic: number): number {
  const reach = Math.sqrt((n * m) / (n + m)) * statistic;
  if (reach === 0) return 1;
  if (a.length > FEW_CELLS) return kolmogorovUpper(reach);
  let below = 0;
  const ends = Array.from(a.subarray(0, -1), (count, i) => (below += count + (b[i] as number)) / (n + m));
  return bridgeUpper(ends, reach);
}

/** n m D, a whole number: comparing it needs no tolerance. */
function largestGap({ a, b, n, m }: Cells): number {
  let [gap, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    gap += m * (a[i] as number) - n * (b[i] as number);
    largest = Math.max(largest, Math.abs(gap));
  }
  return largest;
}
