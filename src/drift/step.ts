/** One closed pane taken by the monitors of what is live: states stored, incidents latched. */
import { TrimtabError } from '../errors.ts';
import { decodeProfile, type Profile, type ReferenceBody } from '../profile/index.ts';
import type { ModelSpec } from '../spec.ts';
import { monitorsOf, paneProfilesAfter, saveMonitor } from '../store/drift.ts';
import { countAlarm, insertIncident } from '../store/incidents.ts';
import type { Queryable } from '../store/postgres.ts';
import type { MonitorKind } from '../vocabulary.ts';
import { countsOf, findEffect, guaranteeOf, seriesEntry, topStreams, type Evidence } from './evidence.ts';
import { courseOf, monitorsFor, thresholdOf, type Course, type Monitor } from './monitors.ts';
import { sampleIds } from './samples.ts';
import { resumeState, takePane, type MonitorState } from './state.ts';

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
  readonly monitor: MonitorKind;
  readonly value: number;
  readonly threshold: number;
  readonly alarm: boolean;
}

export interface OpenedIncident {
  readonly id: string;
  readonly monitor: MonitorKind;
  readonly effect: number;
}

/** Call in the transaction that closes the pane. @throws TrimtabError `fenced` when a monitor took the pane already */
export async function stepMonitors(db: Queryable, at: LivePane): Promise<{ steps: MonitorStep[]; opened: OpenedIncident[] }> {
  const stored = new Map((await monitorsOf(db, at.model, at.live.reference)).map((row) => [row.monitor, row.state as MonitorState]));
  const [steps, opened]: [MonitorStep[], OpenedIncident[]] = [[], []];
  for (const monitor of monitorsFor(at.reference)) {
    const courses = courseOf(monitor, at.reference, at.spec.monitor.tolerance[monitor.kind]);
    if (courses === null) continue;
    const before = resumeState(stored.get(monitor.kind) ?? null, at.live.seq, courses.map((course) => course.m), at.pane);
    const threshold = thresholdOf(monitor, at.spec.monitor);
    const { state, step } = takePane(before, at.pane, countsOf(seriesEntry(monitor, at), courses.length), threshold);
    const saved = await saveMonitor(db, { model: at.model, monitor: monitor.kind, reference: at.live.reference, pane: at.pane, state, now: at.now });
    if (!saved) throw new TrimtabError('fenced', { what: `pane ${at.pane} of monitor ${monitor.kind} of model ${at.model}` });
    steps.push({ monitor: monitor.kind, value: step.value, threshold, alarm: step.alarm });
    if (step.alarm) opened.push(...(await latch(db, at, monitor, courses, before, threshold, step.value)));
  }
  return { steps, opened };
}

/** Opens an incident, or counts the alarm in the one that is latched. */
async function latch(db: Queryable, at: LivePane, monitor: Monitor, courses: readonly Course[], before: MonitorState, threshold: number, value: number): Promise<OpenedIncident[]> {
  if ((await countAlarm(db, at.model, monitor.kind, at.now)) !== null) return [];
  const evidence = await gather(db, at, monitor, courses, before, threshold, value);
  // one alarm of a monitor a pane: the id needs no chance
  const id = `${at.model}-${at.pane}-${monitor.kind}`;
  await insertIncident(db, { id, model: at.model, monitor: monitor.kind, adapter: at.live.adapter, reference: at.live.reference, pane: at.pane, evidence, now: at.now });
  return [{ id, monitor: monitor.kind, effect: evidence.effect }];
}

async function gather(db: Queryable, at: LivePane, monitor: Monitor, courses: readonly Course[], before: MonitorState, threshold: number, eValue: number): Promise<Evidence> {
  const start = before.checkpoints[0];
  const rows = await paneProfilesAfter(db, at.model, at.live.adapter, at.live.reference, start?.pane ?? at.pane);
  const panes = rows.map(({ pane, profile }) => ({ pane, profile: decodeProfile(profile) }));
  const found = findEffect(monitor, at.reference, courses, panes);
  if (start === undefined || found === null) throw new Error(`monitor ${monitor.kind} of model ${at.model} alarmed at pane ${at.pane} without rows`);
  const { streamAt, total, ...effect } = found;
  return {
    monitor: monitor.kind,
    kind: monitor.kind,
    ...effect,
    tolerance: at.spec.monitor.tolerance[monitor.kind],
    threshold,
    eValue,
    guarantee: guaranteeOf(threshold),
    reference: at.live.reference,
    sampleIds: await sampleIds(db, monitor, at.reference, { model: at.model, adapter: at.live.adapter, fromPane: effect.panes[0], stream: streamAt }),
    ...(courses.length > 1 ? { top: topStreams(monitor, at.reference, courses, total) } : {}),
    start,
    series: panes.map((each) => seriesEntry(monitor, each)).filter((entry) => entry.n > 0),
  };
}
