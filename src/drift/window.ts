/** Window statistics: the last day of panes against the reference, column by column, by the tests that fit its kind. They decide nothing; the monitors do. */
import {
  BUCKETS, DESCRIPTORS, FEATURE_UNIT, INPUT, LABELS, OUTPUT, quantilesOf, type CategoryCounts, type ColumnCounts, type ColumnLayout, type NumberCounts, type NumberLayout, type Profile,
  type ReferenceBody, type TextCounts, type TextLayout, type VectorCounts,
} from '../profile/index.ts';
import { benjaminiHochberg } from '../statistics/multiple.ts';
import { chiSquare, cramerVonMises, jensenShannon, kolmogorovSmirnov, meanDiscrepancy, psi, totalVariation, wasserstein, type FeatureSum, type Guarantee, type OrderedTable, type Table, type WindowResult } from '../statistics/window/index.ts';
import { strataOf } from './seasons.ts';
import { matchedTable } from './window-seasons.ts';

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
  /** Of a category, shares of the values that the reference does not have; null of other kinds. */
  readonly unseen: readonly [reference: number, current: number] | null;
  /** Of a feature that is a number, the shares of QUANTILES; null of other kinds, and of a side without values. */
  readonly quantiles: { readonly shares: readonly number[]; readonly reference: readonly number[] | null; readonly current: readonly number[] | null } | null;
  /** Rows that the tests compare, where these are drawn so that both sides have each stratum of the declared season as often; null: all. */
  readonly bySeason: { readonly reference: number; readonly current: number } | null;
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
export const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
/** Of permutations and bootstraps: a report is made once a pane, in the service. */
const OPTIONS = { draws: 999, resamples: 100 } as const;

/** Null without panes. */
export function windowReport(reference: ReferenceBody, window: Profile, panes: readonly [number, number]): WindowReport {
  const columns = [...ownColumns(reference, window), ...reference.columns.flatMap(({ name, layout }) => columnReports(name, layout, reference.profile.columns.get(name), window.columns.get(name), matcher(reference, window, name)))]
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

/** What of a column is compared, where the reference knows it by season; else null. */
type Match = (cells: (counts: ColumnCounts) => Float64Array) => Table | null;

function matcher(reference: ReferenceBody, window: Profile, column: string): Match {
  const strata = strataOf(reference, column);
  return (cells) => (strata === null ? null : matchedTable(strata, reference.profile, window, cells));
}

const NOTHING = new Float64Array();
const labelCells = ({ counts, other, unseen }: Pick<CategoryCounts, 'counts' | 'other' | 'unseen'>) => Float64Array.of(...counts, other, unseen);
const binCells = (counts: ColumnCounts) => (counts.kind === 'number' ? counts.bins : NOTHING);
const valueCells = (counts: ColumnCounts) => (counts.kind === 'category' ? labelCells(counts) : NOTHING);
const rowsIn = (cells: ArrayLike<number>) => Array.from(cells).reduce((sum, x) => sum + x, 0);
const rowsOf = (table: Table | null) => (table === null ? null : { reference: rowsIn(table.reference), current: rowsIn(table.current) });

function ownColumns(reference: ReferenceBody, window: Profile): Undecided[] {
  const { profile, edges } = reference;
  const { confidence, labels } = window;
  const middles = binMiddles(edges, 0, 1);
  const confidences = ordered({ reference: profile.confidence.bins, current: confidence.bins, points: middles });
  const matched = matcher(reference, window, LABELS)(valueCells);
  return [
    { column: 'confidence', kind: 'number', ...sides(profile.confidence.count, confidence.count), missing: [rate(profile.confidence.nulls, profile.rows), rate(confidence.nulls, window.rows)], mistyped: [rate(profile.confidence.nonFinite, profile.rows), rate(confidence.nonFinite, window.rows)], unseen: null, quantiles: null, bySeason: null, tests: profile.confidence.count > 0 && confidence.count > 0 ? confidences : [] },
    { column: 'label', kind: 'category', ...sides(profile.rows, window.rows), missing: [0, 0], mistyped: [0, 0], unseen: [rate(profile.labels.unseen, profile.rows), rate(labels.unseen, window.rows)], quantiles: null, bySeason: rowsOf(matched), tests: profile.labels.counts.length > 0 && window.rows > 0 ? categories(matched ?? { reference: labelCells(profile.labels), current: labelCells(labels) }) : [] },
  ];
}

function columnReports(name: string, layout: ColumnLayout, reference: ColumnCounts | undefined, current: ColumnCounts | undefined, match: Match): Undecided[] {
  if (reference === undefined || current === undefined || reference.kind !== current.kind) return [];
  const shown = name === INPUT ? 'input' : name === OUTPUT ? 'output' : name;
  switch (reference.kind) {
    case 'number': return [numberReport(shown, layout.kind === 'number' ? layout : null, reference, current as NumberCounts, match(binCells))];
    case 'category': return [categoryReport(shown, reference, current as CategoryCounts, match(valueCells))];
    case 'text': return textReports(shown, layout.kind === 'text' ? layout : null, reference, current as TextCounts);
    case 'vector': return vectorReports(shown, reference, current as VectorCounts, match);
  }
}

function numberReport(column: string, layout: NumberLayout | null, reference: NumberCounts, current: NumberCounts, matched: Table | null = null): Undecided {
  const rows = ({ count, nulls, nonFinite, mistyped }: NumberCounts) => count + nulls + nonFinite + mistyped;
  // points are ranks of the bins' middles: distances are then on one scale for all columns
  const points = rankPoints(reference.bins);
  return {
    column, kind: 'number', ...sides(reference.count, current.count),
    missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped + reference.nonFinite, rows(reference)), rate(current.mistyped + current.nonFinite, rows(current))],
    unseen: null,
    quantiles: layout === null ? null : { shares: QUANTILES, reference: quantilesOf(layout, reference, QUANTILES), current: quantilesOf(layout, current, QUANTILES) },
    bySeason: rowsOf(matched),
    tests: reference.count > 0 && current.count > 0 ? ordered({ ...(matched ?? { reference: reference.bins, current: current.bins }), points }) : [],
  };
}

