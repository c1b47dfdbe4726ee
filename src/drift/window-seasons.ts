/**
 * A window against the reference by season. An hour that the window has more often than the reference is no change, so both are compared as if their rows came by strata
 * alike: of each stratum of the reference so many rows are drawn, without replacement, that its share is that of the window. Strata of which the reference has too few rows are left out of both.
 * If values go by the season and nothing changed, both are then samples of one distribution, and a test of independent rows keeps its level (strata make sums vary less than it takes them to).
 */
import type { ColumnCounts, Profile } from '../profile/index.ts';
import { drawHypergeometric } from '../statistics/draw.ts';
import { seededUniform } from '../statistics/random.ts';
import type { Table } from '../statistics/window/index.ts';
import type { Strata } from './seasons.ts';
import { SEGMENT_ROWS } from './streams.ts';

interface Pair {
  readonly reference: Float64Array;
  readonly current: Float64Array;
  readonly have: number;
  readonly want: number;
}

/** `cells`: what is compared of a column's counts. Null where fewer than 50 rows would be left on a side: then the whole is compared as it is. */
export function matchedTable(strata: Strata, reference: Profile, window: Profile, cells: (counts: ColumnCounts) => Float64Array): Table | null {
  const pairs = strata.places.flatMap(([key]): Pair[] => {
    const [before, now] = [reference.columns.get(key), window.columns.get(key)];
    if (before === undefined || now === undefined || before.kind !== now.kind) return [];
    const [a, b] = [cells(before), cells(now)];
    const [have, want] = [rowsOf(a), rowsOf(b)];
    return have < strata.season.fewest || want === 0 ? [] : [{ reference: a, current: b, have, want }];
  });
  const [first] = pairs;
  if (first === undefined) return null;
  const share = pairs.reduce((least, { have, want }) => Math.min(least, have / want), Infinity);
  // the same draw for the same counts: a report that is asked for again says the same
  const uniform = seededUniform(1);
  const sum = { reference: new Float64Array(first.reference.length), current: new Float64Array(first.current.length) };
  for (const { reference: from, current, have, want } of pairs) {
    drawInto(sum.reference, from, have, Math.min(have, Math.floor(share * want)), uniform);
    current.forEach((rows, i) => (sum.current[i] = (sum.current[i] as number) + rows));
  }
  return Math.min(rowsOf(sum.reference), rowsOf(sum.current)) < SEGMENT_ROWS ? null : sum;
}

const rowsOf = (cells: Float64Array) => cells.reduce((sum, rows) => sum + rows, 0);

/** Multivariate hypergeometric, a cell at a time. */
function drawInto(total: Float64Array, from: Float64Array, rows: number, sample: number, uniform: () => number): void {
  let [left, wanted] = [rows, sample];
  for (let i = 0; i < from.length && wanted > 0; i++) {
    const here = from[i] as number;
    const drawn = drawHypergeometric(here, left - here, wanted, uniform);
    total[i] = (total[i] as number) + drawn;
    left -= here;
    wanted -= drawn;
  }
}
