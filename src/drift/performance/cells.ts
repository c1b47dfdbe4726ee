/** The counts of a bucket, or of several, beside what their confidences are worth. */
import { expectedScore, type Calibration } from '../../statistics/calibration.ts';
import type { LabelledCell } from '../../statistics/calibration-drift.ts';
import type { ExpectedCell } from '../../statistics/cbpe.ts';
import type { BinCount, ScoredBin } from '../../statistics/confidence-bins.ts';
import type { Cell } from '../../statistics/strata.ts';

/** Predictions of one adapter and bin of confidence, and the labelled ones among them. */
export interface CountedCell {
  readonly adapter: string | null;
  readonly all: BinCount;
  readonly labelled: ScoredBin;
}

type Of<T> = T & { readonly adapter: string | null };

/** One cell for each adapter and bin that has rows, whatever buckets the counts are of. */
export function cellsOf(predictions: readonly Of<BinCount>[], outcomes: readonly Of<ScoredBin>[]): CountedCell[] {
  const cells = new Map<string, { adapter: string | null; all: BinCount; labelled: ScoredBin }>();
  const at = ({ adapter, bin }: Of<BinCount>) => {
    const key = `${bin} ${adapter ?? ''}`;
    const cell = cells.get(key) ?? { adapter, all: { bin, n: 0, confidence: 0 }, labelled: { bin, n: 0, confidence: 0, score: 0, squares: 0 } };
    cells.set(key, cell);
    return cell;
  };
  for (const row of predictions) {
    const cell = at(row);
    cell.all = { bin: row.bin, n: cell.all.n + row.n, confidence: cell.all.confidence + row.confidence };
  }
  for (const row of outcomes) {
    const cell = at(row);
    const { n, confidence, score, squares } = cell.labelled;
    cell.labelled = { bin: row.bin, n: n + row.n, confidence: confidence + row.confidence, score: score + row.score, squares: squares + row.squares };
  }
  // a label that came between the two queries has its prediction in the count of predictions, unless retention took that: never more labels than rows
  return [...cells.values()].map((cell) => (cell.all.n >= cell.labelled.n ? cell : { ...cell, all: cell.labelled }));
}

export type Calibrations = ReadonlyMap<string, Calibration>;

const expectedOf = (calibrations: Calibrations, adapter: string | null, rows: BinCount) => {
  const calibration = adapter === null ? undefined : calibrations.get(adapter);
  return calibration === undefined || rows.n === 0 ? null : expectedScore(calibration, rows);
};

export function expectedCells(cells: readonly CountedCell[], calibrations: Calibrations): ExpectedCell[] {
  return cells.map(({ adapter, all }) => ({ n: all.n, expected: expectedOf(calibrations, adapter, all), calibration: adapter ?? '' }));
}

export function strataCells(cells: readonly CountedCell[], calibrations: Calibrations): Cell[] {
  return cells.map(({ adapter, all, labelled }) => ({
    n: all.n, labelled: labelled.n, score: labelled.score, squares: labelled.squares,
    // without a calibration the confidence itself orders the rows, and helps as far as it is worth anything
    expected: expectedOf(calibrations, adapter, all)?.score ?? (all.bin < 0 || all.n === 0 ? null : all.confidence / all.n),
  }));
}

export function labelledCells(cells: readonly CountedCell[], calibrations: Calibrations): LabelledCell[] {
  return cells.flatMap(({ adapter, labelled: { bin, n, confidence, score } }) => {
    const expected = expectedOf(calibrations, adapter, { bin, n, confidence });
    return expected === null ? [] : [{ n, score, expected, calibration: adapter ?? '' }];
  });
}
