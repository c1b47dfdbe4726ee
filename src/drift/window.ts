/** Window statistics: the last day of panes against the reference, column by column, by the tests that fit its kind. They decide nothing; the monitors do. */
import { BUCKETS, FEATURE_UNIT, INPUT, OUTPUT, type CategoryCounts, type ColumnCounts, type NumberCounts, type Profile, type ReferenceBody, type TextCounts, type VectorCounts } from '../profile/index.ts';
import { benjaminiHochberg } from '../statistics/multiple.ts';
import { chiSquare, cramerVonMises, jensenShannon, kolmogorovSmirnov, meanDiscrepancy, psi, totalVariation, wasserstein, type FeatureSum, type Guarantee, type OrderedTable, type Table, type WindowResult } from '../statistics/window/index.ts';

export interface WindowTest {
  readonly test: string;
  readonly statistic: number;
  /** Null where none is valid. */
  readonly p: number | null;
  readonly effect: number;
  readonly interval: readonly [number, number];
  readonly guarantee: Guarantee;
}

export interface ColumnReport {
  /** A feature's name, or `confidence`, `label`, `input`, `output`, and of texts their descriptors. */
  readonly column: string;
  readonly kind: ColumnCounts['kind'];
  /** Values on both sides. */
  readonly reference: number;
  readonly current: number;
  /** Shares of rows without a value, and with one of another type. */
  readonly missing: readonly [reference: number, current: number];
  readonly mistyped: readonly [reference: number, current: number];
  readonly tests: readonly WindowTest[];
  /** Whether the column differs when all columns are asked at once: Benjamini-Hochberg at 5 % over the first test of each. */
  readonly differs: boolean;
}

export interface WindowReport {
  /** First and last pane. */
  readonly panes: readonly [number, number];
  readonly rows: number;
  readonly columns: readonly ColumnReport[];
  /** What `differs` promises. */
  readonly guarantee: string;
}

const FALSE_DISCOVERIES = 0.05;
/** Of permutations and bootstraps: a report is made once a pane, in the service. */
const OPTIONS = { draws: 999, resamples: 100 } as const;

/** Null without panes. */
export function windowReport(reference: ReferenceBody, window: Profile, panes: readonly [number, number]): WindowReport {
  const columns = [...ownColumns(reference, window), ...reference.columns.flatMap(({ name }) => columnReports(name, reference.profile.columns.get(name), window.columns.get(name)))]
    .filter(({ tests }) => tests.length > 0);
  const p = columns.map(({ tests }) => tests.find((each) => each.p !== null)?.p ?? 1);
  const differs = benjaminiHochberg(p, FALSE_DISCOVERIES);
  const exact = columns.every(({ tests }) => tests[0]?.guarantee === 'exact');
  return {
    panes, rows: window.rows,
    columns: columns.map((column, i) => ({ ...column, differs: differs[i] === true })),
    guarantee: `of the columns that differ, ${FALSE_DISCOVERIES * 100} % are expected to be false, at most, for independent rows and columns that are independent or positively dependent (Benjamini-Hochberg, ${exact ? 'exact' : 'asymptotic'} p-values); a window that is looked at again and again promises nothing, the monitors do`,
  };
}

type Undecided = Omit<ColumnReport, 'differs'>;

function ownColumns({ profile, edges }: ReferenceBody, window: Profile): Undecided[] {
  const { confidence, labels } = window;
  const middles = binMiddles(edges, 0, 1);
  const confidences = ordered({ reference: profile.confidence.bins, current: confidence.bins, points: middles });
  const labelled = (of: Profile['labels']) => Float64Array.of(...of.counts, of.other, of.unseen);
  return [
    { column: 'confidence', kind: 'number', ...sides(profile.confidence.count, confidence.count), missing: [rate(profile.confidence.nulls, profile.rows), rate(confidence.nulls, window.rows)], mistyped: [rate(profile.confidence.nonFinite, profile.rows), rate(confidence.nonFinite, window.rows)], tests: profile.confidence.count > 0 && confidence.count > 0 ? confidences : [] },
    { column: 'label', kind: 'category', ...sides(profile.rows, window.rows), missing: [0, 0], mistyped: [0, 0], tests: profile.labels.counts.length > 0 && window.rows > 0 ? categories({ reference: labelled(profile.labels), current: labelled(labels) }) : [] },
  ];
}

function columnReports(name: string, reference: ColumnCounts | undefined, current: ColumnCounts | undefined): Undecided[] {
  if (reference === undefined || current === undefined || reference.kind !== current.kind) return [];
  const shown = name === INPUT ? 'input' : name === OUTPUT ? 'output' : name;
  switch (reference.kind) {
    case 'number': return [numberReport(shown, reference, current as NumberCounts)];
    case 'category': return [categoryReport(shown, reference, current as CategoryCounts)];
    case 'text': return textReports(shown, reference, current as TextCounts);
    case 'vector': return vectorReports(shown, reference, current as VectorCounts);
  }
}

