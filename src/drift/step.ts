/** One closed pane taken by the monitors of what is live: states stored, incidents latched. */
import { TrimtabError } from '../errors.ts';
import { decodeProfile, type Profile, type ReferenceBody } from '../profile/index.ts';
import type { ModelSpec } from '../spec.ts';
import { evidenceDivisor } from '../statistics/autocorrelation.ts';
import { monitorsOf, paneProfilesAfter, saveMonitors } from '../store/drift.ts';
import { countAlarm, insertIncident } from '../store/incidents.ts';
import type { Queryable } from '../store/postgres.ts';
import type { MonitorKind } from '../vocabulary.ts';
import { courseOf, type Course } from './course.ts';
import { findEffect, topStreams } from './effect.ts';
import { countsOf, guaranteeOf, isTaken, seriesEntry, type Evidence } from './evidence.ts';
import { monitorsFor, thresholdOf, watchedColumns, type Monitor } from './monitors.ts';
import { sampleIds } from './samples.ts';
import { resumeState, startOf, takePane, type MonitorState } from './state.ts';

export interface Live {
  readonly adapter: string;
  readonly reference: string;
  readonly seq: number;
}

/** The pane that was closed, of the live adapter and its reference. */
export interface LivePane {
  readonly model: string;
  readonly spec: ModelSpec;
  readonly pane: number;
  readonly live: Live;
  readonly reference: ReferenceBody;
  readonly profile: Profile;
  readonly now: Date;
}

export interface MonitorStep {
  readonly monitor: string;
  readonly kind: MonitorKind;
  readonly value: number;
  readonly threshold: number;
  readonly alarm: boolean;
}

export interface OpenedIncident {
  readonly id: string;
  readonly monitor: string;
  readonly kind: MonitorKind;
  readonly effect: number;
}

/** A monitor as a spec and a reference make it. */
export interface Watching {
  readonly monitor: Monitor;
  /** Null: it cannot watch. */
  readonly courses: readonly Course[] | null;
  readonly threshold: number;
  readonly divisor: number;
}

export function watchingOf(reference: ReferenceBody, spec: ModelSpec['monitor']): Watching[] {
  const divisor = evidenceDivisor(spec.autocorrelation);
  return monitorsFor(reference, spec).map((monitor) => ({ monitor, courses: monitor.weight === 0 ? null : courseOf(monitor, reference, divisor), threshold: thresholdOf(monitor, spec), divisor }));
}

/** What a detector is made of. */
export const detectorOf = (courses: readonly Course[], divisor: number) => ({ m: courses.map(({ m }) => m), weights: courses.map(({ weight }) => weight), divisor, graded: courses.map(({ stream }) => !stream.binary) });

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
export async function stepMonitors(db: Queryable, at: LivePane): Promise<{ steps: MonitorStep[]; opened: OpenedIncident[] }> {
  const stored = new Map((await monitorsOf(db, at.model, at.live.reference)).map((row) => [row.monitor, row.state as MonitorState]));
  const taken = watchingOf(at.reference, at.spec.monitor).flatMap(({ courses, ...watching }) => {
    if (courses === null) return [];
    const { monitor, threshold, divisor } = watching;
    const before = resumeState(stored.get(monitor.id) ?? null, at.live.seq, detectorOf(courses, divisor), at.pane);
    return [{ ...watching, courses, before, ...takePane(before, at.pane, countsOf(seriesEntry(courses, at), courses.length), threshold) }];
  });
  const saved = await saveMonitors(db, { model: at.model, reference: at.live.reference, pane: at.pane, now: at.now, states: taken.map(({ monitor, state }) => ({ monitor: monitor.id, state })) });
  const behind = taken.find(({ monitor }) => !saved.has(monitor.id));
  if (behind !== undefined) throw new TrimtabError('fenced', { what: `pane ${at.pane} of monitor ${behind.monitor.id} of model ${at.model}` });
  const opened: OpenedIncident[] = [];
  for (const each of taken) if (each.step.alarm) opened.push(...(await latch(db, at, each, each.before, each.step.value)));
  return { steps: taken.map(({ monitor, step, threshold }) => ({ monitor: monitor.id, kind: monitor.kind, value: step.value, threshold, alarm: step.alarm })), opened };
}

type Alarming = Watching & { readonly courses: readonly Course[] };

/** Opens an incident, or counts the alarm in the one that is latched. */
async function latch(db: Queryable, at: LivePane, watching: Alarming, before: MonitorState, value: number): Promise<OpenedIncident[]> {
  const { id: monitor } = watching.monitor;
  if ((await countAlarm(db, at.model, monitor, at.now)) !== null) return [];
  const evidence = await gather(db, at, watching, before, value);
  // one alarm of a monitor a pane: the id needs no chance
  const id = `${at.model}-${at.pane}-${monitor}`;
  await insertIncident(db, { id, model: at.model, monitor, adapter: at.live.adapter, reference: at.live.reference, pane: at.pane, evidence, now: at.now });
  return [{ id, monitor, kind: evidence.kind, effect: evidence.effect }];
}

async function gather(db: Queryable, at: LivePane, { monitor, courses, threshold, divisor }: Alarming, before: MonitorState, eValue: number): Promise<Evidence> {
  const start = startOf(before);
  const rows = await paneProfilesAfter(db, at.model, at.live.adapter, at.live.reference, start.pane);
  const panes = rows.map(({ pane, profile }) => ({ pane, profile: decodeProfile(profile, watchedColumns) }));
  const found = findEffect(courses, panes, { threshold, divisor });
  if (found === null) throw new Error(`monitor ${monitor.id} of model ${at.model} alarmed at pane ${at.pane} without rows`);
  const { effect, course, since } = found;
  return {
    monitor: monitor.id,
    kind: monitor.kind,
    column: monitor.column,
    ...effect,
    threshold,
    eValue,
    guarantee: guaranteeOf(threshold, divisor),
    reference: at.live.reference,
    sampleIds: await sampleIds(db, monitor, at.reference, { model: at.model, adapter: at.live.adapter, fromPane: effect.panes[0], stream: course.stream }),
    ...(courses.length > 1 ? { top: topStreams(courses, since) } : {}),
    start,
    series: panes.map((each) => seriesEntry(courses, each)).filter(isTaken),
  };
}
