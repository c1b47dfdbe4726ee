/** Stored history, as another policy is played on it. */
import type { Queryable } from './postgres.ts';

export interface HistoryPane {
  readonly pane: number;
  readonly openedAt: Date;
  readonly closedAt: Date;
  /** One for each adapter and reference that had rows. */
  readonly profiles: readonly { readonly adapter: string; readonly reference: string; readonly profile: Uint8Array }[];
}

export interface Stretch {
  readonly model: string;
  readonly from: Date;
  readonly to: Date;
}

/** Up to `limit` panes of a stretch that closed after pane `after`, the oldest first. */
export async function panesAfter(db: Queryable, { model, from, to }: Stretch, after: number, limit: number): Promise<HistoryPane[]> {
  const { rows } = await db.query<{ pane: number; openedAt: Date; closedAt: Date; adapter: string | null; reference: string; profile: Uint8Array }>(
    `with stretch as (select * from panes where model = $1 and closed_at > $2 and closed_at <= $3 and pane > $4 order by pane limit $5)
     select s.pane, s.opened_at as "openedAt", s.closed_at as "closedAt", f.adapter, f.reference, f.profile
     from stretch s left join pane_profiles f on f.model = s.model and f.pane = s.pane order by s.pane, f.adapter, f.reference`,
    [model, from, to, after, limit],
  );
  const panes = new Map<number, HistoryPane & { readonly profiles: { adapter: string; reference: string; profile: Uint8Array }[] }>();
  for (const { pane, openedAt, closedAt, adapter, reference, profile } of rows) {
    const known = panes.get(pane) ?? { pane, openedAt, closedAt, profiles: [] };
    panes.set(pane, known);
    if (adapter !== null) known.profiles.push({ adapter, reference, profile });
  }
  return [...panes.values()];
}

/** Milliseconds of the shortest closed pane of a stretch; null without panes. */
export async function shortestPane(db: Queryable, { model, from, to }: Stretch): Promise<number | null> {
  const { rows } = await db.query<{ seconds: number | null }>(`select min(date_part('epoch', closed_at - opened_at)) as seconds from panes where model = $1 and closed_at > $2 and closed_at <= $3`, [model, from, to]);
  const seconds = rows[0]?.seconds ?? null;
  return seconds === null ? null : Math.round(seconds * 1_000);
}

/** When each closed pane of a stretch closed, the oldest first. */
export async function closings(db: Queryable, { model, from, to }: Stretch): Promise<Date[]> {
  const { rows } = await db.query<{ at: Date }>('select closed_at as at from panes where model = $1 and closed_at > $2 and closed_at <= $3 order by pane', [model, from, to]);
  return rows.map(({ at }) => at);
}

/** What was live, and from when on; the oldest first. */
export async function liveHistory(db: Queryable, model: string): Promise<{ adapter: string; reference: string; seq: number; at: Date }[]> {
  const { rows } = await db.query<{ adapter: string; reference: string; seq: number; at: Date }>('select adapter, reference, seq, at from promotions where model = $1 order by seq', [model]);
  return rows;
}

/** What a reference learnt, and when; the oldest first. */
export async function supplementTimes(db: Queryable, reference: string): Promise<{ seq: number; at: Date }[]> {
  const { rows } = await db.query<{ seq: number; at: Date }>('select seq, created_at as at from supplements where reference = $1 order by seq', [reference]);
  return rows;
}

/** Labelled rows that came in each interval that the times end, up to and with the last; `since` bounds the first. */
export async function labelCounts(db: Queryable, model: string, since: Date | null, ends: readonly Date[]): Promise<number[]> {
  const counts = ends.map(() => 0);
  const last = ends.at(-1);
  if (last === undefined) return counts;
  const { rows } = await db.query<{ i: number; n: number }>(
    `select width_bucket(greatest(labelled_at, corrected_at), $2::timestamptz[]) as i, count(*) as n from labelled_rows
     where model = $1 and greatest(labelled_at, corrected_at) <= $3 and ($4::timestamptz is null or greatest(labelled_at, corrected_at) > $4) group by 1`,
    [model, ends, last, since],
  );
  // one that came at the very end of an interval is counted in the next, save in the last
  for (const { i, n } of rows) counts[Math.min(i, ends.length - 1)] = (counts[Math.min(i, ends.length - 1)] ?? 0) + n;
  return counts;
}

/** Runs that were opened in a stretch, the oldest first. */
export async function runStarts(db: Queryable, { model, from, to }: Stretch): Promise<{ run: string; at: Date; reason: string }[]> {
  const { rows } = await db.query<{ run: string; at: Date; reason: string }>(
    `select r.id as run, r.created_at as at, t.reason from runs r join triggers t on t.id = r.trigger_id where r.model = $1 and r.created_at > $2 and r.created_at <= $3 order by r.created_at, r.id`,
    [model, from, to],
  );
  return rows;
}

/** When the last run before a time was opened; null when none was. */
export async function lastStartBefore(db: Queryable, model: string, at: Date): Promise<Date | null> {
  const { rows } = await db.query<{ last: Date | null }>('select max(created_at) as last from runs where model = $1 and created_at <= $2', [model, at]);
  return rows[0]?.last ?? null;
}

/** Incidents that were opened in a stretch, the oldest first. */
export async function incidentsOpened(db: Queryable, { model, from, to }: Stretch): Promise<{ at: Date; pane: number; monitor: string; joined: string[]; level: string; alarms: number; effect: number }[]> {
  const { rows } = await db.query<{ at: Date; pane: number; monitor: string; joined: string[]; level: string; alarms: number; effect: number }>(
    `select opened_at as at, pane, monitor, joined, level, alarms, (evidence ->> 'effect')::float8 as effect from incidents where model = $1 and opened_at > $2 and opened_at <= $3 order by opened_at, id`,
    [model, from, to],
  );
  return rows;
}

export interface HistoryOutcome {
  readonly predictedAt: Date;
  /** To the microsecond, which a Date does not hold. */
  readonly at: string;
  readonly prediction: string;
  readonly adapter: string | null;
  /** Of the first feedback. */
  readonly score: number;
}

/** Up to `limit` outcomes of the predictions of a stretch behind one of them, in the order of the predictions. */
export async function outcomesAfter(db: Queryable, { model, from, to }: Stretch, after: Pick<HistoryOutcome, 'at' | 'prediction'> | null, limit: number): Promise<HistoryOutcome[]> {
  const { rows } = await db.query<HistoryOutcome>(
    `select predicted_at as "predictedAt", predicted_at::text as at, prediction_id as prediction, adapter, first_score as score from outcomes
     where model = $1 and predicted_at > $2 and predicted_at <= $3 and ($4::timestamptz is null or (predicted_at, prediction_id) > ($4, $5)) order by predicted_at, prediction_id limit $6`,
    [model, from, to, after?.at ?? null, after?.prediction ?? null, limit],
  );
  return rows;
}
