/** How a model stands: each monitor against its threshold, the last day's columns against the reference, and the last panes. */
import { TrimtabError } from '../errors.ts';
import { decodeProfile, NO_COLUMNS, UNIT, type ReferenceBody } from '../profile/index.ts';
import { milliseconds, type ModelSpec } from '../spec.ts';
import { detectorValue } from '../statistics/e-detector.ts';
import { lastPanes, liveOf, monitorsOf, openPaneOf, paneProfilesAfter, timedPaneProfiles, type OpenPaneOfModel } from '../store/drift.ts';
import { latchedMonitors, unresolvedIncidents } from '../store/incidents.ts';
import type { Queryable } from '../store/postgres.ts';
import type { References } from '../store/reference-cache.ts';
import { DAY, type MonitorKind } from '../vocabulary.ts';
import { lackOf, type Course } from './course.ts';
import { mostDependent, type StreamDependence } from './dependence.ts';
import { findEffect, type Effect } from './effect.ts';
import { floorOf, insufficiency, type Floor } from './floor.ts';
import { guaranteeOf } from './evidence.ts';
import { toldDifference, type PaneProfile } from './streams.ts';
import { evidencesOf, type IncidentEvidence } from './incident-evidence.ts';
import { columnsOf, rhythmicStreams } from './rhythmic-streams.ts';
import { paneAutocorrelation, rhythmsOf, type Rhythm, type TimedPane } from './rhythm.ts';
import { watchedColumns, type Monitor } from './monitors.ts';
import { slide, type SlidingWindow } from './sliding.ts';
import { resumeState, type MonitorState } from './state.ts';
import { tolerancesFor } from './tolerance.ts';
import { detectorOf, watchingOf, type Live, type Watching } from './watching.ts';
import { windowReport, type WindowReport } from './window.ts';

export interface MonitorReport {
  readonly monitor: string;
  readonly kind: MonitorKind;
  /** Of features; null: none. */
  readonly column: string | null;
  /** The e-value now, and where it alarms. */
  readonly value: number;
  readonly threshold: number;
  /** Its share of the model's alarm budget. */
  readonly budget: number;
  /** Of its first stream. */
  readonly tolerance: number;
  /** Streams that it watches at once, segments included. */
  readonly streams: number;
  /** Why it cannot watch: the reference has no rows for it; null when it watches. */
  readonly idle: string | null;
  /** `drifting`: an incident is latched; `insufficient: about m more rows` below the power floor. */
  readonly verdict: string;
  readonly floor: Floor | null;
  readonly guarantee: string | null;
  /** Of its rows with the ones before them: of the stream that is most dependent. */
  readonly dependence: StreamDependence | null;
  /** Since the likeliest change; null before the first row. */
  readonly effect: Effect | null;
}

export interface PaneReport {
  readonly pane: number;
  readonly openedAt: Date;
  readonly closedAt: Date;
  /** Of all adapters. Means are null without rows. */
  readonly rows: number;
  readonly labelled: number;
  readonly errors: number;
  /** Of the labelled rows. */
  readonly meanScore: number | null;
  readonly meanConfidence: number | null;
  readonly meanUnseen: number | null;
}

export interface DriftReport {
  readonly model: string;
  readonly live: Live | null;
  /** Rows of the reference; null while nothing is live. */
  readonly referenceRows: number | null;
  readonly openPane: { readonly pane: number; readonly openedAt: Date };
  /** Empty while nothing is live. */
  readonly monitors: readonly MonitorReport[];
  /** The panes of the last day against the reference; null while nothing is live, and without rows. */
  readonly window: WindowReport | null;
  /** What the promise rests on, as far as the panes since the promotion show it. */
  readonly assumptions: Assumptions | null;
  /** The oldest first. */
  readonly panes: readonly PaneReport[];
}

export interface Assumptions {
  /** Lag-1 autocorrelation of the error of panes, and what chance alone gives; null of fewer than 20 panes with outcomes. */
  readonly autocorrelation: { readonly value: number; readonly noise: number } | null;
  /** Periodicity that no season declares. */
  readonly rhythms: readonly Rhythm[];
}

/** Closed panes that a report shows. */
export const REPORTED_PANES = 48;

/** A window of panes, and the panes that are looked through for rhythms. */
const WINDOW = DAY;
const LOOKED_THROUGH = 28 * DAY;

