/** What an incident is as the page shows it: muted or not, its monitors in the order in which they alarmed, and whether it can be computed again. */
import type { Incident, Replay } from '../../http/api.ts';
import { INCIDENT_LEVELS, type IncidentLevel } from '../../vocabulary.ts';

/** A resolved one is over, muted or not. */
export function isMuted({ state, mutedUntil }: Pick<Incident, 'state' | 'mutedUntil'>, now: number): boolean {
  return state !== 'resolved' && mutedUntil !== null && new Date(mutedUntil).getTime() > now;
}

/** The worst of those that are not muted, for these are what calls; of the muted ones when there are no others. Null without any. */
export function worstLevel(incidents: readonly Pick<Incident, 'level' | 'state' | 'mutedUntil'>[], now: number): { level: IncidentLevel; muted: boolean } | null {
  const heard = incidents.filter((each) => !isMuted(each, now));
  const muted = heard.length === 0;
  const level = INCIDENT_LEVELS.findLast((each) => (muted ? incidents : heard).some((incident) => incident.level === each));
  return level === undefined ? null : { level, muted };
}

/** Of rows with the ones before them, as an alarm took them. */
export function dependenceText(of: NonNullable<Incident['evidence']['assumptions']>['dependence']): string {
  if (of === undefined) return 'not kept with this incident';
  switch (of.source) {
    case 'declared': return `${of.phi.toFixed(2)}, declared in the policy`;
    case 'estimated': return of.phi === 0 ? `none shows in ${of.blocks} blocks of panes (estimated)` : `${of.phi.toFixed(2)}, estimated from ${of.blocks} blocks of panes (upper 95 % bound)`;
    case 'none': return 'neither declared nor estimated yet: rows are taken as they come';
  }
}

export interface Alarmed {
  readonly monitor: string;
  readonly joined: boolean;
  /** The first pane of the change, and the pane that alarmed. */
  readonly since: number;
  readonly at: number;
  readonly effect: number;
  readonly interval: readonly [number, number];
  readonly tolerance: number;
}

/** The one that opened it first, then those that joined. */
export function alarmedOf({ pane, evidence: { joined, ...first } }: Pick<Incident, 'pane' | 'evidence'>): Alarmed[] {
  return [first, ...joined].map(({ monitor, panes: [since, last], series, effect, interval, tolerance }, i) => ({
    // a pane's alarm is of its rows: the last of the series is the one that raised it
    monitor, joined: i > 0, since, at: i === 0 ? pane : (series.at(-1)?.pane ?? last), effect, interval, tolerance,
  }));
}

/** In one sentence whether all alarms came out as they are stored. */
export function replayed(alarms: readonly Replay[]): { same: boolean; text: string } {
  const different = alarms.filter(({ same }) => !same).map(({ monitor }) => monitor);
  if (different.length > 0) return { same: false, text: `The stored evidence does not give the stored alarm of ${different.join(', ')}.` };
  return { same: true, text: `The stored evidence gives ${alarms.length === 1 ? 'the alarm' : `all ${alarms.length} alarms`} again, bit for bit.` };
}
