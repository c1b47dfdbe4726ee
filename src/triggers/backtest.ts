/**
 * Another policy on stored history, before one switches it on: what would have alarmed, which runs would have started, and what labels they would
 * have asked for, beside what happened. Monitors and decisions are those that are shipped.
 * Played runs take no time and change nothing: what a challenger would have done is not known, so history goes on as it was.
 */
import { playHistory, type PlayedHistory, type PlayedPane } from '../drift/backtest.ts';
import { playOthers, type Others } from '../drift/others.ts';
import type { PlayedIncident } from '../drift/play.ts';
import { TrimtabError } from '../errors.ts';
import { parseSpec, type ModelSpec } from '../spec.ts';
import { closings, incidentsOpened, labelCounts, lastStartBefore, runStarts, type Stretch } from '../store/backtest.ts';
import { getModel } from '../store/models.ts';
import type { Queryable } from '../store/postgres.ts';
import { DAY, type TriggerReason } from '../vocabulary.ts';
import { decide } from './decide.ts';
import { lastDue } from './schedule.ts';

export interface BacktestQuestion {
  readonly model: string;
  /** A spec, or sections of one, of which `monitor` and `retrain` are played; a section that is left out is as in the spec in force. */
  readonly policy: unknown;
  readonly from: Date;
  readonly to: Date;
  /** When something is known to have changed. */
  readonly changes: readonly Date[];
  /** Whether the detectors of other tools read the same outcomes. */
  readonly compare: boolean;
}

export interface ToldIncident {
  readonly at: Date;
  readonly monitor: string;
  readonly joined: readonly string[];
  readonly level: string;
  readonly alarms: number;
  readonly effect: number;
}

export interface ToldRun {
  readonly at: Date;
  readonly reason: string;
  /** Labelled rows since the run before. */
  readonly labels: number;
}

export interface Course {
  readonly incidents: readonly ToldIncident[];
  readonly runs: readonly ToldRun[];
  /** Labelled rows that its runs took together. */
  readonly labels: number;
  /** Of each change: rows that came until the first incident after it was opened; null: none was. */
  readonly rowsUntilDetection: readonly (number | null)[];
}

export interface Backtest {
  readonly model: string;
  readonly from: Date;
  readonly to: Date;
  /** Panes that were stored and played, and the rows of the live adapter in them. */
  readonly panes: number;
  readonly rows: number;
  readonly changes: readonly Date[];
  readonly played: Course & {
    /** Reasons that did not start a run, with how often each was refused or had to wait. */
    readonly held: readonly { readonly reason: TriggerReason; readonly why: string; readonly times: number }[];
    /** Labelled rows that were missing at the end to a run that was asked for; 0: none waited for labels. */
    readonly missingLabels: number;
  };
  readonly happened: Course;
  /** Null where nobody asked for them. */
  readonly others: Others | null;
  readonly lacks: readonly string[];
}

/** @throws TrimtabError `not-found`, `bad-request`, `bad-spec` */
export async function backtest(db: Queryable, { model, policy, from, to, changes, compare }: BacktestQuestion): Promise<Backtest> {
  const stored = await getModel(db, model);
  if (stored === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  const spec = specUnder(stored.spec, policy);
  const stretch: Stretch = { model, from, to };
  const history = await playHistory(db, stretch, spec);
  const labels = await labelsOf(db, stretch);
  const rows = history.panes.reduce((sum, pane) => sum + pane.rows, 0);
  return {
    model, from, to, changes, panes: history.panes.length, rows, lacks: [...history.lacks, ...unplayed(stored.spec, spec)],
    played: { ...playedCourse(spec, history, labels, await lastStartBefore(db, model, from)), rowsUntilDetection: changes.map((change) => rowsUntil(history.panes, change, history.incidents)) },
    happened: await whatHappened(db, stretch, history.panes, labels, changes),
    others: compare ? await playOthers(db, stretch, changes) : null,
  };
}

/** Sections that decide what becomes of a run, once there is one. */
const AFTER_A_RUN = ['base', 'serving', 'data', 'training', 'gates', 'rollout'] as const;

/** The spec in force with the policy's sections in it. */
function specUnder(spec: ModelSpec, policy: unknown): ModelSpec {
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
    throw new TrimtabError('bad-request', { what: 'policy', problem: 'it is no object', right: 'give a model spec, or its sections monitor and retrain, or one of them' });
  }
  return parseSpec({ ...spec, ...policy, name: spec.name, task: spec.task, labels: spec.labels });
}

