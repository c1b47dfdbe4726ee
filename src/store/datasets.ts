/** Labelled rows as the dataset builder sees them, their sides and bands, and the datasets themselves. */
import type { Origin, Side } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface LabelledRow {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly origin: Origin;
  readonly labelledAt: Date;
  readonly correctedAt: Date | null;
}

const LABELLED = 'id, text, label, origin, labelled_at as "labelledAt", corrected_at as "correctedAt"';

/** The next rows that have no side yet, in the order in which they get one. */
export async function rowsWithoutSide(db: Queryable, model: string, limit: number): Promise<{ id: string; text: string; chosen: boolean }[]> {
  const { rows } = await db.query<{ id: string; text: string; chosen: boolean }>(
    'select id, text, chosen from labelled_rows where model = $1 and side is null order by labelled_at, id collate "C" limit $2',
    [model, limit],
  );
  return rows;
}

/** Rows with a side that share any of the bands. */
export async function rowsByBands(db: Queryable, model: string, bands: readonly number[]): Promise<{ id: string; text: string; side: Side }[]> {
  const { rows } = await db.query<{ id: string; text: string; side: Side }>(
    `select r.id, r.text, r.side from labelled_rows r
      where r.model = $1 and r.side is not null
        and r.id in (select b.row_id from labelled_bands b where b.model = $1 and b.band = any ($2::bigint[]))
      order by r.id collate "C"`,
    [model, bands],
  );
  return rows;
}

/** Sides are set once: a row that has one keeps it, whoever asks. */
export async function fixSides(db: Queryable, model: string, ids: readonly string[], sides: readonly Side[]): Promise<void> {
  await db.query(
    `update labelled_rows r set side = v.side from unnest($2::text[], $3::text[]) as v (id, side)
      where r.model = $1 and r.id = v.id and r.side is null`,
    [model, ids, sides],
  );
}

export async function insertBands(db: Queryable, model: string, bands: readonly { band: number; rowId: string }[]): Promise<void> {
  await db.query(
    `insert into labelled_bands (model, band, row_id)
      select $1, v.band, v.row_id from unnest($2::bigint[], $3::text[]) as v (band, row_id) on conflict do nothing`,
    [model, bands.map((b) => b.band), bands.map((b) => b.rowId)],
  );
}

/** Train rows labelled from `from` on, the newest label first. */
export async function trainRowsSince(db: Queryable, model: string, from: Date, limit: number): Promise<LabelledRow[]> {
  const { rows } = await db.query<LabelledRow>(
    `select ${LABELLED} from labelled_rows where model = $1 and side = 'train' and labelled_at >= $2
      order by coalesce(corrected_at, labelled_at) desc, id collate "C" desc limit $3`,
    [model, from, limit],
  );
  return rows;
}

/** Train rows labelled before `from` in a random order that the seed decides; the first rows of every label come before the second ones. */
export async function trainRowsBefore(db: Queryable, model: string, from: Date, seed: string, limit: number): Promise<LabelledRow[]> {
  const { rows } = await db.query<LabelledRow>(
    `select ${LABELLED} from (
       select *, md5($3 || ':' || id) as draw, row_number() over (partition by label order by md5($3 || ':' || id), id) as turn
         from labelled_rows where model = $1 and side = 'train' and labelled_at < $2
     ) older order by turn, draw, id limit $4`,
    [model, from, seed, limit],
  );
  return rows;
}

/** Labelled rows by their ids, with their sides. */
export async function namedRows(db: Queryable, model: string, ids: readonly string[]): Promise<(LabelledRow & { side: Side })[]> {
  const { rows } = await db.query<LabelledRow & { side: Side }>(
    `select ${LABELLED}, side from labelled_rows where model = $1 and id = any ($2::text[]) and side is not null order by id collate "C"`,
    [model, ids],
  );
  return rows;
}

/** How many train rows were labelled from `from` on, counted up to `limit`. */
export async function countTrainSince(db: Queryable, model: string, from: Date, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from (
       select 1 from labelled_rows where model = $1 and side = 'train' and labelled_at >= $2 limit $3
     ) current`,
    [model, from, limit],
  );
  return rows[0]?.count ?? 0;
}

/** All rows of the exam side, the oldest first. */
export async function examRows(db: Queryable, model: string): Promise<LabelledRow[]> {
  const { rows } = await db.query<LabelledRow>(
    `select ${LABELLED} from labelled_rows where model = $1 and side = 'exam' order by labelled_at, id collate "C"`,
    [model],
  );
  return rows;
}

/** Labelled rows that have a side, and those of them on neither. */
export async function countSides(db: Queryable, model: string): Promise<{ labelled: number; neither: number }> {
  const { rows } = await db.query<{ labelled: number; neither: number }>(
    `select count(*) as labelled, count(*) filter (where side = 'neither') as neither
      from labelled_rows where model = $1 and side is not null`,
    [model],
  );
  return rows[0] ?? { labelled: 0, neither: 0 };
}

/** The manifest that was made for a run. */
export async function datasetOfRun<Manifest>(db: Queryable, runId: string): Promise<Manifest | null> {
  const { rows } = await db.query<{ manifest: Manifest }>('select manifest from datasets where run_id = $1', [runId]);
  return rows[0]?.manifest ?? null;
}

/** The manifest with the id. */
export async function getDataset<Manifest>(db: Queryable, id: string): Promise<Manifest | null> {
  const { rows } = await db.query<{ manifest: Manifest }>('select manifest from datasets where id = $1', [id]);
  return rows[0]?.manifest ?? null;
}

/** The manifest that was made last for a model. */
export async function latestDataset<Manifest>(db: Queryable, model: string): Promise<Manifest | null> {
  const { rows } = await db.query<{ manifest: Manifest }>(
    'select manifest from datasets where model = $1 order by created_at desc, id limit 1',
    [model],
  );
  return rows[0]?.manifest ?? null;
}

/** Manifests of a model, the newest first. */
export async function listDatasets<Manifest>(db: Queryable, model: string, limit: number): Promise<Manifest[]> {
  const { rows } = await db.query<{ manifest: Manifest }>('select manifest from datasets where model = $1 order by created_at desc, id limit $2', [model, limit]);
  return rows.map((row) => row.manifest);
}

export async function insertDataset(
  db: Queryable,
  dataset: { id: string; model: string; runId: string; manifest: unknown; createdAt: Date },
): Promise<void> {
  await db.query('insert into datasets (id, model, run_id, manifest, created_at) values ($1, $2, $3, $4, $5)', [
    dataset.id,
    dataset.model,
    dataset.runId,
    JSON.stringify(dataset.manifest),
    dataset.createdAt,
  ]);
}
