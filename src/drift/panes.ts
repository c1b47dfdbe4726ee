/** Closing panes: one fenced transaction a model folds the deltas, steps the monitors and latches incidents. */
import { addEncoded, decodeProfile, encodeProfile, type Profile } from '../profile/index.ts';
import { milliseconds } from '../spec.ts';
import { deleteDeltas, deltasAfter, insertPaneProfile, liveOf, openPaneOf, turnPane, type OpenPaneOfModel } from '../store/drift.ts';
import { resolveFormerIncidents } from '../store/incidents.ts';
import { lockModel, type Queryable } from '../store/postgres.ts';
import type { References } from '../store/reference-cache.ts';
import { noteHistory } from './history.ts';
import type { EscalatedIncident, OpenedIncident } from './latch.ts';
import { stepMonitors, type MonitorStep } from './step.ts';
import type { Live } from './watching.ts';

export interface ClosedPane {
  readonly model: string;
  readonly pane: number;
  readonly closedAt: Date;
  /** Of all adapters. */
  readonly rows: number;
  readonly labelled: number;
  readonly errors: number;
  readonly live: Live | null;
  /** Empty when the live adapter had no rows in the pane. */
  readonly steps: readonly MonitorStep[];
  readonly opened: readonly OpenedIncident[];
  /** Incidents whose level rose by a monitor that joined. */
  readonly escalated: readonly EscalatedIncident[];
  /** Incidents that ended because their adapter is no longer live. */
  readonly resolved: readonly string[];
}

export function isDue(pane: OpenPaneOfModel, now: Date): boolean {
  return now.getTime() - pane.openedAt.getTime() >= milliseconds(pane.spec.monitor.pane);
}

/**
 * Closes the open pane of a model when it is due; null when it is not, or when another replica was faster.
 * The exclusive lock waits for the ingest transactions under way: what they wrote is in this pane, what comes later in the next.
 */
export async function closePane(db: Queryable, references: References, model: string, now: Date): Promise<ClosedPane | null> {
  await lockModel(db, 'pane', model, 'exclusive');
  const open = await openPaneOf(db, model);
  if (open === null || !isDue(open, now)) return null;
  if (!(await turnPane(db, model, open.pane, now))) return null;
  const folded = await foldDeltas(db, model, open.pane);
  const live = await liveOf(db, model);
  const resolved = await resolveFormerIncidents(db, model, 'its adapter is no longer live', 'trimtab', now);
  const own = folded.find((each) => each.adapter === live?.adapter && each.reference === live.reference);
  const taken = live === null || own === undefined
    ? { steps: [], opened: [], escalated: [] }
    : await stepMonitors(db, { model, spec: open.spec, pane: open.pane, live, reference: await references(db, live.reference), profile: own.profile, now });
  await noteHistory(db, model, open.pane, folded, taken.steps);
  const sum = (pick: (profile: Profile) => number) => folded.reduce((total, each) => total + pick(each.profile), 0);
  return {
    model, pane: open.pane, closedAt: now, live, ...taken, resolved,
    rows: sum((p) => p.rows), labelled: sum((p) => p.outcome.labelled), errors: sum((p) => p.outcome.errors),
  };
}

interface Folded {
  readonly adapter: string;
  readonly reference: string;
  readonly profile: Profile;
}

/** Deltas read at once: a pane of a busy model has tens of thousands, each of up to some 100 KiB. */
const READ = 250;

/** Turns the pane's deltas into one profile for each adapter and reference. */
async function foldDeltas(db: Queryable, model: string, pane: number): Promise<Folded[]> {
  const folded = new Map<string, Folded>();
  for (let seq = -1, more = true; more; ) {
    const deltas = await deltasAfter(db, model, pane, seq, READ);
    for (const { adapter, reference, profile } of deltas) {
      const key = JSON.stringify([adapter, reference]);
      const sum = folded.get(key);
      if (sum === undefined) folded.set(key, { adapter, reference, profile: decodeProfile(profile) });
      else addEncoded(sum.profile, profile);
    }
    seq = deltas.at(-1)?.seq ?? seq;
    more = deltas.length === READ;
  }
  for (const { adapter, reference, profile } of folded.values()) {
    await insertPaneProfile(db, { model, pane, adapter, reference, profile: encodeProfile(profile) });
  }
  if (folded.size > 0) await deleteDeltas(db, model, pane);
  return [...folded.values()];
}
