/** Labelled rows from outside, and those that feedback makes of predictions. */
import { TrimtabError } from '../errors.ts';
import { labelledTexts, upsertLabels, type NewLabel } from '../store/labels.ts';
import { openPane } from '../store/panes.ts';
import { byId, compare, write, type RowResult, type WriteParts } from './write.ts';
import type { ParsedLabel } from './parse.ts';

/** Rows of one statement: keeps the arrays that it is given of a few megabytes. */
const CHUNK = 5_000;

/** Writes imported rows of one model; a result for each, in order. They feed datasets, never monitors. */
export async function writeImport(parts: WriteParts, model: string, rows: readonly ParsedLabel[]): Promise<RowResult[]> {
  const now = parts.clock.now();
  return write(parts.pool, async (db) => {
    if ((await openPane(db, model)) === null) throw new TrimtabError('not-found', { what: 'model', id: model });
    // the last of several with one id in a batch is the one that stands
    const last = new Map(rows.map((row) => [row.id, row]));
    const sorted = [...last.values()].sort(byId);
    const changed = new Set<string>();
    for (let at = 0; at < sorted.length; at += CHUNK) {
      const labels = sorted.slice(at, at + CHUNK).map((row) => ({ ...row, labelledAt: row.labelledAt ?? now, correctedAt: null, chosen: false }));
      for (const id of await upsertLabels(db, model, 'import', labels, now)) changed.add(id);
    }
    const unchanged = sorted.filter((row) => !changed.has(row.id)).map((row) => row.id);
    const texts = unchanged.length === 0 ? new Map<string, string>() : await labelledTexts(db, model, unchanged);
    return rows.map((row) => resultOf(row, last, changed, texts));
  });
}

function resultOf(row: ParsedLabel, last: ReadonlyMap<string, ParsedLabel>, changed: ReadonlySet<string>, texts: ReadonlyMap<string, string>): RowResult {
  const standing = last.get(row.id);
  const text = texts.get(row.id) ?? standing?.text;
  if (text !== row.text) return { refused: `id "${row.id}" already stands for another text; give the new text an id of its own` };
  return standing === row && changed.has(row.id) ? 'accepted' : 'duplicate';
}

interface Labelled {
  readonly predictionId: string;
  /** Null where only a score is known: nothing can be learnt from it. */
  readonly label: string | null;
  readonly chosen: boolean;
}

/**
 * One labelled row for each prediction: with the last of its labels, corrected when the first was another.
 * `feedback` is in order of arrival, `predictions` has the texts; sorted by id.
 */
export function labelsOf(feedback: readonly Labelled[], predictions: ReadonlyMap<string, { readonly input: string; readonly segment: string | null }>, now: Date): NewLabel[] {
  const labels = new Map<string, NewLabel>();
  for (const { predictionId, label, chosen } of feedback) {
    const prediction = predictions.get(predictionId);
    if (prediction === undefined || label === null) continue;
    const earlier = labels.get(predictionId);
    const corrected = earlier !== undefined && (earlier.correctedAt !== null || earlier.label !== label);
    labels.set(predictionId, { id: predictionId, text: prediction.input, segment: prediction.segment, label, labelledAt: now, correctedAt: corrected ? now : null, chosen: earlier?.chosen ?? chosen });
  }
  return [...labels.values()].sort((a, b) => compare(a.id, b.id));
}