const unplayed = (before: ModelSpec, after: ModelSpec): string[] =>
  AFTER_A_RUN.filter((section) => JSON.stringify(before[section]) !== JSON.stringify(after[section])).map((section) => `${section} is another: what it would have made of the runs is not known`);

interface Labels {
  readonly ends: readonly Date[];
  readonly counts: readonly number[];
}

/** Labelled rows by the stored pane in which they came; the first has those since the last run before the stretch, too. */
async function labelsOf(db: Queryable, stretch: Stretch): Promise<Labels> {
  const ends = await closings(db, stretch);
  return { ends, counts: await labelCounts(db, stretch.model, await lastStartBefore(db, stretch.model, stretch.from), ends) };
}

function playedCourse({ retrain }: ModelSpec, { panes, incidents }: PlayedHistory, labels: Labels, before: Date | null): Omit<Backtest['played'], 'rowsUntilDetection'> {
  const runs: ToldRun[] = [];
  const held = new Map<string, { reason: TriggerReason; why: string; times: number }>();
  const waiting = new Set<TriggerReason>();
  const alarms = new Map(panes.filter(({ alarmed }) => alarmed.length > 0).map(({ closedAt, alarmed }) => [closedAt.getTime(), alarmed]));
  let [newLabels, due, lastStart] = [0, labels.ends[0] ?? new Date(0), before];
  labels.ends.forEach((now, i) => {
    newLabels += labels.counts[i] ?? 0;
    const reasons = new Set<TriggerReason>(waiting);
    if (retrain.schedule !== undefined && lastDue(retrain.schedule, retrain.timeZone, now) > due) {
      due = now;
      reasons.add('schedule');
    }
    for (const incident of alarms.get(now.getTime()) ?? []) for (const reason of reasonOf(incident)) reasons.add(reason);
    if (retrain.on.includes('labels') && newLabels >= retrain.minLabels) reasons.add('labels');
    waiting.clear();
    for (const reason of reasons) {
      const startsInDay = runs.filter(({ at }) => now.getTime() - at.getTime() < DAY).length;
      const { decision, why } = decide(reason, retrain, { now, activeRun: null, lastStart, startsInDay, newLabels });
      if (decision === 'fired') {
        runs.push({ at: now, reason, labels: newLabels });
        [newLabels, lastStart] = [0, now];
        // what else waits rides on it
        waiting.clear();
        return;
      }
      if (decision === 'waiting') waiting.add(reason);
      const key = `${reason} ${why.replaceAll(/\d+/g, '#')}`;
      const known = held.get(key) ?? { reason, why, times: 0 };
      held.set(key, { ...known, why, times: known.times + 1 });
    }
  });
  return {
    incidents: incidents.map(({ at, monitor, joined, level, alarms: times, evidence }) => ({ at, monitor, joined, level, alarms: times, effect: evidence.effect })),
    runs, held: [...held.values()], labels: total(runs),
    missingLabels: waiting.size === 0 ? 0 : Math.max(0, retrain.minLabels - newLabels),
  };
}

/** As the triggers read an incident. */
function reasonOf({ kinds }: PlayedIncident): TriggerReason[] {
  if (kinds.every((kind) => kind === 'contract')) return [];
  return [kinds.includes('error') ? 'performance' : 'drift'];
}

async function whatHappened(db: Queryable, stretch: Stretch, panes: readonly PlayedPane[], labels: Labels, changes: readonly Date[]): Promise<Course> {
  const incidents = await incidentsOpened(db, stretch);
  let taken = 0;
  const runs = (await runStarts(db, stretch)).map(({ at, reason }): ToldRun => {
    const until = labels.ends.reduce((sum, end, i) => (end <= at ? sum + (labels.counts[i] ?? 0) : sum), 0);
    const own = until - taken;
    taken = until;
    return { at, reason, labels: own };
  });
  return { incidents, runs, labels: total(runs), rowsUntilDetection: changes.map((change) => rowsUntil(panes, change, incidents)) };
}

const total = (runs: readonly ToldRun[]) => runs.reduce((sum, run) => sum + run.labels, 0);

/** Rows of panes that closed after a change, up to the pane at whose end the first incident after it was opened. */
function rowsUntil(panes: readonly PlayedPane[], change: Date, incidents: readonly { readonly at: Date }[]): number | null {
  const first = incidents.find(({ at }) => at > change);
  if (first === undefined) return null;
  return panes.reduce((sum, { closedAt, rows }) => (closedAt > change && closedAt <= first.at ? sum + rows : sum), 0);
}
