/** What the alarms of a pane become: incidents in the database, one a cause. */
import { decodeProfile } from '../profile/index.ts';
import { paneProfilesAfter } from '../store/drift.ts';
import { countAlarm, insertIncident, joinIncident, unresolvedIncidents } from '../store/incidents.ts';
import type { Queryable } from '../store/postgres.ts';
import type { IncidentLevel, MonitorKind } from '../vocabulary.ts';
import { byWeight, causeOf } from './cause.ts';
import type { Course } from './course.ts';
import { findEffect, topStreams } from './effect.ts';
import { guaranteeOf, isTaken, seriesEntry, type Evidence } from './evidence.ts';
import { evidencesOf, type IncidentEvidence } from './incident-evidence.ts';
import { levelOf, worst } from './level.ts';
import { watchedColumns } from './monitors.ts';
import { sampleIds } from './samples.ts';
import { startOf, type MonitorState } from './state.ts';
import type { LivePane, Watching } from './watching.ts';

export interface OpenedIncident {
  readonly id: string;
  readonly monitor: string;
  readonly kind: MonitorKind;
  readonly level: IncidentLevel;
  readonly effect: number;
}

export interface EscalatedIncident {
  readonly incident: string;
  readonly level: IncidentLevel;
  readonly because: string;
}

export interface Latched {
  readonly opened: readonly OpenedIncident[];
  readonly escalated: readonly EscalatedIncident[];
}

export interface Alarming extends Watching {
  readonly courses: readonly Course[];
  /** Before the pane. */
  readonly before: MonitorState;
  /** The e-value that alarmed. */
  readonly value: number;
}

/** What a new alarm is held against. */
interface Latch {
  readonly id: string;
  readonly pane: number;
  readonly muted: boolean;
  readonly evidence: IncidentEvidence;
}

/** Call in the transaction that closes the pane: what is read of the incidents cannot change until it ends. */
export async function latchAlarms(db: Queryable, at: LivePane, alarming: readonly Alarming[]): Promise<Latched> {
  const opened: OpenedIncident[] = [];
  const escalated: EscalatedIncident[] = [];
  const fresh: Evidence[] = [];
  for (const each of alarming) {
    if ((await countAlarm(db, at.model, each.monitor.id, at.now)) === null) fresh.push(await gather(db, at, each));
  }
  if (fresh.length === 0) return { opened, escalated };
  const causes = await causesOf(db, at);
  for (const evidence of fresh.sort(byWeight)) {
    const cause = causeOf(evidence, causes);
    const level = levelOf([evidence.kind, ...(cause === null ? [] : evidencesOf(cause.evidence).map(({ kind }) => kind))], null);
    if (cause === null) {
      const incident = { ...evidence, joined: [], level };
      opened.push(await open(db, at, incident));
      causes.push({ id: opened.at(-1)?.id ?? '', pane: at.pane, muted: false, evidence: incident });
      continue;
    }
    const now = worst(cause.evidence.level, level);
    await joinIncident(db, cause.id, { monitor: evidence.monitor, evidence, level: now, now: at.now });
    causes[causes.indexOf(cause)] = { ...cause, evidence: { ...cause.evidence, joined: [...cause.evidence.joined, evidence], level: now } };
    if (now !== cause.evidence.level && !cause.muted) escalated.push({ incident: cause.id, level: now.level, because: now.because });
  }
  return { opened, escalated };
}

async function causesOf(db: Queryable, { model, live, now }: LivePane): Promise<Latch[]> {
  return (await unresolvedIncidents<IncidentEvidence>(db, model))
    .filter(({ adapter, reference }) => adapter === live.adapter && reference === live.reference)
    .map(({ id, pane, mutedUntil, evidence }) => ({ id, pane, evidence, muted: mutedUntil !== null && mutedUntil > now }));
}

async function open(db: Queryable, { model, pane, live, now }: LivePane, evidence: IncidentEvidence): Promise<OpenedIncident> {
  const { monitor, kind, effect, level: { level } } = evidence;
  // one alarm of a monitor a pane: the id needs no chance
  const id = `${model}-${pane}-${monitor}`;
  await insertIncident(db, { id, model, monitor, level, adapter: live.adapter, reference: live.reference, pane, evidence, now });
  return { id, monitor, kind, level, effect };
}

async function gather(db: Queryable, at: LivePane, { monitor, courses, threshold, before, value }: Alarming): Promise<Evidence> {
  const start = startOf(before);
  const rows = await paneProfilesAfter(db, at.model, at.live.adapter, at.live.reference, start.pane);
  const panes = rows.map(({ pane, profile }) => ({ pane, profile: decodeProfile(profile, watchedColumns) }));
  const found = findEffect(courses, panes, { threshold });
  if (found === null) throw new Error(`monitor ${monitor.id} of model ${at.model} alarmed at pane ${at.pane} without rows`);
  const { effect, course, since } = found;
  return {
    monitor: monitor.id,
    kind: monitor.kind,
    column: monitor.column,
    ...effect,
    threshold,
    eValue: value,
    guarantee: guaranteeOf(threshold, courses),
    dependence: course.dependence,
    reference: at.live.reference,
    sampleIds: await sampleIds(db, monitor, at.reference, { model: at.model, adapter: at.live.adapter, fromPane: effect.panes[0], stream: course.stream }),
    ...(courses.length > 1 ? { top: topStreams(courses, since) } : {}),
    start,
    series: panes.map((each) => seriesEntry(courses, each)).filter(isTaken),
  };
}
