/** Triggers: gathers the reasons to retrain, decides each, and opens the run of the one that fires. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import type { ModelSpec } from '../spec.ts';
import { listIncidents } from '../store/incidents.ts';
import { getModel, listModels } from '../store/models.ts';
import { lockModel, transaction, type Client, type Pool } from '../store/postgres.ts';
import { activeRuns, startsSince } from '../store/runs.ts';
import * as store from '../store/triggers.ts';
import type { TriggerRow } from '../store/triggers.ts';
import type { Events } from '../telemetry/events.ts';
import { DAY, type TriggerReason } from '../vocabulary.ts';
import { openRun } from '../runs/open.ts';
import { decide, type Situation } from './decide.ts';
import { lastDue } from './schedule.ts';

export type { TriggerRow } from '../store/triggers.ts';

export interface Triggers {
  /** Decides everything that is due, for all models. */
  tick(): Promise<void>;
  /** A trigger from outside: a person, a webhook. */
  request(ask: TriggerAsk): Promise<TriggerRow>;
  list(filter: { model: string; limit: number }): Promise<TriggerRow[]>;
}

export interface TriggerAsk {
  readonly model: string;
  readonly reason: TriggerReason;
  readonly why: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  /** Who asks. */
  readonly source: string;
}

export interface TriggerParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly events: Events;
}

/** More than there are monitors, so all that are open. */
const OPEN_INCIDENTS = 100;

interface Proposal {
  readonly reason: TriggerReason;
  readonly evidence: Readonly<Record<string, unknown>>;
}

interface Subject {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly version: number;
  readonly createdAt: Date;
}

