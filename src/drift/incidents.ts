/** Incidents as people and promotions handle them. */
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { acknowledgeIncident, getIncident, listIncidents, resolveFormerIncidents, resolveIncident, type StoredIncident } from '../store/incidents.ts';
import type { Pool } from '../store/postgres.ts';
import type { Events } from '../telemetry/events.ts';
import type { IncidentState } from '../vocabulary.ts';
import type { Evidence } from './evidence.ts';

export type Incident = StoredIncident<Evidence>;

export interface Incidents {
  /** The newest first, 200 at most. */
  list(filter?: { readonly model?: string | undefined; readonly state?: IncidentState | undefined }): Promise<Incident[]>;
  /** Throws `not-found`. */
  get(id: string): Promise<Incident>;
  /** A person has seen it; it stays latched. Of one that is not open it changes nothing. Throws `not-found`. */
  acknowledge(id: string, by: string): Promise<Incident>;
  /** Lets the monitor open a new one. Of a resolved one it changes nothing. Throws `not-found`. */
  resolve(id: string, reason: string, by: string): Promise<Incident>;
  /** Resolves what speaks of an adapter that is no longer live; call after a promotion or rollback. Returns their ids. */
  rebaseline(model: string, reason?: string): Promise<string[]>;
}

const LISTED = 200;

export function createIncidents({ pool, clock, events }: { pool: Pool; clock: Clock; events: Pick<Events, 'emit'> }): Incidents {
  const get = async (id: string) => {
    const incident = await getIncident<Evidence>(pool, id);
    if (incident === null) throw new TrimtabError('not-found', { what: 'incident', id });
    return incident;
  };
  const told = (incident: Incident) => {
    events.emit('incident:state', { model: incident.model, incident: incident.id, state: incident.state });
    return incident;
  };
  return {
    get,
    list: ({ model, state } = {}) => listIncidents(pool, model ?? null, state ?? null, LISTED),
    async acknowledge(id, by) {
      const changed = await acknowledgeIncident<Evidence>(pool, id, by, clock.now());
      return changed === null ? get(id) : told(changed);
    },
    async resolve(id, reason, by) {
      const changed = await resolveIncident<Evidence>(pool, id, reason, by, clock.now());
      return changed === null ? get(id) : told(changed);
    },
    async rebaseline(model, reason = 'its adapter is no longer live') {
      const ids = await resolveFormerIncidents(pool, model, reason, 'trimtab', clock.now());
      for (const incident of ids) events.emit('incident:state', { model, incident, state: 'resolved' });
      return ids;
    },
  };
}
