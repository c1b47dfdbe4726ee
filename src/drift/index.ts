/** Drift: closes panes, steps monitors, latches incidents, reports. */
import type { Clock } from '../clock.ts';
import { expirePanes, openPanes } from '../store/drift.ts';
import { transaction, type Pool } from '../store/postgres.ts';
import type { Events } from '../telemetry/events.ts';
import type { Figures } from '../telemetry/state.ts';
import { assessIncidents } from './assess.ts';
import { createIncidents, type Incidents } from './incidents.ts';
import { closePane, isDue, type ClosedPane } from './panes.ts';
import { createReferences } from '../store/reference-cache.ts';
import { driftFigures } from './figures.ts';
import { nearestOfKinds } from './step.ts';
import { learnFromPanes } from './learn-panes.ts';
import { learnFromTraffic } from './supplement.ts';
import { driftReport, REPORTED_PANES, type DriftReport, type Memo } from './report.ts';

export type { Effect } from './effect.ts';
export { replayIncident, type Evidence } from './evidence.ts';
export type { IncidentEvidence } from './incident-evidence.ts';
export type { Incident, Incidents, Replay } from './incidents.ts';
export type { ClosedPane } from './panes.ts';
export type { DriftReport, MonitorReport, PaneReport } from './report.ts';

export interface Drift {
  /**
   * Closes the panes that are due, each model in its own transaction; safe to call from every replica at once.
   * A model that fails does not hold up the others: their panes close, then an AggregateError tells.
   */
  closeDuePanes(): Promise<ClosedPane[]>;
  /** Throws `not-found`. */
  report(model: string): Promise<DriftReport>;
  /** What metrics tell of it. Throws `not-found`. */
  figures(model: string): Promise<Figures>;
  readonly incidents: Incidents;
  /** Forgets what closed before a time and nothing needs any more; returns how many panes. */
  retire(before: Date): Promise<number>;
  /** As `incidents.rebaseline`. */
  rebaseline(model: string, reason?: string): Promise<string[]>;
}

export function createDrift({ pool, clock, events }: { pool: Pool; clock: Clock; events: Pick<Events, 'emit'> }): Drift {
  const references = createReferences();
  const memo: Memo = new Map();
  const incidents = createIncidents({ pool, clock, events });
  return {
    incidents,
    rebaseline: incidents.rebaseline,
    retire: (before) => expirePanes(pool, before, REPORTED_PANES),
    report: (model) => driftReport(pool, references, memo, model),
    figures: (model) => driftFigures(pool, references, model),
    async closeDuePanes() {
      const now = clock.now();
      const [closed, failures]: [ClosedPane[], unknown[]] = [[], []];
      for (const { model, spec } of (await openPanes(pool)).filter((pane) => isDue(pane, now))) {
        try {
          const pane = await transaction(pool, (db) => closePane(db, references, model, now));
          if (pane === null) continue;
          closed.push(pane);
          tell(events, pane);
          if (pane.live === null) continue;
          for (const risen of await assessIncidents(pool, references, { model, spec, live: pane.live, now })) events.emit('incident:escalated', { model, ...risen });
          const learning = { model, spec, pane: pane.pane, live: pane.live, now };
          await learnFromTraffic(pool, references, learning);
          await learnFromPanes(pool, references, learning);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of the due panes could not be closed`);
      return closed;
    },
  };
}

/** Only after the commit: what a transaction did not keep has not happened. */
function tell(events: Pick<Events, 'emit'>, { model, pane, rows, labelled, errors, steps, opened, escalated, resolved }: ClosedPane): void {
  events.emit('pane:closed', { model, pane, rows, labelled, errors });
  for (const { kind, value, threshold } of nearestOfKinds(steps)) events.emit('monitor:step', { model, monitor: kind, value, threshold });
  for (const { id, kind, level, effect } of opened) events.emit('incident:opened', { model, incident: id, monitor: kind, level, effect, pane });
  for (const risen of escalated) events.emit('incident:escalated', { model, ...risen });
  for (const incident of resolved) events.emit('incident:state', { model, incident, state: 'resolved' });
}