function categoryReport(column: string, reference: CategoryCounts, current: CategoryCounts, matched: Table | null): Undecided {
  const count = (of: CategoryCounts) => rowsIn(labelCells(of));
  const rows = (of: CategoryCounts) => count(of) + of.nulls + of.mistyped;
  return {
    column, kind: 'category', ...sides(count(reference), count(current)),
    missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped, rows(reference)), rate(current.mistyped, rows(current))],
    unseen: [rate(reference.unseen, count(reference)), rate(current.unseen, count(current))],
    quantiles: null,
    bySeason: rowsOf(matched),
    tests: count(reference) > 0 && count(current) > 0 ? categories(matched ?? { reference: labelCells(reference), current: labelCells(current) }) : [],
  };
}

/** The content by the mean discrepancy of its sketch, dealt by groups of rows, and each descriptor as a number. */
function textReports(column: string, layout: TextLayout | null, reference: TextCounts, current: TextCounts): Undecided[] {
  const rows = ({ rows: texts, nulls, mistyped }: TextCounts) => texts + nulls + mistyped;
  const [x, y] = [sketchUnits(reference), sketchUnits(current)];
  const content: Undecided = {
    column, kind: 'text', ...sides(reference.rows, current.rows),
    missing: [rate(reference.nulls, rows(reference)), rate(current.nulls, rows(current))],
    mistyped: [rate(reference.mistyped, rows(reference)), rate(current.mistyped, rows(current))],
    unseen: null,
    quantiles: null,
    bySeason: null,
    tests: x.length > 0 && y.length > 0 ? [named('linear MMD of hashed n-grams', meanDiscrepancy(x, y, BUCKETS, OPTIONS))] : [],
  };
  const descriptors = DESCRIPTORS.map((name) => numberReport(`${column} ${name}`, layout?.descriptors[name] ?? null, reference.descriptors[name], current.descriptors[name]));
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
function vectorReports(column: string, reference: VectorCounts, current: VectorCounts, match: Match): Undecided[] {
  const along = reference.projections.map((projection, k) => numberReport(`${column} along direction ${k + 1}`, null, projection, current.projections[k] as NumberCounts, match((counts) => (counts.kind === 'vector' ? (counts.projections[k] as NumberCounts).bins : NOTHING))));
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

export function named(test: string, { statistic, p, effect, interval, guarantee }: WindowResult): WindowTest {
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
