/** What of the labelled rows goes into a dataset. Pure: rows in, rows out. */
import { sha256 } from '../canonical.ts';
import type { ModelSpec } from '../spec.ts';
import type { LabelledRow } from '../store/datasets.ts';
import { createNearIndex } from './near-index.ts';
import type { ExamQuestionRow } from './manifest.ts';
import { sketch } from './sketch.ts';
import { createTurns, inTurns } from './turns.ts';

export interface Dropped {
  duplicates: number;
  /** Duplicates whose label was another than that of the row which stayed. */
  contradictions: number;
}

/** Remembers kept rows and says of the next one whether it is new. */
export interface Sieve {
  readonly dropped: Dropped;
  isNew(row: LabelledRow): boolean;
}

/** How rows are grouped: rows of one group say the same (`TaskRules.groupOf`). */
export type GroupOf = (label: string) => string;

/**
 * Rows have to come newest first: of one text the newest label stays. Near-duplicates go only when they are of the same group,
 * since near texts of two labels ("turn ... on", "turn ... off") are the most instructive rows there are.
 */
export function createSieve(dedupe: ModelSpec['data']['dedupe'], groupOf: GroupOf): Sieve {
  const labels = new Map<string, string>();
  const near = createNearIndex();
  const dropped: Dropped = { duplicates: 0, contradictions: 0 };
  return {
    dropped,
    isNew(row) {
      const seen = sketch(row.text);
      const label = labels.get(seen.text);
      const group = groupOf(row.label);
      if (label !== undefined && label !== row.label) dropped.contradictions += 1;
      if (label !== undefined || (dedupe === 'near' && near.hasNear(seen, group))) {
        dropped.duplicates += 1;
        return false;
      }
      labels.set(seen.text, row.label);
      if (dedupe === 'near') near.add(seen, group);
      return true;
    },
  };
}

interface Queue {
  readonly group: string;
  readonly rows: readonly LabelledRow[];
  next: number;
}

/**
 * Chooses `quota` of the older rows so that every group has as many rows as possible in all: each next row goes to the group that
 * has the fewest so far, so a label that left the window is remembered first. `older` comes in its seeded random order.
 */
export async function chooseReplay(older: readonly LabelledRow[], current: readonly LabelledRow[], quota: number, sieve: Sieve, groupOf: GroupOf): Promise<LabelledRow[]> {
  const have = countBy(current, groupOf);
  /** Groups by the number of rows that they have. */
  const levels = new Map<number, Queue[]>();
  for (const [group, rows] of Map.groupBy(older, (row) => groupOf(row.label))) put(levels, have.get(group) ?? 0, { group, rows, next: 0 });
  const chosen: LabelledRow[] = [];
  const turn = createTurns();
  while (levels.size > 0) {
    const level = Math.min(...levels.keys());
    const queues = (levels.get(level) ?? []).sort((a, b) => (a.group < b.group ? -1 : 1));
    levels.delete(level);
    for (const queue of queues) {
      for (let row = queue.rows[queue.next++]; row !== undefined; row = queue.rows[queue.next++]) {
        if (chosen.length >= quota) return chosen;
        await turn();
        if (!sieve.isNew(row)) continue;
        chosen.push(row);
        put(levels, level + 1, queue);
        break;
      }
    }
  }
  return chosen;
}

function put(levels: Map<number, Queue[]>, level: number, queue: Queue): void {
  const queues = levels.get(level);
  if (queues) queues.push(queue);
  else levels.set(level, [queue]);
}

/**
 * The exam: all rows of the exam side but duplicates. Rows of the former exam come first, so an exam contains those before it;
 * a text's newest label counts, and a text is current when it was seen in the window again.
 */
export async function chooseExam(
  rows: readonly LabelledRow[],
  former: ReadonlySet<string>,
  from: Date,
  dedupe: ModelSpec['data']['dedupe'],
  groupOf: GroupOf,
): Promise<{ exam: ExamQuestionRow[]; duplicates: number }> {
  const latest = new Map<string, { label: string; at: number; current: boolean }>();
  const texts = await inTurns(rows, (row) => sketch(row.text));
  for (const [i, row] of rows.entries()) {
    const { text } = texts[i]!;
    const seen = latest.get(text);
    const at = stamp(row);
    const current = row.labelledAt >= from || (seen?.current ?? false);
    latest.set(text, seen && seen.at > at ? { ...seen, current } : { label: row.label, at, current });
  }
  const near = createNearIndex();
  const exam: ExamQuestionRow[] = [];
  const order = [...rows.keys()].sort((a, b) => Number(former.has(rows[b]!.id)) - Number(former.has(rows[a]!.id)) || a - b);
  await inTurns(order, (i) => {
    const [row, text] = [rows[i]!, texts[i]!];
    const { label, current } = latest.get(text.text)!;
    const known = former.has(row.id);
    if (!known && (near.sameText(text) !== undefined || (dedupe === 'near' && near.hasNear(text, groupOf(label))))) return;
    near.add(text, groupOf(label));
    exam.push({ id: row.id, text: row.text, label, window: current, origin: row.origin });
  });
  return { exam, duplicates: rows.length - exam.length };
}

/** When the row's label was last given. */
export function stamp(row: LabelledRow): number {
  return (row.correctedAt ?? row.labelledAt).getTime();
}

/**
 * At most `most` rows of an exam, so that what a challenger costs does not grow for ever: rows of the window first, then older
 * ones. Within each the order is that of a hash of the id, so a row stays in from exam to exam as long as there is room, and
 * what is left out depends on no adapter. The rows that stay keep their order.
 */
export function capExam(exam: readonly ExamQuestionRow[], most: number): ExamQuestionRow[] {
  if (exam.length <= most) return [...exam];
  const order = exam.map(({ id, window }) => ({ id, key: `${window ? 0 : 1}${sha256(id)}` })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const kept = new Set(order.slice(0, most).map(({ id }) => id));
  return exam.filter(({ id }) => kept.has(id));
}

/** Rows of each group. */
export function countBy(rows: readonly { label: string }[], groupOf: GroupOf): Map<string, number> {
  return countLabels(rows, (label) => [groupOf(label)]);
}

/** Rows that have each label; a row may have several, or none. */
export function countLabels(rows: readonly { label: string }[], labelsIn: (label: string) => readonly string[] | null): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of rows) for (const each of new Set(labelsIn(label))) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}
