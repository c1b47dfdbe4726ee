/** Collects the dataset of a run from the labelled rows of its model. */
import { getLines, putLines, type ObjectStore } from '../store/objects/index.ts';
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { milliseconds, rulesOf, type ModelSpec } from '../spec.ts';
import * as store from '../store/datasets.ts';
import { textsOfRun } from '../store/moved-texts.ts';
import { lockModel, transaction, type Client, type Pool } from '../store/postgres.ts';
import { capExam, chooseExam, chooseReplay, countBy, countLabels, createSieve, type GroupOf } from './curate.ts';
import { sealManifest, type DatasetManifest, type ExamQuestionRow, type TrainLine } from './manifest.ts';
import { withNegatives } from './negatives.ts';
import { NORMALISATION } from './normalise.ts';
import { capTrain, incidentLineage, withReserved, type NamedRow } from './reserved.ts';
import { fixNewSides } from './sides.ts';
import { NEAR } from './sketch.ts';
import { inTurns } from './turns.ts';
import type { TaskRules } from '../tasks/index.ts';

export type { DatasetManifest, ExamQuestionRow, TrainLine } from './manifest.ts';

export interface DatasetParts {
  readonly pool: Pool;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

export interface DatasetRequest {
  readonly model: string;
  readonly spec: ModelSpec;
  readonly runId: string;
}

/** A head cannot be fitted to fewer; below, a run would train for nothing. */
const MIN_TRAIN_ROWS = 20;
/** A quiet window is filled up to this with older rows: two hundred new rows alone would unlearn all others. */
const FILL_UP_ROWS = 1_000;

/**
 * The run's dataset, made once: a second call returns the first one's manifest.
 * @throws TrimtabError `bad-data` when there are too few rows or labels; the message says how many there are and are needed
 */
export async function collect(parts: DatasetParts, request: DatasetRequest): Promise<DatasetManifest> {
  const { pool } = parts;
  const made = await store.datasetOfRun<DatasetManifest>(pool, request.runId);
  if (made) return made;
  // A transaction of its own: sides hold from first sight on, also when there are too few rows for a dataset.
  await transaction(pool, async (client) => {
    await lockModel(client, 'dataset', request.model, 'exclusive');
    await fixNewSides(client, request.model, request.spec.data.examShare);
  });
  return transaction(pool, async (client) => {
    await lockModel(client, 'dataset', request.model, 'exclusive');
    // Another replica may have made it while this one waited.
    return (await store.datasetOfRun<DatasetManifest>(client, request.runId)) ?? make(client, parts, request);
  });
}

async function make(client: Client, { objects, clock }: DatasetParts, { model, spec, runId }: DatasetRequest): Promise<DatasetManifest> {
  const now = clock.now();
  const former = await store.latestDataset<DatasetManifest>(client, model);
  const sides = await store.countSides(client, model);
  const from = await windowStart(client, model, new Date(now.getTime() - milliseconds(spec.data.window)));
  const seed = `${spec.training.seed}:${former?.id ?? ''}`;
  const rules = rulesOf(spec);
  const named = await textsOfRun(client, runId);
  const namedRows = await store.namedRows(client, model, named.flatMap(({ sampleIds }) => sampleIds));
  const train = await chooseTrain(client, model, spec.data, { from, seed, groupOf: rules.groupOf, reserved: namedRows.filter(({ side }) => side === 'train') });
  const { hardNegatives } = spec.data;
  const trainRows = await withNegatives(client, train.rows, { model, rules, most: hardNegatives ?? 0 });
  const formerExam = former ? await getLines<ExamQuestionRow>(objects, former.exam) : [];
  const { exam: all, duplicates } = await chooseExam(await store.examRows(client, model), new Set(formerExam.map((row) => row.id)), from, spec.data.dedupe, rules.groupOf);
  const exam = capExam(all, spec.data.maxExamRows);
  const byLabel = [...countLabels(train.rows, rules.labelsIn)].sort(([a], [b]) => (a < b ? -1 : 1));
  requireEnough({ model, window: spec.data.window, train: train.rows.length, kinds: kindsOf(rules, train.rows, byLabel.length), exam: exam.length, labelled: sides.labelled });
  const manifest = sealManifest({
    model,
    runId,
    createdAt: now.toISOString(),
    recipe: {
      version: 1,
      seed,
      from: from.getTime() === 0 ? null : from.toISOString(),
      window: spec.data.window,
      replay: spec.data.replay,
      dedupe: spec.data.dedupe,
      examShare: spec.data.examShare,
      maxRows: spec.data.maxRows,
      maxExamRows: spec.data.maxExamRows,
      ...(hardNegatives === undefined ? {} : { hardNegatives }),
      normalisation: NORMALISATION,
      near: NEAR,
    },
    counts: {
      ...train.counts,
      ...(hardNegatives === undefined ? {} : { withNegatives: trainRows.filter(({ negatives }) => negatives !== undefined).length }),
      validation: 0,
      exam: exam.length,
      examWindow: exam.filter((row) => row.window).length,
      examDuplicates: duplicates,
      examLeftOut: all.length - exam.length,
      neither: sides.neither,
      labelled: sides.labelled,
      byLabel: Object.fromEntries(byLabel),
    },
    labels: byLabel.map(([label]) => label),
    majority: rules.trivial(train.rows.map((row) => row.label)),
    train: await putLines(objects, trainRows),
    exam: await putLines(objects, exam),
    parents: former ? [former.id] : [],
    newRows: Math.max(0, sides.labelled - (former?.counts.labelled ?? 0)),
    ...(named.length === 0 ? {} : { incidents: incidentLineage(named, namedRows, new Set(train.rows.map(({ id }) => id))) }),
  });
  await store.insertDataset(client, { id: manifest.id, model, runId, manifest, createdAt: now });
  return manifest;
}

/** From when on rows are current. When too few are, all are: the first import of a model is often old, and is the best that is known. */
async function windowStart(client: Client, model: string, from: Date): Promise<Date> {
  const current = await store.countTrainSince(client, model, from, MIN_TRAIN_ROWS);
  return current < MIN_TRAIN_ROWS ? new Date(0) : from;
}

interface Choice {
  /** Rows labelled from then on are current. */
  readonly from: Date;
  readonly seed: string;
  readonly groupOf: GroupOf;
  readonly reserved: readonly NamedRow[];
}

async function chooseTrain(client: Client, model: string, data: ModelSpec['data'], { from, seed, groupOf, reserved }: Choice) {
  const reservedIds = new Set(reserved.map(({ id }) => id));
  const sieve = createSieve(data.dedupe, groupOf);
  const candidates = withReserved(await store.trainRowsSince(client, model, from, 2 * data.maxRows), reserved);
  const fresh = await inTurns(candidates, (row) => sieve.isNew(row));
  const current = capTrain(candidates.filter((_, i) => fresh[i]), reservedIds, data.maxRows);
  const quota = data.replay === 0 ? 0 : Math.min(data.maxRows, Math.max(Math.round(data.replay * current.length), FILL_UP_ROWS - current.length));
  const older = quota === 0 ? [] : await store.trainRowsBefore(client, model, from, seed, 4 * quota + 1_000);
  const replay = await chooseReplay(older.filter(({ id }) => !reservedIds.has(id)), current, quota, sieve, groupOf);
  // Over the limit the oldest rows of the window go, not the replay: it is what keeps the adapter from forgetting.
  const kept = capTrain(current, reservedIds, Math.max(0, data.maxRows - replay.length));
  const rows = [...kept, ...replay].map(({ id, text, label }): TrainLine => ({ id, text, label })).sort((a, b) => (a.id < b.id ? -1 : 1));
  const { duplicates, contradictions } = sieve.dropped;
  return { rows, counts: { window: kept.length, replay: replay.length, train: rows.length, droppedDuplicates: duplicates, contradictions } };
}

/** What a task must have some of to be learnt, how many, and its name. */
interface Kinds {
  readonly have: number;
  readonly need: number;
  readonly what: string;
}

function kindsOf(rules: TaskRules, rows: readonly TrainLine[], labels: number): Kinds {
  if (rules.task === 'embedding') return { have: countBy(rows, rules.groupOf).size, need: 2, what: 'document' };
  if (rules.task === 'generation') return { have: rows.length, need: 1, what: 'completion' };
  return { have: labels, need: rules.task === 'classification' && rules.labelling === 'single' ? 2 : 1, what: 'label' };
}

function requireEnough(have: { model: string; window: string; train: number; kinds: Kinds; exam: number; labelled: number }): void {
  const { kinds } = have;
  if (have.train >= MIN_TRAIN_ROWS && kinds.have >= kinds.need && have.exam > 0) return;
  const of = (n: number) => `${n} ${kinds.what}${n === 1 ? '' : 's'}`;
  throw new TrimtabError('bad-data', {
    what: `labelled rows of model "${have.model}"`,
    problem: `${have.labelled} rows give ${have.train} rows to train on, of ${of(kinds.have)}, and ${have.exam} to examine with (window ${have.window}, duplicates left out)`,
    right: `at least ${MIN_TRAIN_ROWS} distinct rows to train on, of ${of(kinds.need)}, and 1 to examine with are needed; import more labelled rows`,
  });
}
