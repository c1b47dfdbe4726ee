/**
 * Two-sample Cramer-von Mises test for ordered cells or values: T = n m / (n + m)^2 times the sum over all rows of
 * (F - G)^2, F and G taken where a tie ends (Anderson 1962; ties as Choulakian, Lockhart and Stephens 1994). With
 * midranks instead, as scipy has it, T grows without bound under the null when ties meet unequal sample sizes.
 * Exact, given the ties, for small samples; else the limit law of T scaled to T's own mean and variance.
 * Effect: sqrt of the mean of (F - G)^2 over the pooled rows, less its mean under the null; basic bootstrap interval.
 */
import { smirnovOmegaUpper } from '../smirnov.ts';
import { basicBootstrap, RESAMPLES } from './bootstrap.ts';
import { nothingKnown, type WindowOptions, type WindowResult } from './result.ts';
import { cellsOf, type Cells, type Table } from './table.ts';

const EXACT_UP_TO = 150;

export function cramerVonMises(table: Table, { level = 0.95, seed = 1, resamples = RESAMPLES }: WindowOptions = {}): WindowResult {
  const cells = cellsOf(table);
  const { n, m } = cells;
  if (n === 0 || m === 0) return nothingKnown(1, 'exact');
  const squares = sumOfSquares(cells);
  const scale = (n + m) / (n * m);
  const statistic = squares / (n * m * (n + m) ** 2);
  const exact = n * m <= EXACT_UP_TO;
  const p = exact ? exactP(cells, squares) : limitP(cells, statistic);
  const { low, high } = basicBootstrap(cells, (each) => sumOfSquares(each) / (each.n * each.m) ** 2 / (each.n + each.m), { level, seed, resamples });
  const effect = Math.sqrt(Math.max(0, (statistic - nullMean(cells)) * scale));
  return { statistic, p, effect, interval: { low: Math.sqrt(low), high: Math.sqrt(high) }, guarantee: exact ? 'exact' : 'asymptotic' };
}

/** Sum over all rows of (m i - n j)^2. */
function sumOfSquares({ a, b, n, m }: Cells): number {
  let [gap, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    gap += m * (a[i] as number) - n * (b[i] as number);
    sum += ((a[i] as number) + (b[i] as number)) * gap * gap;
  }
  return sum;
}

/** Of T under the null, given the ties: the hypergeometric variance of each F - G, summed. */
function nullMean({ a, b, n, m }: Cells): number {
  const all = n + m;
  let [below, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const both = (a[i] as number) + (b[i] as number);
    below += both;
    sum += both * below * (all - below);
  }
  return sum / (all * all * (all - 1));
}

function limitP(cells: Cells, statistic: number): number {
  const { n, m } = cells;
  const all = n + m;
  // Anderson's variance of T without ties, times what the ties leave of the limit's
  const untied = ((all + 1) * (4 * n * m * all - 3 * (n * n + m * m) - 2 * n * m)) / (45 * all * all * 4 * n * m);
  const variance = untied * tiesLeave(cells);
  if (!(variance > 0)) return 1;
  return smirnovOmegaUpper(1 / 6 + (statistic - nullMean(cells)) / Math.sqrt(45 * variance));
}

/** Sum over cells i, j of h_i h_j (min(t_i, t_j) - t_i t_j)^2, h their share and t the share up to their end, over the same of rows that are all distinct. */
function tiesLeave({ a, b, n, m }: Cells): number {
  const all = n + m;
  if (a.length === all) return 1;
  let [below, sum, squaresBelow] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const share = ((a[i] as number) + (b[i] as number)) / all;
    below += share;
    const left = Math.max(0, 1 - below);
    sum += share * left * left * (2 * squaresBelow + share * below * below);
    squaresBelow += share * below * below;
  }
  // the same sum over `all` single rows: (N^2 - 1)(2 N^2 + 7) / (180 N^4)
  const squared = all * all;
  return sum / (((squared - 1) * (2 * squared + 7)) / (180 * squared * squared));
}

/** P(T at least as large) over all orders, given the ties: chances of each sum, tie after tie. */
function exactP({ a, b, n, m }: Cells, squares: number): number {
  let states = new Map<number, Map<number, number>>([[0, new Map([[0, 1]])]]);
  let below = 0;
  for (let i = 0; i < a.length; i++) {
    const both = (a[i] as number) + (b[i] as number);
    const next = new Map<number, Map<number, number>>();
    for (const [taken, sums] of states) {
      for (let more = Math.max(0, both - (m - below + taken)); more <= Math.min(both, n - taken); more++) {
        const gap = m * (taken + more) - n * (below + both - taken - more);
        const chance = choose(both, more);
        const into = next.get(taken + more) ?? new Map<number, number>();
        next.set(taken + more, into);
        for (const [sum, ways] of sums) {
          const at = sum + both * gap * gap;
          into.set(at, (into.get(at) ?? 0) + ways * chance);
        }
      }
    }
    states = next;
    below += both;
  }
  let reached = 0;
  for (const [sum, ways] of states.get(n) ?? []) if (sum >= squares) reached += ways;
  return Math.min(1, reached / choose(n + m, n));
}

function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) result = (result * (n - Math.min(k, n - k) + i)) / i;
  return Math.round(result);
}
