/** Streams of a column of features: whether its values have moved, and whether it still is what it was said to be. */
import { rowsOfColumn, UNIT, type CategoryCounts, type Column, type ColumnCounts, type NumberCounts, type Profile, type ReferenceBody, type VectorCounts } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import { byStratum, strataOf } from './seasons.ts';
import { fallen, ones, type Stream } from './streams.ts';

/** Rises that are still on course; per column, where the spec says so. */
export interface ColumnTolerance {
  readonly missing: number;
  readonly mistyped: number;
  readonly newValues: number;
  readonly mean: number;
  readonly share: number;
}

/** Merged bins of a numeric column, about equally likely in the reference. */
const MERGED = 5;
/** Values of a category that are watched one by one. */
const WATCHED_VALUES = 8;

const NONE: Moments = { n: 0, sum: 0, squares: 0 };

type Of<C extends ColumnCounts> = (counts: C) => Moments;

/** Streams of one column, by the declared season where the reference knows it so: of profiles that have no row of it they are of no rows. */
function streamsOf<C extends ColumnCounts>(column: Column, kind: C['kind'], reference: ReferenceBody) {
  const strata = strataOf(reference, column.name);
  return (name: string, share: number, tolerance: number, of: Of<C>, binary = true): Stream => {
    const momentsOf = (counts: ColumnCounts | undefined) => (counts === undefined || counts.kind !== kind ? NONE : of(counts as C));
    const common = { name: `${column.name} ${name}`, segment: null, share, binary, tolerance };
    return strata === null
      ? { ...common, moments: ({ columns }: Profile) => [momentsOf(columns.get(column.name))] }
      : { ...common, season: strata.season, moments: (profile: Profile) => byStratum(strata, profile, momentsOf) };
  };
}

/** What drifts: where the values lie, how they are spread, values that the reference does not have. */
export function driftStreams(column: Column, reference: ReferenceBody, tolerance: ColumnTolerance): Stream[] {
  const counts = reference.profile.columns.get(column.name);
  if (counts === undefined) return [];
  switch (counts.kind) {
    case 'number': return numberStreams(column, counts, reference, tolerance);
    case 'category': return categoryStreams(column, counts, reference, tolerance);
    case 'vector': return vectorStreams(column, counts, reference, tolerance);
    // the descriptors of texts are shown in the window's statistics; their content is what `unseen` watches
    case 'text': return [];
  }
}

/** What breaks the contract: missing values, values of another type. */
export function contractStreams(column: Column, reference: ReferenceBody, tolerance: ColumnTolerance): Stream[] {
  const stream = streamsOf<ColumnCounts>(column, column.layout.kind, reference);
  return [
    stream('missing', 0.5, tolerance.missing, (counts) => ones(rowsOfColumn(counts), counts.nulls)),
    stream('mistyped', 0.5, tolerance.mistyped, (counts) => ones(rowsOfColumn(counts), counts.mistyped + (counts.kind === 'number' ? counts.nonFinite : 0))),
  ];
}

/**
 * The mean rank of the values among the reference's, in [0, 1] and 1/2 there, up and down: of a mean in the column's own units a few huge
 * values would make a bet too wary to see anything else. Then the shares of merged bins, both ways; and what lies outside the reference's range.
 */
function numberStreams(column: Column, whole: NumberCounts, reference: ReferenceBody, tolerance: ColumnTolerance): Stream[] {
  const stream = streamsOf<NumberCounts>(column, 'number', reference);
  const rank = rankMoments(midranks(whole.bins));
  const cuts = mergedBins(whole.bins);
  const bins = cuts.flatMap(([from, to], i) => {
    const inside: Of<NumberCounts> = ({ count, bins: all }) => ones(count, sumOf(all, from, to));
    const share = 0.4 / (2 * cuts.length);
    return [stream(`in part ${i + 1} of ${cuts.length}: more`, share, tolerance.share, inside), stream(`in part ${i + 1} of ${cuts.length}: fewer`, share, tolerance.share, (counts) => fallen(inside(counts)))];
  });
  return [
    stream('higher', 0.25, tolerance.mean, rank, false),
    stream('lower', 0.25, tolerance.mean, (counts) => fallen(rank(counts)), false),
    stream('outside the range of the reference', 0.1, tolerance.newValues, ({ count, under, over }) => ones(count, under + over)),
    ...(cuts.length > 1 ? bins : []),
  ];
}

