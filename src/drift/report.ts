/** How a model stands: each monitor against its threshold, and the last panes. */
import { TrimtabError } from '../errors.ts';
import { decodeProfile, UNIT, type ReferenceBody } from '../profile/index.ts';
import type { ModelSpec } from '../spec.ts';
import { detectorValue } from '../statistics/e-detector.ts';
import { lastPanes, liveOf, monitorsOf, openPaneOf, paneProfilesAfter } from '../store/drift.ts';
import type { Queryable } from '../store/postgres.ts';
import type { MonitorKind } from '../vocabulary.ts';
import { findEffect, type Effect } from './evidence.ts';
import { courseOf, monitorsFor, thresholdOf, type Monitor } from './monitors.ts';
import type { References } from '../store/reference-cache.ts';
import { resumeState, type MonitorState } from './state.ts';
import type { Live } from './step.ts';

export interface MonitorReport {
  readonly monitor: MonitorKind;
  /** The e-value now, and where it alarms. */
  readonly value: number;
  readonly threshold: number;
  /** Its share of the model's alarm budget. */
  readonly budget: number;
  readonly tolerance: number;
  /** Why it cannot watch: the reference has no rows for it; null when it watches. */
  readonly idle: string | null;
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
  /** The oldest first. */
  readonly panes: readonly PaneReport[];
}

/** Closed panes that a report shows. */
export const REPORTED_PANES = 48;

/** @throws TrimtabError `not-found` */
export async function driftReport(db: Queryable, references: References, model: string): Promise<DriftReport> {
  const open = await openPaneOf(db, model);
  if (open === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  const live = await liveOf(db, model);
  const reference = live === null ? null : await references(db, live.reference);
  return {
    model,
    live,
    referenceRows: reference?.profile.rows ?? null,
    openPane: { pane: open.pane, openedAt: open.openedAt },
    monitors: live === null || reference === null ? [] : await monitorReports(db, model, open.spec, live, reference, open.pane),
    panes: await paneReports(db, model),
  };
}

async function monitorReports(db: Queryable, model: string, spec: ModelSpec, live: Live, reference: ReferenceBody, pane: number): Promise<MonitorReport[]> {
  const stored = new Map((await monitorsOf(db, model, live.reference)).map((row) => [row.monitor, row.state as MonitorState]));
  const reports: MonitorReport[] = [];
  for (const monitor of monitorsFor(reference)) {
    const tolerance = spec.monitor.tolerance[monitor.kind];
    const courses = courseOf(monitor, reference, tolerance);
    const common = { monitor: monitor.kind, threshold: thresholdOf(monitor, spec.monitor), budget: monitor.weight, tolerance };
    if (courses === null) {
      reports.push({ ...common, value: 0, idle: idleBecause(monitor), effect: null });
      continue;
    }
    const state = resumeState(stored.get(monitor.kind) ?? null, live.seq, courses.map((course) => course.m), pane);
    const rows = await paneProfilesAfter(db, model, live.adapter, live.reference, state.checkpoints[0]?.pane ?? pane);
    const found = findEffect(monitor, reference, courses, rows.map(({ pane: at, profile }) => ({ pane: at, profile: decodeProfile(profile) })));
    reports.push({ ...common, value: detectorValue(state.detector).value, idle: null, effect: found === null ? null : shown(found) });
  }
  return reports;
}

function idleBecause(monitor: Monitor): string {
  if (monitor.kind === 'confidence') return 'no row of the reference has a confidence';
  return monitor.kind === 'format' ? 'no row of the reference has an output' : 'the reference has no rows';
}

function shown({ streamAt: _streamAt, total: _total, ...effect }: NonNullable<ReturnType<typeof findEffect>>): Effect {
  return effect;
}

async function paneReports(db: Queryable, model: string): Promise<PaneReport[]> {
  const sums = new Map<number, { openedAt: Date; closedAt: Date; rows: number; labelled: number; errors: number; loss: [number, number]; confidence: [number, number]; unseen: [number, number] }>();
  for (const { pane, openedAt, closedAt, profile } of await lastPanes(db, model, REPORTED_PANES)) {
    const sum = sums.get(pane) ?? { openedAt, closedAt, rows: 0, labelled: 0, errors: 0, loss: [0, 0], confidence: [0, 0], unseen: [0, 0] };
    sums.set(pane, sum);
    if (profile === null) continue;
    const { rows, outcome, confidence, unseen } = decodeProfile(profile);
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
