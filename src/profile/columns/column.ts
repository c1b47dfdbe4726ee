/** A column of any kind: what it is counted by, what is counted, and what can be done with the counts. */
import { requireSameShape, type Sign } from '../add.ts';
import { damaged, type Reader, type Writer } from '../bytes.ts';
import { addCategory, COUNTED_VALUES, emptyCategory, observeCategory, readCategory, rowsOfCategory, writeCategory, type CategoryCounts, type CategoryLayout } from './category.ts';
import { addNumber, emptyNumber, observeNumber, readNumberCounts, rowsOfNumber, writeNumberCounts, type NumberCounts, type NumberLayout } from './number.ts';
import { addText, emptyText, observeText, readTextCounts, rowsOfText, writeTextCounts, type TextCounts, type TextLayout } from './text.ts';
import { addVector, emptyVector, observeVector, readVector, rowsOfVector, writeVector, type VectorCounts, type VectorLayout } from './vector.ts';

export type ColumnLayout = NumberLayout | CategoryLayout | TextLayout | VectorLayout;
export type ColumnCounts = NumberCounts | CategoryCounts | TextCounts | VectorCounts;
export type ColumnKind = ColumnLayout['kind'];
/** Their places are stored: only ever append. */
export const COLUMN_KINDS = ['number', 'category', 'text', 'vector'] as const satisfies readonly ColumnKind[];

/** Where the reference of a column is from: the exam rows, or the first traffic that had it. */
export type ColumnSource = 'exam' | 'traffic';

/** A column of a reference. Its counts stand in the reference's profile, under the same name. */
export interface Column {
  /** A feature's name; `input` and `output` of a prediction under names that no feature has: `@input`, `@output`. */
  readonly name: string;
  readonly source: ColumnSource;
  readonly layout: ColumnLayout;
}

export const INPUT = '@input';
export const OUTPUT = '@output';

/** Feature names begin with no '@' here: those are the built-in columns. */
export const isBuiltIn = (name: string): boolean => name.startsWith('@');

export function emptyColumn(layout: ColumnLayout): ColumnCounts {
  switch (layout.kind) {
    case 'number': return emptyNumber(layout.edges.length);
    case 'category': return emptyCategory(Math.min(COUNTED_VALUES, layout.values.length));
    case 'text': return emptyText(layout);
    case 'vector': return emptyVector(layout);
  }
}

/** Counts a value of any type, of a row of the given group. */
export function observeValue(counts: ColumnCounts, layout: ColumnLayout, value: unknown, group: number): void {
  if (layout.kind === 'number' && counts.kind === 'number') observeNumber(counts, layout, value);
  else if (layout.kind === 'category' && counts.kind === 'category') observeCategory(counts, layout, value);
  else if (layout.kind === 'text' && counts.kind === 'text') observeText(counts, layout, value, group);
  else if (layout.kind === 'vector' && counts.kind === 'vector') observeVector(counts, layout, value);
  else requireSameShape('columns', false);
}

/** Rows that were counted, with or without a value. */
export function rowsOfColumn(counts: ColumnCounts): number {
  switch (counts.kind) {
    case 'number': return rowsOfNumber(counts);
    case 'category': return rowsOfCategory(counts);
    case 'text': return rowsOfText(counts);
    case 'vector': return rowsOfVector(counts);
  }
}

export function addColumn(total: ColumnCounts, part: ColumnCounts, sign: Sign): void {
  if (total.kind === 'number' && part.kind === 'number') addNumber(total, part, sign);
  else if (total.kind === 'category' && part.kind === 'category') addCategory(total, part, sign);
  else if (total.kind === 'text' && part.kind === 'text') addText(total, part, sign);
  else if (total.kind === 'vector' && part.kind === 'vector') addVector(total, part, sign);
  else requireSameShape('columns', false);
}

/** Counts of nothing, of the same shape. */
export function emptyLike(counts: ColumnCounts): ColumnCounts {
  switch (counts.kind) {
    case 'number': return emptyNumber(counts.bins.length - 1);
    case 'category': return emptyCategory(counts.counts.length);
    case 'text': {
      const copy = structuredClone(counts);
      addText(copy, counts, -1);
      return copy;
    }
    case 'vector': {
      const copy = structuredClone(counts);
      addVector(copy, counts, -1);
      return copy;
    }
  }
}

export function writeColumn(writer: Writer, counts: ColumnCounts): void {
  switch (counts.kind) {
    case 'number': return writeNumberCounts(writer, counts);
    case 'category': return writeCategory(writer, counts);
    case 'text': return writeTextCounts(writer, counts);
    case 'vector': return writeVector(writer, counts);
  }
}

export function readColumn(reader: Reader, place: number): ColumnCounts {
  const kind = COLUMN_KINDS[place];
  switch (kind) {
    case 'number': return readNumberCounts(reader);
    case 'category': return readCategory(reader);
    case 'text': return readTextCounts(reader);
    case 'vector': return readVector(reader);
    default: throw damaged(`kind ${place} of a column is unknown`);
  }
}
