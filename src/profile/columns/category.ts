/**
 * The category column: counts of the reference's 256 most frequent values, of its other values, and of values that it does not
 * have. The distinct estimate counts only what the 256 do not: a known value costs one look-up and nothing more.
 */
import { addArrays, addFields, requireSameShape, type Sign } from '../add.ts';
import { readFields, readSize, readSparse, writeNumber, writeSparse, type Reader, type Writer } from '../bytes.ts';
import { hashText } from '../hash.ts';
import { emptyDistinct, estimateDistinct, observeDistinct } from './distinct.ts';

export const COUNTED_VALUES = 256;
/** Longer values are told apart by so many first UTF-16 units. */
const LONGEST = 200;

export interface CategoryLayout {
  readonly kind: 'category';
  /** All values of the reference, the most frequent first; the first 256 are counted one by one. */
  readonly values: readonly string[];
  /** Made from the values for fast counting; not stored. */
  readonly places: ReadonlyMap<string, number>;
}

export interface CategoryCounts {
  readonly kind: 'category';
  /** By the layout's values, the first 256 of them. */
  readonly counts: Float64Array;
  /** Values of the reference beyond those. */
  other: number;
  /** Values that the reference does not have. */
  unseen: number;
  nulls: number;
  mistyped: number;
  /** For the number of different values among `other` and `unseen`. */
  readonly rest: Float64Array;
}

export function categoryLayout(values: readonly string[]): CategoryLayout {
  return { kind: 'category', values, places: new Map(values.map((value, i) => [value, i])) };
}

export function emptyCategory(counted: number): CategoryCounts {
  return { kind: 'category', counts: new Float64Array(counted), other: 0, unseen: 0, nulls: 0, mistyped: 0, rest: emptyDistinct() };
}

/** Counts a value of any type. The hot path: no allocation for a value that is counted one by one. */
export function observeCategory(counts: CategoryCounts, layout: CategoryLayout, value: unknown): void {
  const name = nameOf(value);
  if (name === null) {
    if (value === null || value === undefined) counts.nulls++;
    else counts.mistyped++;
    return;
  }
  const at = layout.places.get(name);
  if (at !== undefined && at < counts.counts.length) {
    counts.counts[at] = (counts.counts[at] as number) + 1;
    return;
  }
  if (at === undefined) counts.unseen++;
  else counts.other++;
  observeDistinct(counts.rest, hashText(name));
}

/** The category of a value; null of what is none. */
export function nameOf(value: unknown): string | null {
  if (typeof value === 'string') return value.length <= LONGEST ? value : value.slice(0, LONGEST);
  return typeof value === 'boolean' ? String(value) : null;
}

/** About how many different values were counted. */
export function distinctOf({ counts, rest }: CategoryCounts): number {
  return counts.reduce((seen, count) => seen + (count === 0 ? 0 : 1), 0) + estimateDistinct(rest);
}

export function rowsOfCategory({ counts, other, unseen, nulls, mistyped }: CategoryCounts): number {
  return counts.reduce((sum, count) => sum + count, other + unseen + nulls + mistyped);
}

const FIELDS = ['other', 'unseen', 'nulls', 'mistyped'] as const;

export function addCategory(total: CategoryCounts, part: CategoryCounts, sign: Sign): void {
  requireSameShape('bins or labels', total.counts.length === part.counts.length);
  addFields(total, part, FIELDS, sign);
  addArrays(total.counts, part.counts, sign);
  addArrays(total.rest, part.rest, sign);
}

export function writeCategory(writer: Writer, counts: CategoryCounts): void {
  writeNumber(writer, counts.counts.length);
  for (const field of FIELDS) writeNumber(writer, counts[field]);
  writeSparse(writer, counts.counts);
  writeSparse(writer, counts.rest);
}

export function readCategory(reader: Reader): CategoryCounts {
  const counts = emptyCategory(readSize(reader, COUNTED_VALUES, 'values'));
  readFields(reader, counts, FIELDS);
  readSparse(reader, counts.counts);
  readSparse(reader, counts.rest);
  return counts;
}
