/**
 * Rows that a dataset is sure to look at: predictions that the incidents of its run name as texts that moved, and that were labelled since.
 * The rule: those on the train side are taken before all others, whenever they were labelled, so that neither the window nor `maxRows`
 * shuts them out. They weigh what every row weighs, keep the side that they have, and leave where a newer row says the same.
 */
import type { LabelledRow } from '../store/datasets.ts';
import type { NamedTexts } from '../store/moved-texts.ts';
import type { Side } from '../vocabulary.ts';
import { stamp } from './curate.ts';
import type { DatasetIncident } from './manifest.ts';

export type NamedRow = LabelledRow & { readonly side: Side };

/** The candidates with the reserved rows among them, the newest label first. */
export function withReserved(candidates: readonly LabelledRow[], reserved: readonly LabelledRow[]): LabelledRow[] {
  const there = new Set(candidates.map(({ id }) => id));
  const missing = reserved.filter(({ id }) => !there.has(id));
  // the sort is stable: among candidates the store's order stays
  return missing.length === 0 ? [...candidates] : [...candidates, ...missing].sort((a, b) => stamp(b) - stamp(a));
}

/** At most `most` rows: the reserved ones, then the newest. They keep their order. */
export function capTrain<R extends { readonly id: string }>(rows: readonly R[], reserved: ReadonlySet<string>, most: number): R[] {
  if (rows.length <= most) return [...rows];
  let free = Math.max(0, most - rows.filter(({ id }) => reserved.has(id)).length);
  return rows.filter(({ id }) => reserved.has(id) || free-- > 0).slice(0, most);
}

/** What the manifest says of each incident. */
export function incidentLineage(named: readonly NamedTexts[], rows: readonly NamedRow[], train: ReadonlySet<string>): DatasetIncident[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return named.map(({ incident, sampleIds }) => {
    const own = sampleIds.flatMap((id) => byId.get(id) ?? []);
    const count = (is: (row: NamedRow) => boolean) => own.filter(is).length;
    return {
      id: incident, sampleIds, labelled: own.length,
      train: count(({ id }) => train.has(id)), leftOut: count(({ id, side }) => side === 'train' && !train.has(id)),
      exam: count(({ side }) => side === 'exam'), neither: count(({ side }) => side === 'neither'),
    };
  });
}
