/** Feedback: kept whenever it comes; the first of a prediction feeds the monitors, later ones correct the labelled row. */
import { insertFeedback, type NewFeedback } from '../store/feedback.ts';
import { upsertLabels } from '../store/labels.ts';
import { openPane, type OpenPane } from '../store/panes.ts';
import { lockModel, type Client } from '../store/postgres.ts';
import { featuresOf, type PredictionFeatures } from '../store/features.ts';
import { findOldPredictions, findPredictions, type FoundPrediction } from '../store/predictions.ts';
import { firstOfClusters } from './clusters.ts';
import { countOutcome, deltaOf, openDeltas, writeDeltas, type Delta } from './deltas.ts';
import { labelsOf } from './labels.ts';
import { writeOutcomes } from './outcomes.ts';
import type { ParsedFeedback } from './parse.ts';
import { compare, unknownModel, write, type RowResult, type WriteParts } from './write.ts';

/** Writes feedback of one model; a result for each, in order. Durable when it returns. */
export async function writeFeedback(parts: WriteParts, model: string, rows: readonly ParsedFeedback[]): Promise<RowResult[]> {
  const now = parts.clock.now();
  return write(parts.pool, async (db) => {
    const predictions = await lockAndFind(db, model, rows);
    const open = await openPane(db, model);
    if (open === null) return rows.map(() => unknownModel(model));
    const misfits = misfitsOf(parts, model, rows, predictions);
    const fitting = rows.filter((row) => !misfits.has(row));
    const { fresh, first } = await insert(db, model, fitting, predictions, now);
    const firstOf = [...first].flatMap((row) => {
      const prediction = predictions.get(row.predictionId);
      // rows that were chosen for their answer are no fair sample of the traffic: counted, they would raise false alarms
      return prediction === undefined || row.chosen ? [] : [{ row, prediction }];
    });
    const deltas = await openDeltas(db, parts.references, model, open, firstOf.map(({ prediction }) => prediction.adapter));
    await countOutcomes(db, model, open, deltas, firstOf);
    await writeDeltas(db, model, open, deltas);
    const metricOf = (adapter: string | null) => (adapter === null ? undefined : deltas.get(adapter)?.reference.scoring.metric);
    const told = rows.filter((row) => fresh.has(row));
    const repeats = await writeOutcomes(db, model, { rules: parts.rulesOf(model), metricOf }, told.filter((row) => !row.chosen), predictions, now);
    const labels = labelsOf(told, predictions, now);
    if (labels.length > 0) await upsertLabels(db, model, 'feedback', labels, now);
    return rows.map((row) => misfits.get(row) ?? (fresh.has(row) && !repeats.has(row) ? 'accepted' : 'duplicate'));
  });
}

interface FirstOutcome {
  readonly row: ParsedFeedback;
  readonly prediction: FoundPrediction;
}

async function countOutcomes(db: Client, model: string, open: OpenPane, deltas: ReadonlyMap<string, Delta>, firstOf: readonly FirstOutcome[]): Promise<void> {
  // most models divide by nothing: then features need not be read
  const divided = [...deltas.values()].some(({ reference }) => reference.divisions.length > 0 || reference.clusterKey !== null);
  const known = divided ? await featuresOf(db, model, firstOf.map(({ prediction }) => prediction.id)) : new Map<string, PredictionFeatures>();
  const outcomes = firstOf.map(({ row, prediction }) => {
    const { features = null, at = prediction.receivedAt } = known.get(prediction.id) ?? {};
    return { row, prediction: { ...prediction, features, at: at.getTime() } };
  });
  for (const { row, prediction } of await firstOfClusters(db, model, open, deltas, 'outcomes', outcomes, (each) => each.prediction)) {
    const delta = deltaOf(deltas, prediction);
    if (delta !== undefined) countOutcome(delta, prediction, row);
  }
}

/** Feedback whose truth cannot belong to the text that its prediction was about. */
function misfitsOf(parts: WriteParts, model: string, rows: readonly ParsedFeedback[], predictions: ReadonlyMap<string, FoundPrediction>): Map<ParsedFeedback, RowResult> {
  const rules = parts.rulesOf(model);
  return new Map(rows.flatMap((row) => {
    const text = predictions.get(row.predictionId)?.input;
    const problem = row.label === null || text === undefined ? null : rules.misfit(row.label, text);
    return problem === null ? [] : [[row, { refused: `${rules.truthField}: ${problem}` }] as const];
  }));
}

/**
 * The predictions that are spoken of, under the pane lock. When one is missing the lock is exclusive and the search made
 * again: a prediction that is being written now either is seen here or sees this feedback waiting, and never neither.
 */
async function lockAndFind(db: Client, model: string, rows: readonly ParsedFeedback[]): Promise<Map<string, FoundPrediction>> {
  const found = new Map<string, FoundPrediction>();
  const missing = () => [...new Set(rows.map((row) => row.predictionId))].filter((id) => !found.has(id));
  const look = async (find: typeof findPredictions) => {
    const ids = missing();
    if (ids.length > 0) for (const prediction of await find(db, model, ids)) found.set(prediction.id, prediction);
  };
  await look(findPredictions);
  await look(findOldPredictions);
  if (missing().length === 0) {
    await lockModel(db, 'pane', model, 'shared');
    return found;
  }
  await lockModel(db, 'pane', model, 'exclusive');
  await look(findPredictions);
  return found;
}

interface Inserted {
  readonly fresh: ReadonlySet<ParsedFeedback>;
  /** Of the fresh, those that are the first of their prediction. */
  readonly first: ReadonlySet<ParsedFeedback>;
}

async function insert(db: Client, model: string, rows: readonly ParsedFeedback[], predictions: ReadonlyMap<string, FoundPrediction>, now: Date): Promise<Inserted> {
  const candidates = new Map<string, ParsedFeedback>();
  for (const row of rows) if (!candidates.has(row.id)) candidates.set(row.id, row);
  // sort is stable: those of one prediction stay in order of arrival
  const sorted: NewFeedback[] = [...candidates.values()]
    .sort((a, b) => compare(a.predictionId, b.predictionId))
    .map((row) => ({ ...row, matched: predictions.has(row.predictionId) }));
  const firstIds = new Set(await insertFeedback(db, model, true, sorted, now));
  const rest = sorted.filter((row) => !firstIds.has(row.id));
  const laterIds = rest.length === 0 ? [] : await insertFeedback(db, model, false, rest, now);
  const rowsOf = (ids: Iterable<string>) => new Set([...ids].flatMap((id) => candidates.get(id) ?? []));
  return { first: rowsOf(firstIds), fresh: rowsOf([...firstIds, ...laterIds]) };
}
