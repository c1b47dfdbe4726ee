/** Columns of a reference as JSON: numbers keep all their bits in it, and only what cannot be made again is stored. */
import { categoryLayout } from './category.ts';
import type { Column, ColumnLayout } from './column.ts';
import { countingOf, type NumberLayout } from './number.ts';
import { projectionsFor } from './projections.ts';
import { DESCRIPTORS, type Descriptor } from './text.ts';

type StoredNumber = Omit<NumberLayout, 'cells' | 'perWidth' | 'edges'> & { readonly edges: readonly number[] };

export function storedColumns(columns: readonly Column[]): unknown {
  return columns.map(({ name, source, layout }) => ({ name, source, layout: storedLayout(layout) }));
}

/** @throws when the value is not what `storedColumns` gave */
export function columnsOf(stored: unknown): Column[] {
  return (stored as Column[]).map(({ name, source, layout }) => ({ name, source, layout: restored(layout) }));
}

function storedLayout(layout: ColumnLayout): unknown {
  switch (layout.kind) {
    case 'number': return storedNumber(layout);
    case 'category': return { kind: layout.kind, values: layout.values };
    case 'text': return { ...layout, descriptors: Object.fromEntries(DESCRIPTORS.map((name) => [name, storedNumber(layout.descriptors[name])])) };
    case 'vector': return { kind: layout.kind, dims: layout.dims, reach: layout.reach, projections: layout.projections.map(storedNumber) };
  }
}

function storedNumber({ cells: _cells, perWidth: _perWidth, edges, ...rest }: NumberLayout): StoredNumber {
  return { ...rest, edges: [...edges] };
}

function restored(layout: ColumnLayout): ColumnLayout {
  switch (layout.kind) {
    case 'number': return restoredNumber(layout);
    case 'category': return categoryLayout(layout.values);
    case 'text': {
      const descriptor = (name: Descriptor) => restoredNumber(layout.descriptors[name]);
      return { ...layout, descriptors: { length: descriptor('length'), entropy: descriptor('entropy'), script: descriptor('script'), repetition: descriptor('repetition') } };
    }
    case 'vector': return { ...layout, projections: layout.projections.map(restoredNumber), directions: projectionsFor(layout.dims) };
  }
}

function restoredNumber(stored: Omit<StoredNumber, 'edges'> & { readonly edges: Iterable<number> }): NumberLayout {
  const edges = Float64Array.from(stored.edges);
  return { ...stored, edges, ...countingOf({ ...stored, edges }) };
}
