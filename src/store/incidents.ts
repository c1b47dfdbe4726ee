/** Incidents: latched, one a cause; a monitor has one unresolved at a time, its own or one that it joined. */
import type { IncidentLevel, IncidentState } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

/** `E` is the evidence, which the drift domain knows. */
export interface StoredIncident<E> {
  readonly id: string;
  readonly model: string;
  /** Its id: the kind, with the column that it watches. Of several the one that opened it. */
  readonly monitor: string;
  /** Monitors that alarmed of the same cause, in the order in which they came. */
  readonly joined: readonly string[];
  readonly level: IncidentLevel;
  readonly adapter: string;
  readonly reference: string;
  /** The pane whose closing raised it. */
  readonly pane: number;
  readonly state: IncidentState;
  readonly evidence: E;
  /** How often its monitors alarmed while this was unresolved. */
  readonly alarms: number;
  readonly openedAt: Date;
  readonly lastAlarmAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: Date | null;
  /** Until then it raises no events and starts no triggers; null: it was never muted, or somebody ended that. */
  readonly mutedUntil: Date | null;
  readonly mutedBy: string | null;
  readonly muteReason: string | null;
}

const COLUMNS = `id, model, monitor, joined, level, adapter, reference, pane, state, evidence, alarms, opened_at as "openedAt", last_alarm_at as "lastAlarmAt",
  acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy", resolved_at as "resolvedAt",
  muted_until as "mutedUntil", muted_by as "mutedBy", mute_reason as "muteReason"`;

const RISEN = `level = $5, state = case when level <> $5 then 'open' else state end,
       acknowledged_at = case when level <> $5 then null else acknowledged_at end, acknowledged_by = case when level <> $5 then null else acknowledged_by end`;

/** Counts an alarm in the incident that the monitor is latched in; its id, or null when there is none. */
export async function countAlarm(db: Queryable, model: string, monitor: string, now: Date): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `update incidents set alarms = alarms + 1, last_alarm_at = $3 where model = $1 and $2 = any (joined || monitor) and state <> 'resolved' returning id`,
    [model, monitor, now],
  );
  return rows[0]?.id ?? null;
}

export async function insertIncident(
  db: Queryable,
  row: { id: string; model: string; monitor: string; level: IncidentLevel; adapter: string; reference: string; pane: number; evidence: unknown; now: Date },
): Promise<void> {
  await db.query(
    `insert into incidents (id, model, monitor, adapter, reference, pane, state, evidence, opened_at, last_alarm_at, level)
     values ($1, $2, $3, $4, $5, $6, 'open', $7::jsonb, $8, $8, $9)`,
    [row.id, row.model, row.monitor, row.adapter, row.reference, row.pane, JSON.stringify(row.evidence), row.now, row.level],
  );
}

/** Unresolved incidents of a model, the oldest first. */
export async function unresolvedIncidents<E>(db: Queryable, model: string): Promise<StoredIncident<E>[]> {
  const { rows } = await db.query<StoredIncident<E>>(`select ${COLUMNS} from incidents where model = $1 and state <> 'resolved' order by opened_at, id`, [model]);
  return rows;
}

/**
 * Lets a monitor join an incident, with its evidence. A level that rises opens an acknowledged one again: somebody has seen less than there is.
 * What was assessed is dropped, since more is known now.
 */
export async function joinIncident(db: Queryable, id: string, { monitor, evidence, level, now }: { monitor: string; evidence: unknown; level: { readonly level: IncidentLevel }; now: Date }): Promise<void> {
  await db.query(
    `update incidents set joined = array_append(joined, $2), alarms = alarms + 1, last_alarm_at = $6,
       evidence = (evidence - 'assumptions') || jsonb_build_object('joined', evidence -> 'joined' || $3::jsonb, 'level', $4::jsonb),
       ${RISEN}
     where id = $1`,
    [id, monitor, JSON.stringify([evidence]), JSON.stringify(level), level.level, now],
  );
}

