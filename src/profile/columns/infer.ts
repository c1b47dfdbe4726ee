/**
 * The columns of a reference, and their types, from its rows. A feature's type is that of most of its values; a text is told from a
 * category by its words. What later has another type is `mistyped`.
 */
import { categoryLayout, nameOf } from './category.ts';
import type { Column, ColumnLayout, ColumnSource } from './column.ts';
import { isBuiltIn } from './column.ts';
import { numberLayout } from './number.ts';
import { textLayout } from './text.ts';
import { MOST_DIMS, vectorLayout } from './vector.ts';

export type Features = Readonly<Record<string, unknown>>;

/** A feature with fewer values has too little of a reference to be held against. */
export const FEWEST_VALUES = 500;
/** Columns of a reference, at most: those that most rows have. */
export const MOST_COLUMNS = 2_000;
/** Strings are texts where they have so many words on average, and most of them differ. */
const WORDS = 3;

/** The columns of the features of rows, in the order of their names. `known` are left out. */
export function featureColumns(rows: readonly (Features | null | undefined)[], source: ColumnSource, known: ReadonlySet<string> = new Set(), fewest = FEWEST_VALUES): Column[] {
  const values = new Map<string, unknown[]>();
  for (const features of rows) {
    for (const name in features) {
      // what every object has would be found in rows that have no such feature
      if (known.has(name) || isBuiltIn(name) || name in Object.prototype) continue;
      const value = features[name];
      if (value === null || value === undefined) continue;
      const those = values.get(name);
      if (those === undefined) values.set(name, [value]);
      else those.push(value);
    }
  }
  return [...values]
    .filter(([, those]) => those.length >= fewest)
    .sort(([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1))
    .slice(0, MOST_COLUMNS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, those]) => ({ name, source, layout: layoutOf(those) }));
}

/** The layout of a column by its values, of which none is missing. */
export function layoutOf(values: readonly unknown[]): ColumnLayout {
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  const strings = values.map(nameOf).filter((name) => name !== null);
  const vectors = values.filter(isVector);
  const most = Math.max(numbers.length, strings.length, vectors.length);
  if (numbers.length === most) return numberLayout(numbers);
  if (vectors.length === most) return vectorColumn(vectors);
  return areTexts(strings) ? textLayout(values.filter((value) => typeof value === 'string'), false) : categoryLayout(byFrequency(strings));
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MOST_DIMS && value.every((x) => Number.isFinite(x));
}

function vectorColumn(vectors: readonly (readonly number[])[]): ColumnLayout {
  const lengths = byFrequency(vectors.map((vector) => String(vector.length)));
  const dims = Number(lengths[0]);
  return vectorLayout(vectors.filter((vector) => vector.length === dims), dims);
}

function areTexts(strings: readonly string[]): boolean {
  const words = strings.reduce((sum, each) => sum + each.split(/\s+/).length, 0) / strings.length;
  return words >= WORDS && new Set(strings).size > strings.length / 2;
}

function byFrequency(values: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  // ties by code unit, so that the order depends on no locale
  return [...times].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([value]) => value);
}
