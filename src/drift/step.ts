/** One closed pane taken by the monitors of what is live: states stored, incidents latched. */
import { TrimtabError } from '../errors.ts';
import { monitorsOf, saveMonitors } from '../store/drift.ts';
import type { Queryable } from '../store/postgres.ts';
import type { MonitorKind } from '../vocabulary.ts';
import { countsOf, seriesEntry } from './evidence.ts';
import { latchAlarms, type Latched } from './latch.ts';
import { resumeState, takePane, type MonitorState } from './state.ts';
import { detectorOf, watchingOf, type LivePane } from './watching.ts';

export interface MonitorStep {
  readonly monitor: string;
  readonly kind: MonitorKind;
  readonly value: number;
  readonly threshold: number;
  readonly alarm: boolean;
}

/** Of each kind the one that stands nearest to its threshold: metrics have a label of kinds, not of columns. */
export function nearestOfKinds<M extends { readonly kind: MonitorKind; readonly value: number; readonly threshold: number }>(monitors: readonly M[]): M[] {
  const nearest = new Map<MonitorKind, M>();
  for (const each of monitors) {
    const before = nearest.get(each.kind);
    if (before === undefined || each.value / each.threshold > before.value / before.threshold) nearest.set(each.kind, each);
  }
  return [...nearest.values()];
}

/** Call in the transaction that closes the pane. @throws TrimtabError `fenced` when a monitor took the pane already */
export async function stepMonitors(db: Queryable, at: LivePane): Promise<{ steps: MonitorStep[] } & Latched> {
  const stored = new Map((await monitorsOf(db, at.model, at.live.reference)).map((row) => [row.monitor, row.state as MonitorState]));
  const taken = watchingOf(at.reference, at.spec.monitor).flatMap(({ courses, ...watching }) => {
    if (courses === null) return [];
    const { monitor, threshold } = watching;
    const before = resumeState(stored.get(monitor.id) ?? null, at.live.seq, detectorOf(courses), at.pane);
    return [{ ...watching, courses, before, ...takePane(before, at.pane, countsOf(seriesEntry(courses, at), courses.length), threshold) }];
  });
  const saved = await saveMonitors(db, { model: at.model, reference: at.live.reference, pane: at.pane, now: at.now, states: taken.map(({ monitor, state }) => ({ monitor: monitor.id, state })) });
  const behind = taken.find(({ monitor }) => !saved.has(monitor.id));
  if (behind !== undefined) throw new TrimtabError('fenced', { what: `pane ${at.pane} of monitor ${behind.monitor.id} of model ${at.model}` });
  const latched = await latchAlarms(db, at, taken.flatMap(({ step, ...each }) => (step.alarm ? [{ ...each, value: step.value }] : [])));
  return { steps: taken.map(({ monitor, step, threshold }) => ({ monitor: monitor.id, kind: monitor.kind, value: step.value, threshold, alarm: step.alarm })), ...latched };
}
