/** Labelled rows by the group of their calibrated score: how far what a confidence promised was from what came. */
import { addFields, type Sign } from './add.ts';
import { readFields, readText, writeNumber, writeText, type Reader, type Writer } from './bytes.ts';
import { UNIT } from './numeric.ts';

/** Rows, the sum of their calibrated scores, and the sums of (1 + calibrated score - score) / 2 and of its square, in units of 2^-20. */
export interface GapCounts {
  labelled: number;
  expected: number;
  sum: number;
  squares: number;
}

/** A row's calibrated score, and the name of its group. */
export interface Calibrated {
  readonly expected: number;
  readonly group: string;
}

const FIELDS = ['labelled', 'expected', 'sum', 'squares'] as const;

export const emptyGaps = (): GapCounts => ({ labelled: 0, expected: 0, sum: 0, squares: 0 });
export const isEmptyGaps = ({ labelled }: GapCounts): boolean => labelled === 0;
export const addGaps = (total: GapCounts, part: GapCounts, sign: Sign): void => addFields(total, part, FIELDS, sign);

/** Rounded down, as losses are. */
export function countGap(gaps: Map<string, GapCounts>, { expected, group }: Calibrated, score: number): void {
  let counts = gaps.get(group);
  if (counts === undefined) gaps.set(group, (counts = emptyGaps()));
  const value = (1 + expected - score) / 2;
  counts.labelled++;
  counts.expected += Math.round(expected * UNIT);
  counts.sum += Math.floor(value * UNIT);
  counts.squares += Math.floor(value * value * UNIT);
}

export function writeGaps(writer: Writer, group: string, counts: GapCounts): void {
  writeText(writer, group);
  for (const field of FIELDS) writeNumber(writer, counts[field]);
}

export function readGaps(reader: Reader): [group: string, counts: GapCounts] {
  const [group, counts] = [readText(reader), emptyGaps()];
  readFields(reader, counts, FIELDS);
  return [group, counts];
}
