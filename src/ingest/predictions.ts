/** Predictions: parsed once, written once and profiled once, in one transaction. */
import { observeOutcome, observePrediction } from '../profile/index.ts';
import { matchFeedback } from '../store/feedback.ts';
import { upsertLabels } from '../store/labels.ts';
import { openPane, type OpenPane } from '../store/panes.ts';
import { isDuplicate, lockModel, type Client } from '../store/postgres.ts';
import { copyIds, copyPredictions, takeIds, type NewPrediction } from '../store/predictions.ts';
import { deltaOf, openDeltas, writeDeltas, type Delta } from './deltas.ts';
import { labelsOf } from './labels.ts';
import { byId, unknownModel, write, type RowResult, type WriteParts } from './write.ts';

/** From this many rows on, copying ids and falling back at a duplicate is quicker than inserting them one by one. */
const COPY_FROM = 100;

/** Writes predictions of one model; a result for each, in order. Durable when it returns. */
export async function writePredictions(parts: WriteParts, model: string, rows: readonly NewPrediction[]): Promise<RowResult[]> {
  const now = parts.clock.now();
  return write(parts.pool, async (db) => {
    await lockModel(db, 'pane', model, 'shared');
    const open = await openPane(db, model);
    if (open === null) return rows.map(() => unknownModel(model));
    const candidates = new Map<string, NewPrediction>();
    // the first of several with one id in a batch is the one that counts
    for (const row of rows) if (!candidates.has(row.id)) candidates.set(row.id, row);
    const sorted = [...candidates.values()].sort(byId);
    const fresh = await takeFresh(db, model, sorted, now);
    const taken = fresh.map((row) => (row.adapter === null && open.adapter !== null ? { ...row, adapter: open.adapter } : row));
    await writeTaken(parts, db, model, open, taken, now);
    const winners = new Set(fresh);
    return rows.map((row) => (winners.has(row) ? 'accepted' : 'duplicate'));
  });
}

async function takeFresh(db: Client, model: string, sorted: readonly NewPrediction[], now: Date): Promise<readonly NewPrediction[]> {
  const ids = sorted.map((row) => row.id);
  if (sorted.length >= COPY_FROM && (await copiedAll(db, model, ids, now))) return sorted;
  const fresh = await takeIds(db, model, ids, now);
  if (fresh.length === sorted.length) return sorted;
  const isFresh = new Set(fresh);
  return sorted.filter((row) => isFresh.has(row.id));
}

/** False when one of the ids was taken before: then none was copied. */
async function copiedAll(db: Client, model: string, ids: readonly string[], now: Date): Promise<boolean> {
  await db.query('savepoint ids');
  try {
    await copyIds(db, model, ids, now);
    return true;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    await db.query('rollback to savepoint ids');
    return false;
  }
}

async function writeTaken(parts: WriteParts, db: Client, model: string, open: OpenPane, taken: readonly NewPrediction[], now: Date): Promise<void> {
  if (taken.length === 0) return;
  await copyPredictions(db, { model, pane: open.pane, receivedAt: now }, taken);
  const deltas = await openDeltas(db, parts.references, model, open, taken.map((row) => row.adapter));
  for (const row of taken) {
    const delta = deltaOf(deltas, row);
    if (delta !== undefined) observePrediction(delta.profile, delta.reference, { text: row.input, label: row.label, confidence: row.confidence });
  }
  if (open.waiting) await matchWaiting(db, model, deltas, taken, now);
  await writeDeltas(db, model, open, deltas);
}

/** Feedback that came before its prediction: it is labelled now, and the first of each prediction counts for the monitors. */
async function matchWaiting(db: Client, model: string, deltas: ReadonlyMap<string, Delta>, taken: readonly NewPrediction[], now: Date): Promise<void> {
  const byPrediction = new Map(taken.map((row) => [row.id, row]));
  const matched = await matchFeedback(db, model, [...byPrediction.keys()], now);
  for (const feedback of matched) {
    const prediction = byPrediction.get(feedback.predictionId);
    const delta = deltaOf(deltas, prediction);
    if (feedback.first && prediction !== undefined && delta !== undefined) observeOutcome(delta.profile, prediction.label, feedback.label);
  }
  if (matched.length > 0) await upsertLabels(db, model, 'feedback', labelsOf(matched, byPrediction, now), now);
}
