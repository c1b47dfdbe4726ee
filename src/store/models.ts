/** Models, and every spec that ever was in force. */
import type { ModelSpec } from '../spec.ts';
import type { Labelling } from '../tasks/index.ts';
import type { Task } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface StoredModel {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly version: number;
  readonly createdAt: Date;
}

const COLUMNS = `name, spec, version, created_at as "createdAt"`;

/**
 * Inserts a model, or moves it to a new version when the spec changed; opens its first pane when it has none.
 * Give it a transaction: model, version and pane belong together. The upsert holds the row's lock, so two writers queue up
 * and versions have no gaps; a spec equal to the one in force (jsonb equality: order of keys is nothing) changes nothing.
 */
export async function putModel(db: Queryable, spec: ModelSpec, now: Date): Promise<StoredModel & { readonly changed: boolean }> {
  const body = JSON.stringify(spec);
  const written = await db.query<StoredModel>(
    `insert into models as m (name, spec, version, created_at, updated_at) values ($1, $2::jsonb, 1, $3, $3)
     on conflict (name) do update set spec = excluded.spec, version = m.version + 1, updated_at = excluded.updated_at
       where m.spec <> excluded.spec
     returning ${COLUMNS}`,
    [spec.name, body, now],
  );
  const changed = written.rows[0];
  if (changed !== undefined) {
    await db.query('insert into model_versions (model, version, spec, created_at) values ($1, $2, $3::jsonb, $4)', [
      spec.name,
      changed.version,
      body,
      now,
    ]);
  }
  await openFirstPane(db, spec.name, now);
  const model = changed ?? (await getModel(db, spec.name));
  if (model === null) throw new Error(`model "${spec.name}" was deleted while it was put`);
  return { ...model, changed: changed !== undefined };
}

async function openFirstPane(db: Queryable, model: string, now: Date): Promise<void> {
  await db.query(
    `insert into panes (model, pane, opened_at) select $1, 1, $2
     where not exists (select 1 from panes where model = $1) on conflict do nothing`,
    [model, now],
  );
}

/** The model as it is in force, or null. */
export async function getModel(db: Queryable, name: string): Promise<StoredModel | null> {
  const { rows } = await db.query<StoredModel>(`select ${COLUMNS} from models where name = $1`, [name]);
  return rows[0] ?? null;
}

/** Tasks of those of the models that are registered. */
export async function tasksOf(db: Queryable, names: readonly string[]): Promise<{ name: string; task: Task; labels: Labelling | null }[]> {
  const { rows } = await db.query<{ name: string; task: Task; labels: Labelling | null }>(
    `select name, spec ->> 'task' as task, spec ->> 'labels' as labels from models where name = any($1::text[])`,
    [names],
  );
  return rows;
}

/** All models by name. */
export async function listModels(db: Queryable): Promise<StoredModel[]> {
  const { rows } = await db.query<StoredModel>(`select ${COLUMNS} from models order by name`);
  return rows;
}

/** The spec of one version, or null: a record names the version that it was decided under. */
export async function getModelVersion(db: Queryable, name: string, version: number): Promise<StoredModel | null> {
  const { rows } = await db.query<StoredModel>(
    'select model as name, spec, version, created_at as "createdAt" from model_versions where model = $1 and version = $2',
    [name, version],
  );
  return rows[0] ?? null;
}