/** What is made once a closed pane, since it reads a day of profiles and more: of each model the last. */
export type Memo = Map<string, Remembered>;

interface Remembered {
  readonly of: string;
  readonly window: WindowReport | null;
  readonly assumptions: Assumptions;
  readonly sliding: SlidingWindow | null;
}

/** Windows that are held to be slid, of the models that were asked for last: the content of texts alone takes half a megabyte of each column. */
export const MOST_SLIDING = 16;

export function remember(memo: Memo, model: string, found: Remembered): void {
  memo.delete(model);
  memo.set(model, found);
  const sliding = [...memo].filter(([, each]) => each.sliding !== null);
  for (const [name, each] of sliding.slice(0, -MOST_SLIDING)) memo.set(name, { ...each, sliding: null });
}

/** @throws TrimtabError `not-found` */
export async function driftReport(db: Queryable, references: References, memo: Memo, model: string): Promise<DriftReport> {
  const { open, stand } = await standOf(db, references, model);
  return {
    model,
    live: stand?.live ?? null,
    referenceRows: stand?.reference.profile.rows ?? null,
    openPane: { pane: open.pane, openedAt: open.openedAt },
    monitors: stand === null ? [] : await monitorReports(db, stand),
    ...(stand === null ? { window: null, assumptions: null } : await looksBack(db, memo, stand)),
    panes: await paneReports(db, model),
  };
}

