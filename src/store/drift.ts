/** Panes, their profiles, and the monitors' states. */
import type { ModelSpec } from '../spec.ts';
import type { Queryable } from './postgres.ts';

export interface OpenPaneOfModel {
  readonly model: string;
  readonly spec: ModelSpec;
  readonly pane: number;
  readonly openedAt: Date;
}

const OPEN = 'select p.model, m.spec, p.pane, p.opened_at as "openedAt" from panes p join models m on m.name = p.model where p.closed_at is null';

/** The open pane of every model. */
export async function openPanes(db: Queryable): Promise<OpenPaneOfModel[]> {
  const { rows } = await db.query<OpenPaneOfModel>(`${OPEN} order by p.model`);
  return rows;
}

/** The open pane of one model; null for a model that is not registered. */
export async function openPaneOf(db: Queryable, model: string): Promise<OpenPaneOfModel | null> {
  const { rows } = await db.query<OpenPaneOfModel>(`${OPEN} and p.model = $1`, [model]);
  return rows[0] ?? null;
}

/** Closes a pane and opens the next; false when it was not open. Call under the model's exclusive pane lock. */
export async function turnPane(db: Queryable, model: string, pane: number, now: Date): Promise<boolean> {
  const closed = await db.query('update panes set closed_at = $3 where model = $1 and pane = $2 and closed_at is null', [model, pane, now]);
  if (closed.rowCount !== 1) return false;
  await db.query('insert into panes (model, pane, opened_at) values ($1, $2, $3)', [model, pane + 1, now]);
  return true;
}

export interface StoredDelta {
  readonly seq: number;
  readonly adapter: string;
  readonly reference: string;
  readonly profile: Uint8Array;
}

/** Up to `limit` deltas of a pane after `seq`, in order. */
export async function deltasAfter(db: Queryable, model: string, pane: number, seq: number, limit: number): Promise<StoredDelta[]> {
  const { rows } = await db.query<StoredDelta>(
    'select seq, adapter, reference, profile from pane_deltas where model = $1 and pane <= $2 and seq > $3 order by seq limit $4',
    [model, pane, seq, limit],
  );
  return rows;
}

export async function deleteDeltas(db: Queryable, model: string, pane: number): Promise<void> {
  await db.query('delete from pane_deltas where model = $1 and pane <= $2', [model, pane]);
  await db.query('delete from pane_clusters where model = $1 and pane <= $2', [model, pane]);
}

export async function insertPaneProfile(db: Queryable, row: { model: string; pane: number; adapter: string; reference: string; profile: Uint8Array }): Promise<void> {
  await db.query('insert into pane_profiles (model, pane, adapter, reference, profile) values ($1, $2, $3, $4, $5)', [
    row.model, row.pane, row.adapter, row.reference, Buffer.from(row.profile),
  ]);
}

/** Profiles of the closed panes after `pane` of one adapter and reference, the oldest first. */
export async function paneProfilesAfter(db: Queryable, model: string, adapter: string, reference: string, pane: number): Promise<{ pane: number; profile: Uint8Array }[]> {
  const { rows } = await db.query<{ pane: number; profile: Uint8Array }>(
    'select pane, profile from pane_profiles where model = $1 and adapter = $2 and reference = $3 and pane > $4 order by pane',
    [model, adapter, reference, pane],
  );
  return rows;
}

/** Profiles of panes of one adapter and reference, as many of them as there are. */
export async function paneProfilesOf(db: Queryable, model: string, adapter: string, reference: string, panes: readonly number[]): Promise<Uint8Array[]> {
  const { rows } = await db.query<{ profile: Uint8Array }>('select profile from pane_profiles where model = $1 and adapter = $2 and reference = $3 and pane = any($4::bigint[])', [model, adapter, reference, panes]);
  return rows.map(({ profile }) => profile);
}

/** How many panes of one adapter and reference that opened since a time have rows, and the first of them; 0 without any. */
export async function panesSince(db: Queryable, model: string, adapter: string, reference: string, since: Date): Promise<{ count: number; first: number }> {
  const { rows } = await db.query<{ count: number; first: number }>(
    `select count(*) as count, coalesce(min(f.pane), 0) as first from pane_profiles f join panes p on p.model = f.model and p.pane = f.pane
     where f.model = $1 and f.adapter = $2 and f.reference = $3 and p.opened_at >= $4`,
    [model, adapter, reference, since],
  );
  return rows[0] ?? { count: 0, first: 0 };
}

