/** Predictions: parsed once, written once and profiled once, in one transaction. */
import { matchFeedback } from '../store/feedback.ts';
import { upsertLabels } from '../store/labels.ts';
import { openPane, type OpenPane } from '../store/panes.ts';
import { isDuplicate, lockModel, type Client } from '../store/postgres.ts';
import { copyIds, copyPredictions, insertPredictions, takeIds, type Arrival, type NewPrediction } from '../store/predictions.ts';
import { firstOfClusters } from './clusters.ts';
import { countAnswer, countOutcome, deltaOf, openDeltas, writeDeltas, type Counted, type Delta } from './deltas.ts';
import { labelsOf } from './labels.ts';
import { writeOutcomes } from './outcomes.ts';
import { byId, unknownModel, write, type RowResult, type WriteParts } from './write.ts';

/** From this many rows on, copying ids and rows, and starting again at a duplicate, is quicker than inserting them. */
const COPY_FROM = 100;

/** Writes predictions of one model; a result for each, in order. Durable when it returns. */
export async function writePredictions(parts: WriteParts, model: string, rows: readonly NewPrediction[]): Promise<RowResult[]> {
  const receivedAt = parts.clock.now();
  // the first of several with one id in a batch is the one that counts
  const candidates = new Map<string, NewPrediction>();
  for (const row of rows) if (!candidates.has(row.id)) candidates.set(row.id, row);
  const sorted = [...candidates.values()].sort(byId);
  return write(parts.pool, async (db) => {
    await lockModel(db, 'pane', model, 'shared');
    const open = await openPane(db, model);
    if (open === null) return rows.map(() => unknownModel(model));
    const answered = sorted.map((row) => (row.adapter === null && open.adapter !== null ? { ...row, adapter: open.adapter } : row));
    const taken = await writeFresh(db, { model, pane: open.pane, receivedAt }, answered);
    await profileTaken(parts, db, model, open, taken, receivedAt);
    const ids = new Set(taken.map((row) => row.id));
    return rows.map((row) => (candidates.get(row.id) === row && ids.has(row.id) ? 'accepted' : 'duplicate'));
  });
}

/** Writes the rows whose ids are new, and returns them. */
async function writeFresh(db: Client, where: Arrival, sorted: readonly NewPrediction[]): Promise<readonly NewPrediction[]> {
  if (sorted.length < COPY_FROM) return only(sorted, await insertPredictions(db, where, sorted));
  const ids = sorted.map((row) => row.id);
  const all = await copiedAll(db, where.model, ids, where.receivedAt);
  const fresh = all ? sorted : only(sorted, await takeIds(db, where.model, ids, where.receivedAt));
  if (fresh.length > 0) await copyPredictions(db, where, fresh);
  return fresh;
}

function only(rows: readonly NewPrediction[], ids: readonly string[]): readonly NewPrediction[] {
  if (ids.length === rows.length) return rows;
  const wanted = new Set(ids);
  return rows.filter((row) => wanted.has(row.id));
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

function countedOf(row: NewPrediction, now: Date): Counted & { readonly adapter: string | null } {
  const { id, adapter, input, label, confidence, segment, values, occurredAt } = row;
  return { id, adapter, input, label, confidence, segment, features: values, at: occurredAt === null ? now.getTime() : Date.parse(occurredAt) };
}

/** Counts the rows that went in, with the feedback that waited for them, into the open pane. */
async function profileTaken(parts: WriteParts, db: Client, model: string, open: OpenPane, taken: readonly NewPrediction[], now: Date): Promise<void> {
  if (taken.length === 0) return;
  const deltas = await openDeltas(db, parts.references, model, open, taken.map((row) => row.adapter));
  const counted = taken.map((row) => countedOf(row, now));
  for (const row of await firstOfClusters(db, model, open, deltas, 'predictions', counted, (each) => each)) {
    const delta = deltaOf(deltas, row);
    if (delta !== undefined) countAnswer(delta, row);
  }
  if (open.waiting) await matchWaiting(parts, db, model, open, deltas, taken, now);
  await writeDeltas(db, model, open, deltas);
}

/** Feedback that came before its prediction: it is labelled now, and the first of each prediction counts for the monitors. */
async function matchWaiting(parts: WriteParts, db: Client, model: string, open: OpenPane, deltas: ReadonlyMap<string, Delta>, taken: readonly NewPrediction[], now: Date): Promise<void> {
  const byPrediction = new Map(taken.map((row) => [row.id, row]));
  const rules = parts.rulesOf(model);
  // only now is there a text to hold a truth against; one that does not fit is kept as it came and used for nothing
  const matched = (await matchFeedback(db, model, [...byPrediction.keys()], now)).filter(({ predictionId, label }) => {
    const text = byPrediction.get(predictionId)?.input;
    return label === null || text === undefined || rules.misfit(label, text) === null;
  });
  const firstOf = matched.flatMap((feedback) => {
    const prediction = byPrediction.get(feedback.predictionId);
    return feedback.first && !feedback.chosen && prediction !== undefined ? [{ feedback, prediction: countedOf(prediction, now) }] : [];
  });
  for (const { feedback, prediction } of await firstOfClusters(db, model, open, deltas, 'outcomes', firstOf, (each) => each.prediction)) {
    const delta = deltaOf(deltas, prediction);
    if (delta !== undefined) countOutcome(delta, prediction, feedback);
  }
  const judged = new Map([...byPrediction].map(([id, row]) => [id, { ...row, receivedAt: now }]));
  const metricOf = (adapter: string | null) => (adapter === null ? undefined : deltas.get(adapter)?.reference.scoring.metric);
  await writeOutcomes(db, model, { rules, metricOf }, matched.filter((row) => !row.chosen), judged, now);
  if (matched.length > 0) await upsertLabels(db, model, 'feedback', labelsOf(matched, byPrediction, now), now);
}