export function createTriggers(parts: TriggerParts): Triggers {
  const { pool, clock } = parts;

  const decideFor = async (subject: Subject, extra: Proposal[]): Promise<TriggerRow[]> => {
    const decided = await transaction(pool, async (db) => {
      // one decider a model: two replicas must not both find the model idle
      await lockModel(db, 'run', subject.name, 'exclusive');
      const now = clock.now();
      const done: TriggerRow[] = [];
      const waiting = await store.waitingTriggers(db, subject.name);
      for (const trigger of waiting) {
        // one that fired before it in this loop may have taken it along
        if (!done.some((t) => t.id === trigger.id)) done.push(...(await redecide(db, subject, trigger, now)));
      }
      for (const proposal of [...(await proposals(db, subject, now)), ...extra]) done.push(...(await propose(db, subject, proposal, now)));
      return done;
    });
    for (const t of decided) parts.events.emit('trigger:decided', { model: t.model, trigger: t.id, reason: t.reason, decision: t.decision, why: t.why });
    return decided;
  };

  return {
    tick: async () => {
      const failures: unknown[] = [];
      // what is wrong with one model must not silence the others
      for (const model of await listModels(pool)) await decideFor(model, []).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
    request: async ({ model, reason, why, evidence: given, source }) => {
      const subject = await getModel(pool, model);
      if (!subject) throw new TrimtabError('not-found', { what: 'model', id: model });
      const evidence = { ...given, why, source, request: randomUUID() };
      const decided = await decideFor(subject, [{ reason, evidence }]);
      return decided.find((t) => t.evidence['request'] === evidence.request) as TriggerRow;
    },
    list: ({ model, limit }) => store.listTriggers(pool, model, limit),
  };
}

/** The reasons that have arisen and are not yet stored. */
async function proposals(db: Client, subject: Subject, now: Date): Promise<Proposal[]> {
  const found: Proposal[] = [];
  const { retrain } = subject.spec;
  if (retrain.schedule !== undefined) {
    const due = lastDue(retrain.schedule, retrain.timeZone, now);
    // what was due before the model existed is not owed
    if (due > subject.createdAt && (await store.takeDue(db, subject.name, due))) found.push({ reason: 'schedule', evidence: { due: due.toISOString(), schedule: retrain.schedule } });
  }
  for (const incident of await listIncidents(db, subject.name, 'open', OPEN_INCIDENTS)) {
    // missing values or values of another type are mended where they come from, not by training
    const monitors = [incident.monitor, ...incident.joined];
    if (monitors.every((monitor) => monitor.startsWith('contract.'))) continue;
    if (incident.mutedUntil !== null && incident.mutedUntil > now) continue;
    // a further alarm of the same incident is a new reason: the run that answered the first did not mend it
    const evidence = { incident: incident.id, alarms: incident.alarms };
    if (!(await store.hasTriggerWith(db, subject.name, evidence))) found.push({ reason: monitors.includes('error') ? 'performance' : 'drift', evidence });
  }
  if (retrain.on.includes('labels')) {
    const { last } = await startsSince(db, subject.name, now);
    const labels = await store.labelsSince(db, subject.name, last);
    if (labels >= retrain.minLabels && (await activeRuns(db, subject.name)).length === 0) found.push({ reason: 'labels', evidence: { labels } });
  }
  return found;
}

async function propose(db: Client, subject: Subject, proposal: Proposal, now: Date): Promise<TriggerRow[]> {
  const seen = await situation(db, subject, now);
  const { decision, why } = decide(proposal.reason, subject.spec.retrain, seen);
  const waiting = (await store.waitingTriggers(db, subject.name)).find((t) => t.reason === proposal.reason);
  // the labels that go on coming are no new reason while the first one waits
  if (waiting && proposal.reason === 'labels') return [];
  const merged = waiting && decision === 'waiting' ? { decision: 'coalesced' as const, why: `joins trigger ${waiting.id}, which waits: ${waiting.why}` } : { decision, why };
  const trigger = await store.insertTrigger(db, { id: randomUUID(), model: subject.name, ...proposal, ...merged, createdAt: now });
  return merged.decision === 'fired' ? fire(db, subject, trigger, now) : [await joined(db, trigger, seen)];
}

async function redecide(db: Client, subject: Subject, trigger: TriggerRow, now: Date): Promise<TriggerRow[]> {
  const seen = await situation(db, subject, now);
  const { decision, why } = decide(trigger.reason, subject.spec.retrain, seen);
  if (decision === 'waiting' && why === trigger.why) return [];
  await store.decideTrigger(db, trigger.id, decision, why, now);
  const decided = { ...trigger, decision, why };
  return decision === 'fired' ? fire(db, subject, decided, now) : [await joined(db, decided, seen)];
}

/** Notes the run under way that a coalesced trigger joins. */
async function joined(db: Client, trigger: TriggerRow, { activeRun }: Situation): Promise<TriggerRow> {
  if (trigger.decision !== 'coalesced' || activeRun === null) return trigger;
  await store.setTriggerRun(db, trigger.id, activeRun);
  return { ...trigger, runId: activeRun };
}

/** Opens the run, and lets what still waits ride on it. */
async function fire(db: Client, subject: Subject, trigger: TriggerRow, now: Date): Promise<TriggerRow[]> {
  const run = await openRun(db, { model: subject.name, triggerId: trigger.id, specVersion: subject.version, now });
  await store.setTriggerRun(db, trigger.id, run.id);
  const riding = (await store.waitingTriggers(db, subject.name)).filter((t) => t.id !== trigger.id);
  for (const t of riding) {
    await store.decideTrigger(db, t.id, 'coalesced', `run ${run.id} was started for ${trigger.reason}`, now);
    await store.setTriggerRun(db, t.id, run.id);
  }
  return [{ ...trigger, decision: 'fired', runId: run.id }, ...riding.map((t) => ({ ...t, decision: 'coalesced' as const, runId: run.id }))];
}

async function situation(db: Client, subject: Subject, now: Date): Promise<Situation> {
  const [active] = await activeRuns(db, subject.name);
  const { count, last } = await startsSince(db, subject.name, new Date(now.getTime() - DAY));
  return { now, activeRun: active?.id ?? null, lastStart: last, startsInDay: count, newLabels: await store.labelsSince(db, subject.name, last) };
}
