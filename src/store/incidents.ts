/** Incidents: latched, one unresolved at a time for each monitor of a model. */
import type { IncidentState } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

/** `E` is the evidence, which the drift domain knows. */
export interface StoredIncident<E> {
  readonly id: string;
  readonly model: string;
  /** Its id: the kind, with the column that it watches. */
  readonly monitor: string;
  readonly adapter: string;
  readonly reference: string;
  /** The pane whose closing raised it. */
  readonly pane: number;
  readonly state: IncidentState;
  readonly evidence: E;
  /** How often the monitor alarmed while this was unresolved. */
  readonly alarms: number;
  readonly openedAt: Date;
  readonly lastAlarmAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: Date | null;
}

const COLUMNS = `id, model, monitor, adapter, reference, pane, state, evidence, alarms, opened_at as "openedAt", last_alarm_at as "lastAlarmAt",
  acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy", resolved_at as "resolvedAt"`;

/** Counts an alarm in the incident that is latched for the monitor; its id, or null when there is none. */
export async function countAlarm(db: Queryable, model: string, monitor: string, now: Date): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `update incidents set alarms = alarms + 1, last_alarm_at = $3 where model = $1 and monitor = $2 and state <> 'resolved' returning id`,
    [model, monitor, now],
  );
  return rows[0]?.id ?? null;
}

export async function insertIncident(
  db: Queryable,
  row: { id: string; model: string; monitor: string; adapter: string; reference: string; pane: number; evidence: unknown; now: Date },
): Promise<void> {
  await db.query(
    `insert into incidents (id, model, monitor, adapter, reference, pane, state, evidence, opened_at, last_alarm_at)
     values ($1, $2, $3, $4, $5, $6, 'open', $7::jsonb, $8, $8)`,
    [row.id, row.model, row.monitor, row.adapter, row.reference, row.pane, JSON.stringify(row.evidence), row.now],
  );
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
  const { rows } = await db.query<{ monitor: string }>(`select distinct monitor from incidents where model = $1 and state <> 'resolved'`, [model]);
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
