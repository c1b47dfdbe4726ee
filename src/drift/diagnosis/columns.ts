/** Each column by every statistic that fits its kind. The first test of a column is the one that decides whether it differs. */
import { layoutOf } from '../../profile/index.ts';
import {
  chiSquare, cramerVonMises, denseFeatures, energyDistance, fourierFeatures, gTest, hellinger, jensenShannon, kolmogorovSmirnov, labelTable, lInfinity, meanDiscrepancy, medianDistance, psi, tableOf,
  totalVariation, unitOf, wasserstein, type Features, type Table,
} from '../../statistics/window/index.ts';
import type { SampledPrediction } from '../../store/diagnosis.ts';
import { tellingPart } from '../../tasks/index.ts';
import { named, type WindowTest } from '../window.ts';
import { DIMS, featuresOfText } from './texts.ts';

export interface DiagnosedColumn {
  /** A feature's name, or `confidence`, `answer`, `input`. */
  readonly column: string;
  readonly kind: 'number' | 'category' | 'text' | 'vector';
  /** Values of the kind, rows without any, and values of another type. */
  readonly values: readonly [before: number, since: number];
  readonly missing: readonly [before: number, since: number];
  readonly mistyped: readonly [before: number, since: number];
  readonly tests: readonly WindowTest[];
}

type Sides<V> = readonly [before: readonly V[], since: readonly V[]];

/** A column with fewer values on a side says nothing. */
const FEWEST = 30;
/** Cells of a number, for the statistics of tables: shares of the values from before. */
const CELLS = 10;
const FOURIER = 256;
const OPTIONS = { draws: 999, resamples: 200 } as const;
const DISTANCE = { resamples: 200 } as const;

export function columnsOf(before: readonly SampledPrediction[], since: readonly SampledPrediction[]): DiagnosedColumn[] {
  const names = [...new Set(before.flatMap(({ features }) => Object.keys(features ?? {})))].filter((name) => !name.startsWith('@')).sort();
  const read: readonly (readonly [string, (row: SampledPrediction) => unknown])[] = [
    ['confidence', ({ confidence }) => confidence], ['answer', ({ answer }) => answer], ['input', ({ input }) => tellingPart(input)],
    ...names.map((name) => [name, ({ features }: SampledPrediction) => (features !== null && Object.hasOwn(features, name) ? features[name] : null)] as const),
  ];
  return read.flatMap(([column, of]) => diagnosed(column, [before.map(of), since.map(of)]));
}

/** None where a side has too few values. */
function diagnosed(column: string, sides: Sides<unknown>): DiagnosedColumn[] {
  const there = both(sides, (side) => side.filter((value) => value !== null && value !== undefined));
  if (there.some(({ length }) => length < FEWEST)) return [];
  const layout = column === 'input' ? null : layoutOf(there[0]);
  const kind = layout?.kind ?? 'text';
  const dims = layout?.kind === 'vector' ? layout.dims : 0;
  const values = both(there, (side) => side.filter((value) => isOf(kind, dims, value)));
  if (values.some(({ length }) => length < FEWEST)) return [];
  const less = (all: Sides<unknown>, some: Sides<unknown>) => [all[0].length - some[0].length, all[1].length - some[1].length] as const;
  return [{ column, kind, values: [values[0].length, values[1].length], missing: less(sides, there), mistyped: less(there, values), tests: testsOf(kind, dims, values) }];
}

const both = <V, W>([before, since]: readonly [V, V], of: (side: V) => W): readonly [W, W] => [of(before), of(since)];

function isOf(kind: DiagnosedColumn['kind'], dims: number, value: unknown): boolean {
  switch (kind) {
    case 'number': return Number.isFinite(value);
    case 'category': return typeof value === 'string' || typeof value === 'boolean';
    case 'text': return typeof value === 'string';
    case 'vector': return Array.isArray(value) && value.length === dims && value.every((x) => Number.isFinite(x));
  }
}

function testsOf(kind: DiagnosedColumn['kind'], dims: number, values: Sides<unknown>): WindowTest[] {
  switch (kind) {
    case 'number': return ofNumbers(values as Sides<number>);
    case 'category': return ofCategories(labelTable(values[0].map(String), values[1].map(String)));
    case 'text': return [named('linear MMD of hashed n-grams', meanDiscrepancy(...units(values as Sides<string>, featuresOfText), DIMS, OPTIONS))];
    case 'vector': return [ofVectors(values as Sides<readonly number[]>, dims)];
  }
}

function ofNumbers([before, since]: Sides<number>): WindowTest[] {
  const table = tableOf(before, since);
  return [
    named('Kolmogorov-Smirnov', kolmogorovSmirnov(table, OPTIONS)), named('Cramer-von Mises', cramerVonMises(table, OPTIONS)),
    named('Wasserstein', wasserstein(table, DISTANCE)), named('energy distance', energyDistance(table, DISTANCE)), ...distances(cellsOf(before, since)),
  ];
}

const ofCategories = (table: Table): WindowTest[] => [named('chi-square', chiSquare(table, OPTIONS)), named('G', gTest(table, OPTIONS)), ...distances(table)];

const distances = (table: Table): WindowTest[] => [
  named('PSI', psi(table, DISTANCE)), named('Jensen-Shannon', jensenShannon(table, DISTANCE)), named('Hellinger', hellinger(table, DISTANCE)),
  named('total variation', totalVariation(table, DISTANCE)), named('L-infinity', lInfinity(table, DISTANCE)),
];

/** Both sides over cells that have about equally many of the values from before, the outer ones open. */
function cellsOf(before: readonly number[], since: readonly number[]): Table {
  const sorted = Float64Array.from(before).sort();
  const edges = Array.from({ length: CELLS - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / CELLS)] as number);
  const counted = (values: readonly number[]) => {
    const counts = new Float64Array(CELLS);
    for (const value of values) counts[edges.filter((edge) => value >= edge).length]! += 1;
    return counts;
  };
  return { reference: counted(before), current: counted(since) };
}

function ofVectors(values: Sides<readonly number[]>, dims: number): WindowTest {
  const map = fourierFeatures({ dims, features: FOURIER, bandwidth: medianDistance(values[0]) });
  return named('MMD of random Fourier features', meanDiscrepancy(...units(values, (vector) => denseFeatures(map(vector))), FOURIER, { ...OPTIONS, reach: Math.SQRT2 }));
}

const units = <V>(sides: Sides<V>, features: (value: V) => Features) => both(sides, (side) => side.map((value) => unitOf(features(value))));
