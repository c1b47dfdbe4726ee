/** Counting predicted labels. */
import type { Profile } from './profile.ts';

type LabelCounts = Profile['labels'];

/** Counts one category. The hot path: no allocation. */
export function observeLabel(labels: LabelCounts, index: ReadonlyMap<string, number>, label: string): void {
  const at = index.get(label);
  if (at === undefined) labels.unseen++;
  else if (at < labels.counts.length) labels.counts[at] = (labels.counts[at] as number) + 1;
  else labels.other++;
}

/** Counts the labels of one row, each stream once: a monitor bets on rows, which a label is in or is not. */
export function observeLabels(labels: LabelCounts, index: ReadonlyMap<string, number>, row: string | readonly string[]): void {
  if (typeof row === 'string') return observeLabel(labels, index, row);
  if (row.length === 1) return observeLabel(labels, index, row[0] as string);
  let [other, unseen] = [false, false];
  for (const label of new Set(row)) {
    const at = index.get(label);
    if (at === undefined) unseen = true;
    else if (at < labels.counts.length) labels.counts[at] = (labels.counts[at] as number) + 1;
    else other = true;
  }
  if (other) labels.other++;
  if (unseen) labels.unseen++;
}