function numberReport(column: string, reference: NumberCounts, current: NumberCounts): Undecided {
  const rows = ({ count, nulls, nonFinite, mistyped }: NumberCounts) => count + nulls + nonFinite + mistyped;
  // points are ranks of the bins' middles: distances are then on one scale for all columns
  const points = rankPoints(reference.bins);
  return {
    column, kind: 'number', ...sides(reference.count, current.count),
    missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped + reference.nonFinite, rows(reference)), rate(current.mistyped + current.nonFinite, rows(current))],
    tests: reference.count > 0 && current.count > 0 ? ordered({ reference: reference.bins, current: current.bins, points }) : [],
  };
}

function categoryReport(column: string, reference: CategoryCounts, current: CategoryCounts): Undecided {
  const valued = ({ counts, other, unseen }: CategoryCounts) => Float64Array.of(...counts, other, unseen);
  const count = (of: CategoryCounts) => valued(of).reduce((sum, x) => sum + x, 0);
  const rows = (of: CategoryCounts) => count(of) + of.nulls + of.mistyped;
  return {
    column, kind: 'category', ...sides(count(reference), count(current)),
    missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped, rows(reference)), rate(current.mistyped, rows(current))],
    tests: count(reference) > 0 && count(current) > 0 ? categories({ reference: valued(reference), current: valued(current) }) : [],
  };
}

/** The content by the mean discrepancy of its sketch, dealt by groups of rows, and each descriptor as a number. */
function textReports(column: string, reference: TextCounts, current: TextCounts): Undecided[] {
  const rows = ({ rows: texts, nulls, mistyped }: TextCounts) => texts + nulls + mistyped;
  const [x, y] = [sketchUnits(reference), sketchUnits(current)];
  const content: Undecided = {
    column, kind: 'text', ...sides(reference.rows, current.rows),
    missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped, rows(reference)), rate(current.mistyped, rows(current))],
    tests: x.length > 0 && y.length > 0 ? [named('linear MMD of hashed n-grams', meanDiscrepancy(x, y, BUCKETS, OPTIONS))] : [],
  };
  const descriptors = Object.entries(reference.descriptors).map(([name, counts]) => numberReport(`${column} ${name}`, counts, current.descriptors[name as keyof TextCounts['descriptors']]));
  return [content, ...descriptors.filter(({ tests }) => tests.length > 0)];
}

function sketchUnits({ sketch }: TextCounts): FeatureSum[] {
  return sketch.groups.flatMap((group) => {
    if (group === null) return [];
    const at = Uint32Array.from(Array.from(group.sum.keys()).filter((i) => group.sum[i] !== 0));
    return [{ rows: group.rows, squares: group.squares / FEATURE_UNIT ** 2, sum: { at, value: Float64Array.from(at, (i) => (group.sum[i] as number) / FEATURE_UNIT) } }];
  });
}

/** Along the direction in which the projections differ most, held against all sixteen by Bonferroni. */
function vectorReports(column: string, reference: VectorCounts, current: VectorCounts): Undecided[] {
  const along = reference.projections.map((projection, k) => numberReport(`${column} along direction ${k + 1}`, projection, current.projections[k] as NumberCounts));
  const pOf = ({ tests }: Undecided) => tests[0]?.p ?? 1;
  const most = along.reduce((best, each) => (pOf(each) < pOf(best) ? each : best), along[0] as Undecided);
  const rows = ({ rows: vectors, nulls, mistyped }: VectorCounts) => vectors + nulls + mistyped;
  return [{
    ...most, kind: 'vector', missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped, rows(reference)), rate(current.mistyped, rows(current))],
    tests: most.tests.map((test) => ({ ...test, p: test.p === null ? null : Math.min(1, test.p * along.length) })),
  }];
}

const rate = (hits: number, rows: number) => (rows === 0 ? 0 : hits / rows);
const sides = (reference: number, current: number) => ({ reference, current });

function named(test: string, { statistic, p, effect, interval, guarantee }: WindowResult): WindowTest {
  return { test, statistic, p, effect, interval: [interval.low, interval.high], guarantee };
}

/** The first is the one that decides whether the column differs. */
function ordered(table: OrderedTable): WindowTest[] {
  return [
    named('Kolmogorov-Smirnov', kolmogorovSmirnov(table, OPTIONS)), named('Cramer-von Mises', cramerVonMises(table, OPTIONS)),
    ...distances(table), named('Wasserstein', wasserstein(table, { resamples: OPTIONS.resamples })),
  ];
}

const categories = (table: Table): WindowTest[] => [named('chi-square', chiSquare(table, OPTIONS)), ...distances(table)];

const distances = (table: Table): WindowTest[] => {
  const options = { resamples: OPTIONS.resamples };
  return [named('PSI', psi(table, options)), named('Jensen-Shannon', jensenShannon(table, options)), named('total variation', totalVariation(table, options))];
};

function binMiddles(edges: Float64Array, low: number, high: number): Float64Array {
  return Float64Array.from({ length: edges.length + 1 }, (_, i) => ((edges[i - 1] ?? low) + (edges[i] ?? high)) / 2);
}

function rankPoints(bins: Float64Array): Float64Array {
  const rows = bins.reduce((sum, x) => sum + x, 0);
  let below = 0;
  return bins.map((count) => {
    const at = rows === 0 ? 0 : (below + count / 2) / rows;
    below += count;
    return at;
  });
}
