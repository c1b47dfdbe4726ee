/**
 * The content of texts as sums of hashed n-grams, so that a mean discrepancy can be computed from profiles.
 *
 * A text is a vector of 4,096 buckets: each n-gram adds 1 or -1, by a bit of its hash, and the vector is brought to length 1 (as
 * `hashedFeatures` of statistics does), then cut to multiples of 2^-8 towards 0. What is cut is the feature, not an error: sums are
 * whole, exact in any order, and no row is longer than 1. Rows fall by the hash of their id into 16 groups, summed apart: where rows
 * are independent the groups of a reference and of a window are exchangeable units, which is what a p-value is dealt from.
 * A second sketch, by an independent hash and over all groups, tells n-grams apart that share a bucket of the first.
 */
import { added, addSums, type Sign } from '../add.ts';
import { readNumber, readSize, readSparse, writeNumber, writeSparse, type Reader, type Writer } from '../bytes.ts';
import { hashText, mixed } from '../hash.ts';
import type { Scan } from '../ngrams.ts';

export const BUCKETS = 4_096;
export const GROUPS = 16;
/** Features are in units of 1 / this. */
export const FEATURE_UNIT = 256;

export interface GroupSum {
  /** Texts. */
  rows: number;
  /** Sum of their squared lengths, in units of 1 / FEATURE_UNIT^2. */
  squares: number;
  readonly sum: Float64Array;
}

export interface Sketch {
  /** By group; null where a group has no rows. */
  readonly groups: (GroupSum | null)[];
  /** Sums by the second hash; null without rows. */
  second: Float64Array | null;
}

export function emptySketch(): Sketch {
  return { groups: Array.from({ length: GROUPS }, () => null), second: null };
}

export const groupOf = (id: string): number => hashText(id) % GROUPS;

/** An n-gram's bucket and sign in the second sketch. */
export function secondPlace(hash: number): { readonly at: number; readonly sign: 1 | -1 } {
  const other = mixed(hash ^ 0x2545f491);
  return { at: other & (BUCKETS - 1), sign: other >>> 31 === 0 ? 1 : -1 };
}

const counts = new Int32Array(BUCKETS);
/** The scan's first n-gram in each bucket marks it as touched. */
const touched = new Uint16Array(BUCKETS);
const marks = new Uint8Array(BUCKETS);

/** Adds a scanned text; returns how many buckets it touched. No allocation, but for the first row of a group. */
export function observeSketch(sketch: Sketch, scan: Scan, group: number): number {
  const { hashes, count } = scan;
  let used = 0;
  for (let i = 0; i < count; i++) {
    const hash = hashes[i] as number;
    const at = hash & (BUCKETS - 1);
    if (marks[at] === 0) {
      marks[at] = 1;
      touched[used++] = at;
    }
    counts[at] = (counts[at] as number) + (hash >= 0 ? 1 : -1);
  }
  let squared = 0;
  for (let i = 0; i < used; i++) squared += (counts[touched[i] as number] as number) ** 2;
  const into = (sketch.groups[group] ??= { rows: 0, squares: 0, sum: new Float64Array(BUCKETS) });
  into.rows++;
  const scale = squared === 0 ? 0 : FEATURE_UNIT / Math.sqrt(squared);
  for (let i = 0; i < used; i++) {
    const at = touched[i] as number;
    const value = Math.trunc((counts[at] as number) * scale);
    into.squares += value * value;
    // + 0: a sum is never -0
    into.sum[at] = (into.sum[at] as number) + value + 0;
    counts[at] = 0;
    marks[at] = 0;
  }
  addSecond((sketch.second ??= new Float64Array(BUCKETS)), scan, Math.trunc(scale));
  return used;
}

function addSecond(second: Float64Array, { hashes, count }: Scan, value: number): void {
  for (let i = 0; i < count; i++) {
    // secondPlace, without its object
    const other = mixed((hashes[i] as number) ^ 0x2545f491);
    const at = other & (BUCKETS - 1);
    second[at] = (second[at] as number) + (other >>> 31 === 0 ? value : -value);
  }
}

export function addSketch(total: Sketch, part: Sketch, sign: Sign): void {
  part.groups.forEach((more, g) => {
    if (more === null) return;
    const sum = (total.groups[g] ??= { rows: 0, squares: 0, sum: new Float64Array(BUCKETS) });
    sum.rows = added(sum.rows, more.rows, sign);
    sum.squares = added(sum.squares, more.squares, sign);
    addSums(sum.sum, more.sum, sign);
    if (sum.rows === 0) total.groups[g] = null;
  });
  if (part.second !== null) addSums((total.second ??= new Float64Array(BUCKETS)), part.second, sign);
  if (sign === -1 && total.groups.every((group) => group === null)) total.second = null;
}

export function writeSketch(writer: Writer, { groups, second }: Sketch): void {
  writeNumber(writer, groups.reduce((bits, group, g) => bits + (group === null ? 0 : 2 ** g), 0));
  for (const group of groups) {
    if (group === null) continue;
    writeNumber(writer, group.rows);
    writeNumber(writer, group.squares);
    writeSparse(writer, group.sum, true);
  }
  if (second !== null) writeSparse(writer, second, true);
}

/** Adds the sketch to what is there: in a long fold most of the time would else go into arrays that are read once. */
export function readSketch(reader: Reader, sketch: Sketch = emptySketch()): Sketch {
  const used = readSize(reader, 2 ** GROUPS - 1, 'groups');
  for (let g = 0; g < GROUPS; g++) {
    if (((used >> g) & 1) === 0) continue;
    const group = (sketch.groups[g] ??= { rows: 0, squares: 0, sum: new Float64Array(BUCKETS) });
    group.rows = added(group.rows, readNumber(reader), 1);
    group.squares = added(group.squares, readNumber(reader), 1);
    readSparse(reader, group.sum, true);
  }
  if (used !== 0) readSparse(reader, (sketch.second ??= new Float64Array(BUCKETS)), true);
  return sketch;
}
