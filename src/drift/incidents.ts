/** Incidents as people and promotions handle them. */
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { acknowledgeIncident, getIncident, listIncidents, muteIncident, resolveFormerIncidents, resolveIncident, type StoredIncident } from '../store/incidents.ts';
import type { Pool } from '../store/postgres.ts';
import type { Events } from '../telemetry/events.ts';
import type { IncidentState } from '../vocabulary.ts';
import { milliseconds } from '../spec.ts';
import { replayIncident } from './evidence.ts';
import { evidencesOf, type IncidentEvidence } from './incident-evidence.ts';

export type Incident = StoredIncident<IncidentEvidence>;

/** One monitor's alarm, computed again from what is stored. */
export interface Replay {
  readonly monitor: string;
  readonly stored: number;
  readonly replayed: number;
  readonly alarm: boolean;
  /** The same e-value, bit for bit, and an alarm. */
  readonly same: boolean;
}

export interface Incidents {
  /** The newest first, 200 at most. */
  list(filter?: { readonly model?: string | undefined; readonly state?: IncidentState | undefined }): Promise<Incident[]>;
  /** Throws `not-found`. */
  get(id: string): Promise<Incident>;
  /** A person has seen it; it stays latched. Of one that is not open it changes nothing. Throws `not-found`. */
  acknowledge(id: string, by: string): Promise<Incident>;
  /** For a duration such as `2h` it raises no events and starts no triggers; alarms are still counted, and its end is still told. Throws `not-found`, `conflict`. */
  mute(id: string, mute: { readonly for: string; readonly reason: string; readonly by: string }): Promise<Incident>;
  unmute(id: string, mute: { readonly reason: string; readonly by: string }): Promise<Incident>;
  /** Computes the alarm of each of its monitors again, from the stored evidence alone. Throws `not-found`. */
  replay(id: string): Promise<Replay[]>;
  /** Lets its monitors open a new one. Of a resolved one it changes nothing. Throws `not-found`. */
  resolve(id: string, reason: string, by: string): Promise<Incident>;
  /** Resolves what speaks of an adapter that is no longer live; call after a promotion or rollback. Returns their ids. */
  rebaseline(model: string, reason?: string): Promise<string[]>;
}

const LISTED = 200;

export function createIncidents({ pool, clock, events }: { pool: Pool; clock: Clock; events: Pick<Events, 'emit'> }): Incidents {
  const get = async (id: string) => {
    const incident = await getIncident<IncidentEvidence>(pool, id);
    if (incident === null) throw new TrimtabError('not-found', { what: 'incident', id });
    return incident;
  };
  const told = (incident: Incident) => {
    events.emit('incident:state', { model: incident.model, incident: incident.id, state: incident.state });
    return incident;
  };
  const muted = async (id: string, mute: { until: Date | null; by: string; reason: string }) => {
    const changed = await muteIncident<IncidentEvidence>(pool, id, mute);
    if (changed !== null) return changed;
    await get(id);
    throw new TrimtabError('conflict', { problem: `incident "${id}" is resolved`, right: 'mute what is open or acknowledged' });
  };
  return {
    get,
    list: ({ model, state } = {}) => listIncidents(pool, model ?? null, state ?? null, LISTED),
    async acknowledge(id, by) {
      const changed = await acknowledgeIncident<IncidentEvidence>(pool, id, by, clock.now());
      return changed === null ? get(id) : told(changed);
    },
    mute: (id, { for: length, ...mute }) => muted(id, { ...mute, until: new Date(clock.now().getTime() + milliseconds(length)) }),
    unmute: (id, mute) => muted(id, { ...mute, until: null }),
    async replay(id) {
      return evidencesOf((await get(id)).evidence).map((evidence) => {
        const { value, alarm } = replayIncident(evidence);
        return { monitor: evidence.monitor, stored: evidence.eValue, replayed: value, alarm, same: alarm && value === evidence.eValue };
      });
    },
    async resolve(id, reason, by) {
      const changed = await resolveIncident<IncidentEvidence>(pool, id, reason, by, clock.now());
      return changed === null ? get(id) : told(changed);
    },
    async rebaseline(model, reason = 'its adapter is no longer live') {
      const ids = await resolveFormerIncidents(pool, model, reason, 'trimtab', clock.now());
      for (const incident of ids) events.emit('incident:state', { model, incident, state: 'resolved' });
      return ids;
    },
  };
}