/** Of each bin the mean rank of the reference's values in it, in [0, 1]. */
function midranks(bins: Float64Array): Float64Array {
  const rows = sumOf(bins, 0, bins.length);
  let below = 0;
  return bins.map((count) => {
    const rank = rows === 0 ? 0.5 : (below + count / 2) / rows;
    below += count;
    return rank;
  });
}

/** Neighbouring bins that together have about a fifth of the reference's rows: from, to (exclusive). */
function mergedBins(bins: Float64Array): [from: number, to: number][] {
  const rows = sumOf(bins, 0, bins.length);
  const cuts: [number, number][] = [];
  let [from, below] = [0, 0];
  for (let i = 0; i < bins.length; i++) {
    below += bins[i] as number;
    if (below < ((cuts.length + 1) * rows) / MERGED && i < bins.length - 1) continue;
    cuts.push([from, i + 1]);
    from = i + 1;
  }
  return cuts;
}

function categoryStreams(column: Column, whole: CategoryCounts, reference: ReferenceBody, tolerance: ColumnTolerance): Stream[] {
  const stream = streamsOf<CategoryCounts>(column, 'category', reference);
  const values = column.layout.kind === 'category' ? column.layout.values : [];
  const rows: (counts: CategoryCounts) => number = ({ counts, other, unseen }) => sumOf(counts, 0, counts.length) + other + unseen;
  const watched = Math.min(WATCHED_VALUES, whole.counts.length);
  const each = Array.from({ length: watched }, (_, i) => {
    const of: Of<CategoryCounts> = (counts) => ones(rows(counts), counts.counts[i] as number);
    const share = 0.6 / (2 * watched);
    return [stream(`= ${values[i]}: more`, share, tolerance.share, of), stream(`= ${values[i]}: fewer`, share, tolerance.share, (counts) => fallen(of(counts)))];
  });
  return [stream('new values', 0.3, tolerance.newValues, (counts) => ones(rows(counts), counts.unseen)), ...each.flat(),
    stream('rarer values', 0.1, tolerance.share, (counts) => ones(rows(counts), sumOf(counts.counts, watched, counts.counts.length) + counts.other))];
}

/** The mean of each projection's place, both ways. */
function vectorStreams(column: Column, { projections }: VectorCounts, reference: ReferenceBody, tolerance: ColumnTolerance): Stream[] {
  const stream = streamsOf<VectorCounts>(column, 'vector', reference);
  return projections.flatMap((projection, k) => {
    const rank = rankMoments(midranks(projection.bins));
    const of: Of<VectorCounts> = (counts) => rank(counts.projections[k] as NumberCounts);
    return [stream(`along direction ${k + 1}`, 1, tolerance.mean, of, false), stream(`against direction ${k + 1}`, 1, tolerance.mean, (counts) => fallen(of(counts)), false)];
  });
}

function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] as number;
  return sum;
}

/** Sums of the values' ranks and of their squares, in whole units of 2^-20 a value, rounded down: exact in any order, and no pane claims more than came. */
function rankMoments(ranks: Float64Array): Of<NumberCounts> {
  const [first, second] = [ranks.map((rank) => Math.floor(rank * UNIT)), ranks.map((rank) => Math.floor(rank ** 2 * UNIT))];
  return ({ count, bins }) => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < bins.length; i++) {
      const rows = bins[i] as number;
      sum += rows * (first[i] as number);
      squares += rows * (second[i] as number);
    }
    return { n: count, sum: sum / UNIT, squares: squares / UNIT };
  };
}