/** Up to `limit` profiles of the closed panes after `pane` of one adapter and reference, the oldest first; the first `skip` of them are left out. */
export async function panePage(db: Queryable, model: string, adapter: string, reference: string, pane: number, limit: number, skip = 0): Promise<{ pane: number; profile: Uint8Array }[]> {
  const { rows } = await db.query<{ pane: number; profile: Uint8Array }>(
    'select pane, profile from pane_profiles where model = $1 and adapter = $2 and reference = $3 and pane > $4 order by pane limit $5 offset $6',
    [model, adapter, reference, pane, limit, skip],
  );
  return rows;
}

/** Profiles of the panes of one adapter and reference that opened since a time, the oldest first. */
export async function timedPaneProfiles(db: Queryable, model: string, adapter: string, reference: string, since: Date): Promise<{ openedAt: Date; profile: Uint8Array }[]> {
  const { rows } = await db.query<{ openedAt: Date; profile: Uint8Array }>(
    `select p.opened_at as "openedAt", f.profile from pane_profiles f join panes p on p.model = f.model and p.pane = f.pane
     where f.model = $1 and f.adapter = $2 and f.reference = $3 and p.opened_at >= $4 order by f.pane`,
    [model, adapter, reference, since],
  );
  return rows;
}

/** All profiles of the last `limit` closed panes, whatever adapter; panes without rows come with a null profile. */
export async function lastPanes(db: Queryable, model: string, limit: number): Promise<{ pane: number; openedAt: Date; closedAt: Date; adapter: string | null; profile: Uint8Array | null }[]> {
  const { rows } = await db.query<{ pane: number; openedAt: Date; closedAt: Date; adapter: string | null; profile: Uint8Array | null }>(
    `with last as (select * from panes where model = $1 and closed_at is not null order by pane desc limit $2)
     select l.pane, l.opened_at as "openedAt", l.closed_at as "closedAt", p.adapter, p.profile
     from last l left join pane_profiles p on p.model = l.model and p.pane = l.pane
     order by l.pane, p.adapter, p.reference`,
    [model, limit],
  );
  return rows;
}

/**
 * Forgets panes that closed before a time, with their profiles; returns how many. The newest `keep` of a model stay, and all that its
 * monitors' oldest checkpoints still need: an alarm must be computable again from its evidence.
 */
export async function expirePanes(db: Queryable, before: Date, keep: number): Promise<number> {
  const { rowCount } = await db.query(
    `with gone as (
       delete from panes p where p.closed_at < $1
         and p.pane < (select max(q.pane) from panes q where q.model = p.model) - $2
         and p.pane <= coalesce((
           select min((m.state #>> '{checkpoints,0,pane}')::bigint) from monitors m join live l on l.model = m.model and l.reference = m.reference where m.model = p.model
         ), p.pane)
       returning p.model, p.pane
     ), profiles as (delete from pane_profiles f using gone g where f.model = g.model and f.pane = g.pane)
     select from gone`,
    [before, keep],
  );
  return rowCount ?? 0;
}

/** What is live, and the promotion that made it so. */
export async function liveOf(db: Queryable, model: string): Promise<{ adapter: string; reference: string; seq: number } | null> {
  const { rows } = await db.query<{ adapter: string; reference: string; seq: number }>('select adapter, reference, seq from live where model = $1', [model]);
  return rows[0] ?? null;
}

/** When a promotion was. */
export async function promotedAt(db: Queryable, model: string, seq: number): Promise<Date> {
  const { rows } = await db.query<{ at: Date }>('select at from promotions where model = $1 and seq = $2', [model, seq]);
  return rows[0]?.at ?? new Date(0);
}

export interface StoredMonitor {
  readonly monitor: string;
  readonly pane: number;
  readonly state: unknown;
}

export async function monitorsOf(db: Queryable, model: string, reference: string): Promise<StoredMonitor[]> {
  const { rows } = await db.query<StoredMonitor>('select monitor, pane, state from monitors where model = $1 and reference = $2', [model, reference]);
  return rows;
}

/** Stores the monitors' states after a pane, in one statement; gives those that had not taken that pane, or a later one, already. */
export async function saveMonitors(db: Queryable, { model, reference, pane, now, states }: { model: string; reference: string; pane: number; now: Date; states: readonly { readonly monitor: string; readonly state: unknown }[] }): Promise<Set<string>> {
  const { rows } = await db.query<{ monitor: string }>(
    `insert into monitors as m (model, monitor, reference, pane, state, updated_at)
       select $1, s.monitor, $2, $3, s.state::jsonb, $4 from unnest($5::text[], $6::text[]) as s(monitor, state)
     on conflict (model, monitor, reference) do update set pane = excluded.pane, state = excluded.state, updated_at = excluded.updated_at
       where m.pane < excluded.pane
     returning m.monitor`,
    [model, reference, pane, now, states.map((each) => each.monitor), states.map((each) => JSON.stringify(each.state))],
  );
  return new Set(rows.map((row) => row.monitor));
}
