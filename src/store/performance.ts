/**
 * What a report of performance counts: sums by bucket, adapter and bin of confidence, made in the database; no row leaves it.
 *
 * What it reads: `predictions` is partitioned by the day of received_at and every query here bounds that column by parameters,
 * so only the days of the range are opened, and within them the range of the index (model, received_at), or the whole partition
 * where the model has most of its rows. Ages need that index alone (an index-only scan once the day is vacuumed), unless a segment
 * is asked for. `outcomes` is read by its index (model, predicted_at) and joined with nothing.
 */
import type { BinCount, ScoredBin } from '../statistics/confidence-bins.ts';
import type { Queryable } from './postgres.ts';

export interface Range {
  readonly model: string;
  readonly from: Date;
  readonly to: Date;
  /** Null: all. */
  readonly segment: string | null;
}

export interface Grid extends Range {
  readonly bucketSeconds: number;
  readonly edges: readonly number[];
}

interface Place {
  /** Number of the bucket from `from` on. */
  readonly bucket: number;
  readonly adapter: string | null;
}

/** Sorted here, where they are few: the database would sort all rows before it counts them. */
function byPlace(a: Place & BinCount, b: Place & BinCount): number {
  const [x, y] = [a.adapter ?? '', b.adapter ?? ''];
  return a.bucket - b.bucket || (x < y ? -1 : Number(x > y)) || a.bin - b.bin;
}

const SCOPE = (time: string) => `model = $1 and ${time} >= $2 and ${time} < $3 and ($4::text is null or segment = $4)`;
// date_part and not extract, which counts in numeric and takes twice as long
const seconds = (interval: string) => `date_part('epoch', ${interval})`;
const BUCKET = (time: string) => `floor(${seconds(`${time} - $2::timestamptz`)} / $5::float8)::int as bucket`;
// -1: no confidence
const BIN = 'case when confidence is null then -1 else width_bucket(confidence, $6::float8[]) end as bin';
const CONFIDENCE = 'coalesce(sum(confidence), 0) as confidence';

const inRange = ({ model, from, to, segment }: Range) => [model, from, to, segment];
const inGrid = (grid: Grid) => [...inRange(grid), grid.bucketSeconds, grid.edges];

/** Predictions, labelled or not. */
export async function predictionCounts(db: Queryable, grid: Grid): Promise<(Place & BinCount)[]> {
  const { rows } = await db.query<Place & BinCount>(
    `select ${BUCKET('received_at')}, adapter, ${BIN}, count(*) as n, ${CONFIDENCE} from predictions where ${SCOPE('received_at')} group by 1, 2, 3`,
    inGrid(grid),
  );
  return rows.sort(byPlace);
}

export interface OutcomeCount extends Place, ScoredBin {
  /** Of the first feedbacks, as the monitors saw them. */
  readonly firstScore: number;
  readonly repeats: number;
  /** Predictions of which feedback said one thing and then another. */
  readonly contradicted: number;
}

/** Predictions that are labelled, with the last of their scores by `metric`. */
export async function outcomeCounts(db: Queryable, grid: Grid, metric: string): Promise<OutcomeCount[]> {
  const { rows } = await db.query<OutcomeCount>(
    `select ${BUCKET('predicted_at')}, adapter, ${BIN}, count(*) as n, ${CONFIDENCE}, sum(score) as score, sum(score * score) as squares,
       sum(first_score) as "firstScore", sum(repeats) as repeats, count(*) filter (where contradictions > 0) as contradicted
     from outcomes where ${SCOPE('predicted_at')} and metric = $7 group by 1, 2, 3`,
    [...inGrid(grid), metric],
  );
  return rows.sort(byPlace);
}

/** Labelled predictions whose scores are of another metric. */
export async function otherwiseScored(db: Queryable, range: Range, metric: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(`select count(*) as n from outcomes where ${SCOPE('predicted_at')} and metric <> $5`, [...inRange(range), metric]);
  return rows[0]?.n ?? 0;
}

/** Predictions by how many edges, in seconds, are at most their age at `now`. */
export async function ageCounts(db: Queryable, range: Range, now: Date, edges: readonly number[]): Promise<{ age: number; n: number }[]> {
  const { rows } = await db.query<{ age: number; n: number }>(
    `select width_bucket(${seconds('$5::timestamptz - received_at')}, $6::float8[]) as age, count(*) as n
     from predictions where ${SCOPE('received_at')} group by 1`,
    [...inRange(range), now, edges],
  );
  return rows;
}

/** Labelled predictions by age and by the delay of their first feedback. */
export async function delayCounts(db: Queryable, range: Range, now: Date, edges: readonly number[]): Promise<{ age: number; delay: number; n: number }[]> {
  const { rows } = await db.query<{ age: number; delay: number; n: number }>(
    `select width_bucket(${seconds('$5::timestamptz - predicted_at')}, $6::float8[]) as age,
       width_bucket(${seconds('arrived_at - predicted_at')}, $6::float8[]) as delay, count(*) as n
     from outcomes where ${SCOPE('predicted_at')} group by 1, 2`,
    [...inRange(range), now, edges],
  );
  return rows;
}

export interface StoredCalibration {
  readonly reference: string;
  readonly metric: string;
  readonly bins: readonly ScoredBin[];
}

/** Of a reference that is there; it is frozen as the reference is. */
export async function insertCalibration(db: Queryable, { reference, metric, bins }: StoredCalibration): Promise<void> {
  await db.query('insert into calibrations (reference, metric, bins) values ($1, $2, $3::jsonb) on conflict do nothing', [reference, metric, JSON.stringify(bins)]);
}

/** Null of a reference whose exam rows were not kept by bins. */
export async function calibrationOf(db: Queryable, reference: string): Promise<StoredCalibration | null> {
  const { rows } = await db.query<StoredCalibration>('select reference, metric, bins from calibrations where reference = $1', [reference]);
  return rows[0] ?? null;
}

/** By adapter, of the newest reference that was scored by `metric`. */
export async function calibrationsOf(db: Queryable, model: string, adapters: readonly string[], metric: string): Promise<Map<string, StoredCalibration>> {
  const { rows } = await db.query<StoredCalibration & { adapter: string }>(
    `select distinct on (r.adapter) r.adapter, c.reference, c.metric, c.bins from "references" r join calibrations c on c.reference = r.id
     where r.model = $1 and r.adapter = any($2::text[]) and c.metric = $3 order by r.adapter, r.created_at desc, r.id desc`,
    [model, adapters, metric],
  );
  return new Map(rows.map(({ adapter, ...calibration }) => [adapter, calibration]));
}
