/** The open pane of a model, and the profile deltas that go into it. */
import type { Queryable } from './postgres.ts';

export interface OpenPane {
  readonly pane: number;
  /** The live adapter and its reference; null before the first promotion. */
  readonly adapter: string | null;
  readonly reference: string | null;
  /** The reference's newest supplement; null when it has none. */
  readonly supplement: number | null;
  /** True when some feedback still waits for its prediction. */
  readonly waiting: boolean;
}

export interface PaneDelta {
  readonly adapter: string;
  readonly reference: string;
  /** encoded `Profile` */
  readonly profile: Uint8Array;
}

/**
 * The open pane, read under the model's pane lock, which keeps it open until the transaction ends; null for a model that is
 * not registered.
 */
export async function openPane(db: Queryable, model: string): Promise<OpenPane | null> {
  const { rows } = await db.query<OpenPane>({
    name: 'open-pane',
    text: `select p.pane, l.adapter, l.reference, (select max(s.seq) from supplements s where s.reference = l.reference) as supplement,
             exists (select from feedback f where f.model = p.model and f.matched_at is null) as waiting
           from panes p left join live l on l.model = p.model
           where p.model = $1 and p.closed_at is null`,
    values: [model],
  });
  return rows[0] ?? null;
}

/** Adds what one transaction changed to the open pane: inserted, never updated, so that transactions do not wait for each other. */
export async function insertDeltas(db: Queryable, model: string, pane: number, deltas: readonly PaneDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await db.query({
    name: 'insert-deltas',
    text: `insert into pane_deltas (model, pane, adapter, reference, profile)
           select $1, $2, d.adapter, d.reference, d.profile from unnest($3::text[], $4::text[], $5::bytea[]) as d(adapter, reference, profile)`,
    values: [model, pane, deltas.map((d) => d.adapter), deltas.map((d) => d.reference), deltas.map((d) => Buffer.from(d.profile))],
  });
}

/**
 * Of clusters those that have no row in a pane yet: from now on they have. A transaction that asks for the same waits until this one ends.
 * Must be sorted, against deadlocks.
 */
export async function takeClusters(db: Queryable, model: string, pane: number, outcome: boolean, clusters: readonly number[]): Promise<Set<number>> {
  const { rows } = await db.query<{ cluster: string | number }>({
    name: 'take-clusters',
    text: `insert into pane_clusters (model, pane, outcome, cluster) select $1, $2, $3, c from unnest($4::bigint[]) as c
           on conflict do nothing returning cluster`,
    values: [model, pane, outcome, clusters],
  });
  return new Set(rows.map((row) => Number(row.cluster)));
}
