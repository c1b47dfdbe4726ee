/** Panes played through monitors in memory: what would have alarmed, as incidents by the rule of causes. */
import type { IncidentLevel, MonitorKind } from '../vocabulary.ts';
import { byWeight, causeOf, type Cause } from './cause.ts';
import { findEffect, type Effect } from './effect.ts';
import { countsOf, seriesEntry } from './evidence.ts';
import { levelOf } from './level.ts';
import { CHECKPOINT_EVERY, resumeState, startOf, takePane, type MonitorState } from './state.ts';
import type { PaneProfile } from './streams.ts';
import { detectorOf, type Watching } from './watching.ts';

export interface PlayedIncident extends Cause {
  readonly at: Date;
  readonly monitor: string;
  readonly joined: readonly string[];
  readonly level: IncidentLevel;
  /** Of its monitors together, as of those of stored incidents. */
  readonly alarms: number;
  readonly evidence: Effect;
  readonly kinds: readonly MonitorKind[];
}

export interface PlayedMoment extends PaneProfile {
  readonly closedAt: Date;
  /** The promotion in force. */
  readonly seq: number;
  readonly watching: readonly Watching[];
}

export interface Play {
  /** Takes one closed pane of the adapter that was live; gives the incidents whose monitors alarmed at its end. */
  take(moment: PlayedMoment): PlayedIncident[];
  /** All so far, the oldest first. */
  incidents(): readonly PlayedIncident[];
}

export function createPlay(): Play {
  const incidents: PlayedIncident[] = [];
  let states = new Map<string, MonitorState>();
  let recent: PaneProfile[] = [];
  /** Places of the incidents that are latched: those of the promotion in force. */
  let latched: number[] = [];
  let promotion = -1;

  const change = (at: number, by: Partial<PlayedIncident>): number => {
    incidents[at] = { ...(incidents[at] as PlayedIncident), ...by };
    return at;
  };
  const put = (alarm: Fresh, { pane, closedAt }: PlayedMoment): number => {
    const { monitor, kind, effect } = alarm;
    const cause = causeOf(effect, latched.map((place) => ({ place, ...(incidents[place] as PlayedIncident) })));
    if (cause === null) {
      const at = incidents.push({ pane, at: closedAt, monitor, joined: [], kinds: [kind], level: levelOf([kind], null).level, alarms: 1, evidence: effect }) - 1;
      latched.push(at);
      return at;
    }
    const kinds = [...cause.kinds, kind];
    return change(cause.place, { joined: [...cause.joined, monitor], kinds, level: levelOf(kinds, null).level, alarms: cause.alarms + 1 });
  };

  return {
    incidents: () => incidents,
    take(moment) {
      const { pane, profile, seq, watching } = moment;
      if (seq !== promotion) [states, recent, latched, promotion] = [new Map(), [], [], seq];
      recent = [...recent, { pane, profile }].slice(-2 * CHECKPOINT_EVERY - 1);
      const alarmed = new Set<number>();
      const fresh: Fresh[] = [];
      for (const { monitor, courses, threshold } of watching) {
        if (courses === null) continue;
        const before = resumeState(states.get(monitor.id) ?? null, seq, detectorOf(courses), pane);
        const { state, step } = takePane(before, pane, countsOf(seriesEntry(courses, { pane, profile }), courses.length), threshold);
        states.set(monitor.id, state);
        if (!step.alarm) continue;
        const own = latched.find((place) => [incidents[place]?.monitor, ...(incidents[place]?.joined ?? [])].includes(monitor.id));
        const start = startOf(before).pane;
        if (own !== undefined) alarmed.add(change(own, { alarms: (incidents[own] as PlayedIncident).alarms + 1 }));
        else fresh.push({ monitor: monitor.id, kind: monitor.kind, eValue: step.value, threshold, effect: effectOf(findEffect(courses, recent.filter((each) => each.pane > start), { threshold })) });
      }
      for (const alarm of fresh.sort(byWeight)) alarmed.add(put(alarm, moment));
      return [...alarmed].map((place) => incidents[place] as PlayedIncident);
    },
  };
}

interface Fresh {
  readonly monitor: string;
  readonly kind: MonitorKind;
  readonly eValue: number;
  readonly threshold: number;
  readonly effect: Effect;
}

function effectOf(found: ReturnType<typeof findEffect>): Effect {
  if (found === null) throw new Error('a monitor alarmed without rows');
  return found.effect;
}
