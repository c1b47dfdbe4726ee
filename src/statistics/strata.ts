/**
 * Whether labels come by chance, and what to do when they do not: rows are put into strata of like confidence, and a labelled
 * row stands for the rows of its stratum (inverse propensity, Horvitz and Thompson 1952, with the propensity estimated by
 * stratum: Rosenbaum and Rubin 1984). What remains is bias when, at one confidence, right answers are labelled more often than
 * wrong ones: no confidence shows that.
 */
import { chiSquareUpper } from './gamma.ts';

/** Rows that are taken as alike: how many there are, and the sums of the labelled ones' scores. */
export interface Cell {
  readonly n: number;
  readonly labelled: number;
  readonly score: number;
  readonly squares: number;
  /** Expected score; cells are ordered by it. Null: nothing is known, and the cell goes with its likes alone. */
  readonly expected: number | null;
}

export interface Stratum {
  readonly cells: readonly Cell[];
  readonly n: number;
  readonly labelled: number;
}

const FEWEST_LABELLED = 15;
/** Labels with which a stratum may stand where its neighbour is labelled otherwise. */
const FEWEST_APART = 5;
/** A stratum that is labelled like its neighbours has this share of the rows or of the labels: neither where labels crowd nor where rows do is one too wide. */
const SHARE = 1 / 8;
/** Rows of which one sort is labelled so many times as often as the other do not stand for each other. */
const OTHERWISE = 2;

type Counted = Pick<Stratum, 'n' | 'labelled'>;

/** Neighbouring cells together until each stratum has enough labelled rows; cells of unknown score are a stratum of their own. */
export function stratify(cells: readonly Cell[]): Stratum[] {
  const known = cells.filter((each) => each.expected !== null).sort((a, b) => (a.expected as number) - (b.expected as number));
  const unknown = cells.filter((each) => each.expected === null && each.n > 0);
  const all = stratumOf(known);
  const strata: Stratum[] = [];
  let open: Cell[] = [];
  const close = () => {
    if (open.length > 0) strata.push(stratumOf(open));
    open = [];
  };
  for (const cell of known) {
    if (areApart(stratumOf(open), cell)) close();
    open.push(cell);
    const { n, labelled } = stratumOf(open);
    if (labelled >= FEWEST_LABELLED && (n >= SHARE * all.n || labelled >= SHARE * all.labelled)) close();
  }
  const [last, left] = [strata.at(-1), stratumOf(open)];
  // what is left over at the end may have too few labels of its own
  if (open.length > 0 && last !== undefined && !areApart(last, left)) strata.splice(-1, 1, stratumOf([...last.cells, ...open]));
  else close();
  return unknown.length === 0 ? strata : [...strata, stratumOf(unknown)];
}

/** Whether rows are labelled otherwise than their neighbours, and both have labels enough to stand alone. */
function areApart(a: Counted, b: Counted): boolean {
  if (Math.min(a.labelled, b.labelled) < FEWEST_APART) return false;
  const [fewer, more] = [a.labelled * b.n, b.labelled * a.n].sort((x, y) => x - y) as [number, number];
  return more > OTHERWISE * fewer;
}

function stratumOf(cells: readonly Cell[]): Stratum {
  return { cells, n: cells.reduce((sum, each) => sum + each.n, 0), labelled: cells.reduce((sum, each) => sum + each.labelled, 0) };
}

export interface Labelling {
  /** That labels come as evenly over the strata as they do, were they to come by chance. */
  readonly p: number;
  /** Rows that weigh alike and would tell as much: (sum of weights)^2 / sum of squared weights (Kish 1965). */
  readonly effective: number;
}

/** Chi-square test of labelled against not labelled over strata. */
export function labellingOf(strata: readonly Stratum[]): Labelling {
  const n = strata.reduce((sum, each) => sum + each.n, 0);
  const labelled = strata.reduce((sum, each) => sum + each.labelled, 0);
  const rate = labelled / n;
  const used = strata.filter((each) => each.n > 0);
  if (labelled === 0 || labelled === n || used.length < 2) return { p: 1, effective: labelled };
  const statistic = used.reduce((sum, each) => sum + (each.labelled - each.n * rate) ** 2 / (each.n * rate * (1 - rate)), 0);
  const weighed = used.filter((each) => each.labelled > 0);
  const total = weighed.reduce((sum, each) => sum + each.n, 0);
  return { p: chiSquareUpper(statistic, used.length - 1), effective: total ** 2 / weighed.reduce((sum, each) => sum + each.n ** 2 / each.labelled, 0) };
}
