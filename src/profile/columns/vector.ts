/**
 * The vector column: the sum of the vectors, of their squared lengths, and their projections on 16 fixed directions as numeric columns.
 * Components are held in units of 2^-20 of the layout's reach, and cut at it: whole, so that sums are exact in any order.
 */
import { addFields, addSums, requireSameShape, type Sign } from '../add.ts';
import { damaged, readFields, readSize, readSparse, writeNumber, writeSparse, type Reader, type Writer } from '../bytes.ts';
import { UNIT } from '../numeric.ts';
import { addNumber, emptyNumber, numberLayout, observeNumber, readNumberCounts, writeNumberCounts, type NumberCounts, type NumberLayout } from './number.ts';
import { project, PROJECTIONS, projectionsFor, type Projections } from './projections.ts';

/** Longest vector. */
export const MOST_DIMS = 4_096;

export interface VectorLayout {
  readonly kind: 'vector';
  readonly dims: number;
  /** Twice the reference's largest component; components are cut at -reach and reach. */
  readonly reach: number;
  readonly projections: readonly NumberLayout[];
  /** Made from `dims`; not stored. */
  readonly directions: Projections;
}

export interface VectorCounts {
  readonly kind: 'vector';
  /** Vectors. */
  rows: number;
  nulls: number;
  /** Of another type, or of another number of dimensions. */
  mistyped: number;
  /** Sum of the squared lengths in units of 2^-20 of dims * reach^2. */
  squares: number;
  /** By dimension, in units of 2^-20 of the reach. */
  readonly sum: Float64Array;
  readonly projections: readonly NumberCounts[];
}

/** A layout by the reference's vectors, all of `dims` finite numbers; one at least. */
export function vectorLayout(vectors: readonly (readonly number[])[], dims: number): VectorLayout {
  const largest = vectors.reduce((most, vector) => vector.reduce((m, x) => Math.max(m, Math.abs(x)), most), 0);
  const directions = projectionsFor(dims);
  const projections = Array.from({ length: PROJECTIONS }, (_, k) => numberLayout(vectors.map((vector) => project(directions, vector, k))));
  return { kind: 'vector', dims, reach: largest === 0 ? 1 : Math.min(2 * largest, Number.MAX_VALUE), projections, directions };
}

export function emptyVector({ dims, projections }: VectorLayout): VectorCounts {
  return { kind: 'vector', rows: 0, nulls: 0, mistyped: 0, squares: 0, sum: new Float64Array(dims), projections: projections.map(({ edges }) => emptyNumber(edges.length)) };
}

/** Counts a value of any type. The hot path: no allocation. */
export function observeVector(counts: VectorCounts, layout: VectorLayout, value: unknown): void {
  if (value === null || value === undefined) counts.nulls++;
  else if (isVector(value, layout.dims)) countVector(counts, layout, value);
  else counts.mistyped++;
}

function isVector(value: unknown, dims: number): value is ArrayLike<number> {
  const isNumbers = value instanceof Float32Array || value instanceof Float64Array;
  if (!(isNumbers || Array.isArray(value)) || value.length !== dims) return false;
  let finite = 0;
  for (let i = 0; i < dims; i++) {
    const x: unknown = value[i];
    if (typeof x !== 'number') return false;
    // 0, but of NaN and infinities NaN
    finite += x - x;
  }
  return finite === 0;
}

function countVector(counts: VectorCounts, layout: VectorLayout, vector: ArrayLike<number>): void {
  counts.rows++;
  const { sum } = counts;
  const perReach = UNIT / layout.reach;
  let squared = 0;
  for (let i = 0; i < sum.length; i++) {
    const place = (vector[i] as number) * perReach;
    const cut = place > UNIT ? UNIT : place < -UNIT ? -UNIT : place;
    squared += cut * cut;
    sum[i] = (sum[i] as number) + Math.floor(cut + 0.5);
  }
  counts.squares += Math.round(squared / sum.length / UNIT);
  for (let k = 0; k < PROJECTIONS; k++) observeNumber(counts.projections[k] as NumberCounts, layout.projections[k] as NumberLayout, project(layout.directions, vector, k));
}

export function rowsOfVector({ rows, nulls, mistyped }: VectorCounts): number {
  return rows + nulls + mistyped;
}

const FIELDS = ['rows', 'nulls', 'mistyped', 'squares'] as const;

export function addVector(total: VectorCounts, part: VectorCounts, sign: Sign): void {
  requireSameShape('dimensions', total.sum.length === part.sum.length);
  addFields(total, part, FIELDS, sign);
  addSums(total.sum, part.sum, sign);
  total.projections.forEach((counts, k) => addNumber(counts, part.projections[k] as NumberCounts, sign));
}

export function writeVector(writer: Writer, counts: VectorCounts): void {
  writeNumber(writer, counts.sum.length);
  for (const field of FIELDS) writeNumber(writer, counts[field]);
  writeSparse(writer, counts.sum, true);
  for (const each of counts.projections) writeNumberCounts(writer, each);
}

export function readVector(reader: Reader): VectorCounts {
  const dims = readSize(reader, MOST_DIMS, 'dimensions');
  if (dims === 0) throw damaged('a vector in it has no dimensions');
  const numbers = { rows: 0, nulls: 0, mistyped: 0, squares: 0 };
  readFields(reader, numbers, FIELDS);
  const sum = new Float64Array(dims);
  readSparse(reader, sum, true);
  return { kind: 'vector', ...numbers, sum, projections: Array.from({ length: PROJECTIONS }, () => readNumberCounts(reader)) };
}