/** What a model's drift is reported by; a null stand while nothing is live. @throws TrimtabError `not-found` */
export async function standOf(db: Queryable, references: References, model: string): Promise<{ open: OpenPaneOfModel; stand: Stand | null }> {
  const open = await openPaneOf(db, model);
  if (open === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  const live = await liveOf(db, model);
  if (live === null) return { open, stand: null };
  return { open, stand: { model, spec: open.spec.monitor, live, reference: await references(db, live.reference), pane: open.pane, openedAt: open.openedAt } };
}

export interface Stand {
  readonly model: string;
  readonly spec: ModelSpec['monitor'];
  readonly live: Live;
  readonly reference: ReferenceBody;
  /** The open one. */
  readonly pane: number;
  readonly openedAt: Date;
}

export async function monitorReports(db: Queryable, { model, spec, live, reference, pane }: Stand): Promise<MonitorReport[]> {
  const stored = new Map((await monitorsOf(db, model, live.reference)).map((row) => [row.monitor, row.state as MonitorState]));
  const latched = await latchedMonitors(db, model);
  const states = watchingOf(reference, spec).map((watching) => ({
    watching,
    state: watching.courses === null ? null : resumeState(stored.get(watching.monitor.id) ?? null, live.seq, detectorOf(watching.courses), pane),
  }));
  const oldest = states.reduce((least, { state }) => Math.min(least, state?.checkpoints[0]?.pane ?? pane), pane);
  const panes = (await paneProfilesAfter(db, model, live.adapter, live.reference, oldest)).map((row) => ({ pane: row.pane, profile: decodeProfile(row.profile, watchedColumns) }));
  return states.map(({ watching, state }) => {
    const { monitor: { id, kind, column, weight, streams: [first] }, threshold } = watching;
    const common = { monitor: id, kind, column, threshold: weight === 0 ? Number.MAX_VALUE : threshold, budget: weight, tolerance: first === undefined ? 0 : toldDifference(first, first.tolerance) };
    const { courses } = watching;
    if (courses === null || state === null) return { ...common, value: 0, streams: 0, idle: idleBecause(watching.monitor), verdict: 'idle', floor: null, guarantee: null, dependence: null, effect: null };
    const own = panes.filter((each) => each.pane > (state.checkpoints[0]?.pane ?? pane));
    return { ...common, value: detectorValue(state.detector).value, streams: courses.length, idle: null, ...judged(watching, own, latched.has(id)) };
  });
}

function judged({ courses, threshold }: Watching, panes: readonly PaneProfile[], latched: boolean): Pick<MonitorReport, 'verdict' | 'floor' | 'guarantee' | 'dependence' | 'effect'> {
  const watched = courses ?? [];
  const floor = floorOf(watched, panes, { threshold });
  const found = findEffect(watched, panes, { threshold });
  return { verdict: latched ? 'drifting' : (insufficiency(floor) ?? onCourse(watched)), floor, guarantee: guaranteeOf(threshold, watched), dependence: mostDependent(watched), effect: found?.effect ?? null };
}

function onCourse(courses: readonly Course[]): string {
  const lack = lackOf(courses);
  return lack === null ? 'on course' : `on course; insufficient in ${lack.strata} of ${lack.of} strata of the season, which are not judged: about ${lack.rows.toLocaleString('en')} more rows of the reference`;
}

function idleBecause({ kind, column }: Monitor): string {
  if (kind === 'confidence' || kind === 'calibration') return 'no row of the reference has a confidence';
  if (column !== null) return `no row of the reference has a value of ${column}`;
  return kind === 'format' ? 'no row of the reference has an output' : 'the reference has no rows';
}

async function looksBack(db: Queryable, memo: Memo, stand: Stand): Promise<{ window: WindowReport | null; assumptions: Assumptions }> {
  const { model, live, pane, spec } = stand;
  const of = JSON.stringify([live, pane, spec]);
  const known = memo.get(model);
  if (known?.of === of) return { window: known.window, assumptions: known.assumptions };
  // whoever asks meanwhile adds the panes up anew, and slides nothing that is being slid
  if (known !== undefined) memo.set(model, { ...known, sliding: null });
  const sliding = await slide(db, known?.sliding ?? null, model, live, pane - 1 - Math.max(1, Math.ceil(WINDOW / milliseconds(spec.pane))));
  const [window, assumptions] = [windowOf(stand, sliding), await assumptionsOf(db, stand)];
  remember(memo, model, { of, window, assumptions, sliding });
  return { window, assumptions };
}

function windowOf({ reference }: Stand, sliding: SlidingWindow | null): WindowReport | null {
  return sliding === null ? null : windowReport(reference, sliding.profile, [sliding.panes[0] as number, sliding.panes.at(-1) as number]);
}

async function assumptionsOf(db: Queryable, { model, spec, live, reference, openedAt }: Stand): Promise<Assumptions> {
  const since = new Date(openedAt.getTime() - LOOKED_THROUGH);
  const alarmed = (await unresolvedIncidents<IncidentEvidence>(db, model)).filter(({ adapter, reference: by }) => adapter === live.adapter && by === live.reference).flatMap(({ evidence }) => evidencesOf(evidence));
  const panes = (await timedPaneProfiles(db, model, live.adapter, live.reference, since)).map((row): TimedPane => ({ openedAt: row.openedAt, profile: decodeProfile(row.profile, columnsOf(alarmed)) }));
  return { autocorrelation: paneAutocorrelation(panes), rhythms: spec.seasonKey === undefined ? rhythmsOf(panes, tolerancesFor(reference, spec.tolerance), rhythmicStreams(watchingOf(reference, spec), alarmed)) : [] };
}

async function paneReports(db: Queryable, model: string): Promise<PaneReport[]> {
  const sums = new Map<number, { openedAt: Date; closedAt: Date; rows: number; labelled: number; errors: number; loss: [number, number]; confidence: [number, number]; unseen: [number, number] }>();
  for (const { pane, openedAt, closedAt, profile } of await lastPanes(db, model, REPORTED_PANES)) {
    const sum = sums.get(pane) ?? { openedAt, closedAt, rows: 0, labelled: 0, errors: 0, loss: [0, 0], confidence: [0, 0], unseen: [0, 0] };
    sums.set(pane, sum);
    if (profile === null) continue;
    const { rows, outcome, confidence, unseen } = decodeProfile(profile, NO_COLUMNS);
    sum.rows += rows;
    sum.labelled += outcome.labelled;
    sum.errors += outcome.errors;
    sum.loss = [sum.loss[0] + outcome.loss, sum.loss[1] + outcome.labelled];
    sum.confidence = [sum.confidence[0] + confidence.sum, sum.confidence[1] + confidence.count];
    sum.unseen = [sum.unseen[0] + unseen.sum, sum.unseen[1] + unseen.rows];
  }
  const mean = ([sum, n]: [number, number]) => (n === 0 ? null : sum / UNIT / n);
  return [...sums].map(([pane, { loss, confidence, unseen, ...rest }]) => ({ pane, ...rest, meanScore: loss[1] === 0 ? null : 1 - loss[0] / UNIT / loss[1], meanConfidence: mean(confidence), meanUnseen: mean(unseen) }));
}