/** Adds to an incident's evidence what was found out of it; false when somebody joined it meanwhile, or it was resolved. */
export async function assessIncident(db: Queryable, { id, alarms }: { id: string; alarms: number }, { found, level }: { found: Readonly<Record<string, unknown>>; level: { readonly level: IncidentLevel } }): Promise<boolean> {
  const { rowCount } = await db.query(
    `update incidents set evidence = evidence || $2::jsonb || jsonb_build_object('level', $4::jsonb), ${RISEN} where id = $1 and alarms = $3 and state <> 'resolved'`,
    [id, JSON.stringify(found), alarms, JSON.stringify(level), level.level],
  );
  return rowCount === 1;
}

/** Null when it is resolved already. A null `until` ends it. */
export async function muteIncident<E>(db: Queryable, id: string, mute: { until: Date | null; by: string; reason: string }): Promise<StoredIncident<E> | null> {
  const { rows } = await db.query<StoredIncident<E>>(
    `update incidents set muted_until = $2, muted_by = $3, mute_reason = $4 where id = $1 and state <> 'resolved' returning ${COLUMNS}`,
    [id, mute.until, mute.by, mute.reason],
  );
  return rows[0] ?? null;
}

/** Incidents, the newest first; null filters nothing. */
export async function listIncidents<E>(db: Queryable, model: string | null, state: IncidentState | null, limit: number): Promise<StoredIncident<E>[]> {
  const { rows } = await db.query<StoredIncident<E>>(
    `select ${COLUMNS} from incidents where ($1::text is null or model = $1) and ($2::text is null or state = $2) order by opened_at desc, id limit $3`,
    [model, state, limit],
  );
  return rows;
}

export async function getIncident<E>(db: Queryable, id: string): Promise<StoredIncident<E> | null> {
  const { rows } = await db.query<StoredIncident<E>>(`select ${COLUMNS} from incidents where id = $1`, [id]);
  return rows[0] ?? null;
}

/** Marks an open incident as seen; null when it is not open. */
export async function acknowledgeIncident<E>(db: Queryable, id: string, by: string, now: Date): Promise<StoredIncident<E> | null> {
  const { rows } = await db.query<StoredIncident<E>>(
    `update incidents set state = 'acknowledged', acknowledged_at = $3, acknowledged_by = $2 where id = $1 and state = 'open' returning ${COLUMNS}`,
    [id, by, now],
  );
  return rows[0] ?? null;
}

/** The monitors of a model that have an unresolved incident. */
export async function latchedMonitors(db: Queryable, model: string): Promise<Set<string>> {
  const { rows } = await db.query<{ monitor: string }>(`select distinct unnest(joined || monitor) as monitor from incidents where model = $1 and state <> 'resolved'`, [model]);
  return new Set(rows.map((row) => row.monitor));
}

const RESOLVE = `update incidents set state = 'resolved', resolved_at = $1, evidence = evidence || jsonb_build_object('resolution', jsonb_build_object('reason', $2::text, 'by', $3::text))
  where state <> 'resolved'`;

/** Resolves an incident; null when it is resolved already. */
export async function resolveIncident<E>(db: Queryable, id: string, reason: string, by: string, now: Date): Promise<StoredIncident<E> | null> {
  const { rows } = await db.query<StoredIncident<E>>(`${RESOLVE} and id = $4 returning ${COLUMNS}`, [now, reason, by, id]);
  return rows[0] ?? null;
}

/** Resolves the incidents of a model that are not of the promotion in force: they speak of an adapter that is no longer live. */
export async function resolveFormerIncidents(db: Queryable, model: string, reason: string, by: string, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `${RESOLVE} and model = $4
       and not exists (select from live l where l.model = incidents.model and l.reference = incidents.reference and l.adapter = incidents.adapter
                       and not exists (select from promotions p where p.model = l.model and p.seq = l.seq and p.at > incidents.opened_at))
     returning id`,
    [now, reason, by, model],
  );
  return rows.map((row) => row.id);
}
