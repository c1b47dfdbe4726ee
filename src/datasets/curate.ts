/** What of the labelled rows goes into a dataset. Pure: rows in, rows out. */
import type { ModelSpec } from '../spec.ts';
import type { LabelledRow } from '../store/datasets.ts';
import { createNearIndex } from './near-index.ts';
import type { ExamQuestionRow } from './manifest.ts';
import { sketch } from './sketch.ts';
import { inTurns } from './turns.ts';

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

/**
 * Rows have to come newest first: of one text the newest label stays. Near-duplicates go only when they have the same label,
 * since near texts of two labels ("turn ... on", "turn ... off") are the most instructive rows there are.
 */
export function createSieve(dedupe: ModelSpec['data']['dedupe']): Sieve {
  const labels = new Map<string, string>();
  const near = createNearIndex();
  const dropped: Dropped = { duplicates: 0, contradictions: 0 };
  return {
    dropped,
    isNew(row) {
      const seen = sketch(row.text);
      const label = labels.get(seen.text);
      if (label !== undefined && label !== row.label) dropped.contradictions += 1;
      if (label !== undefined || (dedupe === 'near' && near.hasNear(seen, row.label))) {
        dropped.duplicates += 1;
        return false;
      }
      labels.set(seen.text, row.label);
      if (dedupe === 'near') near.add(seen, row.label);
      return true;
    },
  };
}

/**
 * Chooses `quota` of the older rows so that every label has as many rows as possible in all: each next row goes to the label that
 * has the fewest so far, so a label that left the window is remembered first. `older` comes in its seeded random order.
 */
export async function chooseReplay(older: readonly LabelledRow[], current: readonly LabelledRow[], quota: number, sieve: Sieve): Promise<LabelledRow[]> {
  const waiting = new Map<string, LabelledRow[]>();
  for (const row of older) {
    const list = waiting.get(row.label);
    if (list) list.push(row);
    else waiting.set(row.label, [row]);
  }
  const have = countByLabel(current);
  const queues = [...waiting].map(([label, rows]) => ({ label, rows, next: 0, have: have.get(label) ?? 0 })).sort((a, b) => (a.label < b.label ? -1 : 1));
  const chosen: LabelledRow[] = [];
  // One turn for each older row at most, so the loop ends when they do.
  await inTurns(older, () => {
    if (chosen.length >= quota) return;
    let poorest: (typeof queues)[number] | undefined;
    for (const queue of queues) if (queue.next < queue.rows.length && (!poorest || queue.have < poorest.have)) poorest = queue;
    const row = poorest?.rows[poorest.next++];
    if (!poorest || !row || !sieve.isNew(row)) return;
    poorest.have += 1;
    chosen.push(row);
  });
  return chosen;
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
    if (!known && (near.sameText(text) !== undefined || (dedupe === 'near' && near.hasNear(text, label)))) return;
    near.add(text, label);
    exam.push({ id: row.id, text: row.text, label, window: current, origin: row.origin });
  });
  return { exam, duplicates: rows.length - exam.length };
}

/** When the row's label was last given. */
function stamp(row: LabelledRow): number {
  return (row.correctedAt ?? row.labelledAt).getTime();
}

export function countByLabel(rows: readonly { label: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of rows) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
