/**
 * The state of the service as gauges. Events tell only the replica in which they happen, so what is *so* (what is live, how a monitor
 * stands, what waits) is read from the database when somebody scrapes: every replica then says the same, also right after its start.
 */
import { MONITOR_KINDS, RUN_OUTCOMES, WEBHOOK_TARGETS, type IncidentState, type MonitorKind, type RunOutcome, type RunState, type Task, type TriggerReason, type WebhookTarget } from '../vocabulary.ts';
import { BOUNDS } from './definitions.ts';
import type { Instruments } from './instruments.ts';

/** An estimate with the bounds of its 95 % interval. */
export interface Bounded {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** What a constant number of queries tells of all models. Times are of the database's clock. */
export interface ServiceState {
  /** `pane`: the one that is open. */
  readonly models: readonly { readonly model: string; readonly task: Task; readonly target: string; readonly pane: number; readonly adapter: string | null; readonly since: Date | null }[];
  /** Those that are not resolved. */
  readonly incidents: readonly { readonly model: string; readonly monitor: MonitorKind; readonly state: Exclude<IncidentState, 'resolved'> | 'muted'; readonly openedAt: Date; readonly effect: Bounded }[];
  readonly waiting: readonly { readonly model: string; readonly reason: TriggerReason; readonly since: Date }[];
  readonly runs: readonly { readonly model: string; readonly state: RunState; readonly count: number; readonly awaiting: number; readonly entered: Date }[];
  readonly finished: readonly { readonly model: string; readonly outcome: RunOutcome; readonly at: Date }[];
  /** Of the last run that was judged; the champion is null for a first adapter. */
  readonly exams: readonly { readonly model: string; readonly rows: number; readonly challenger: Bounded; readonly champion: Bounded | null }[];
  /** Of the forms that some endpoint wants. */
  readonly endpoints: readonly { readonly target: WebhookTarget; readonly enabled: number; readonly disabled: number }[];
  readonly jobs: { readonly ready: number; readonly running: number; readonly failed: number; readonly age: number };
}

/** How a model stands, from the profiles of its panes. */
export interface Figures {
  readonly monitors: readonly {
    readonly monitor: MonitorKind;
    readonly value: number;
    readonly threshold: number;
    readonly tolerance: number;
    /** Null before the first row of the live adapter. */
    readonly effect: (Bounded & { readonly reference: number }) | null;
  }[];
  readonly quality: (Bounded & { readonly rows: number; readonly reference: number }) | null;
}

export interface StateSource {
  read(): Promise<ServiceState>;
  figures(model: string): Promise<Figures>;
  onError(error: unknown): void;
  /** Scrapes closer together than so many milliseconds share what was read. */
  readonly freshMs?: number;
}

const FRESH_MS = 1_000;
/** A scrape does not wait longer: a database that hangs must not hide the metrics of the process. */
const PATIENCE_MS = 3_000;
/** Figures change when a pane closes; so many models are computed anew in one scrape, the others keep theirs until the next. */
const FIGURES_A_SCRAPE = 50;

export interface StateKeeper {
  /** Brings the gauges up to date; takes them away when the database does not answer. Never throws. */
  refresh(): Promise<void>;
}

interface Kept {
  readonly key: string;
  readonly figures: Figures;
}

export function createStateKeeper(instruments: Instruments, source: StateSource): StateKeeper {
  let kept = new Map<string, Kept>();
  let reading: Promise<void> | null = null;
  let readAt = -Infinity;
  const begun = new Set<string>();

  /** Figures of all models, those computed anew whose pane closed or whose adapter changed. */
  const bringFigures = async ({ models }: ServiceState): Promise<void> => {
    const next = new Map<string, Kept>();
    let room = FIGURES_A_SCRAPE;
    for (const { model, pane, adapter } of models) {
      const [key, before] = [`${pane} ${adapter}`, kept.get(model)];
      if (before?.key === key || room === 0) {
        if (before !== undefined) next.set(model, before);
        continue;
      }
      room--;
      next.set(model, { key, figures: await source.figures(model) });
    }
    kept = next;
  };

  const read = async (): Promise<void> => {
    const started = performance.now();
    try {
      const state = await source.read();
      await bringFigures(state);
      instruments.clearState();
      showState(instruments, state);
      for (const { model } of state.models) if (!begun.has(model)) beginAtZero(instruments, model);
      for (const { model } of state.models) begun.add(model);
      for (const [model, { figures }] of kept) showFigures(instruments, model, figures);
      instruments.set('databaseUp', {}, 1);
    } catch (error) {
      instruments.clearState();
      instruments.set('databaseUp', {}, 0);
      source.onError(error);
    } finally {
      readAt = performance.now();
      instruments.set('stateSeconds', {}, (readAt - started) / 1000);
      reading = null;
    }
  };

  return {
    async refresh() {
      if (reading === null && performance.now() - readAt < (source.freshMs ?? FRESH_MS)) return;
      reading ??= read();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), PATIENCE_MS)));
      const ended = await Promise.race([reading, late]);
      clearTimeout(timer);
      if (ended !== 'late') return;
      instruments.clearState();
      instruments.set('databaseUp', {}, 0);
    },
  };
}

const seconds = (at: Date) => at.getTime() / 1000;

function showState(to: Instruments, state: ServiceState): void {
  for (const { model, task, target, adapter, since } of state.models) {
    to.set('modelInfo', { model, task, target }, 1);
    if (adapter !== null) to.set('liveInfo', { model, adapter }, 1);
    if (since !== null) to.set('liveSince', { model }, seconds(since));
  }
  for (const { model, monitor, state: at, openedAt, effect } of state.incidents) {
    to.set('incidentOpened', { model, monitor, state: at }, seconds(openedAt));
    for (const bound of BOUNDS) to.set('incidentEffect', { model, monitor, bound }, effect[bound]);
  }
  for (const { model, reason, since } of state.waiting) to.set('triggerWaiting', { model, reason }, seconds(since));
  for (const { model, state: at, count, awaiting, entered } of state.runs) {
    to.set('runs', { model, state: at }, count);
    to.set('runEntered', { model, state: at }, seconds(entered));
    if (awaiting > 0) to.set('runsAwaiting', { model }, awaiting);
  }
  for (const { model, outcome, at } of state.finished) to.set('runFinished', { model, outcome }, seconds(at));
  for (const { model, rows, challenger, champion } of state.exams) {
    to.set('examRows', { model }, rows);
    for (const bound of BOUNDS) {
      to.set('exam', { model, sitter: 'challenger', bound }, challenger[bound]);
      if (champion !== null) to.set('exam', { model, sitter: 'champion', bound }, champion[bound]);
    }
  }
  for (const target of WEBHOOK_TARGETS) {
    const { enabled, disabled } = state.endpoints.find((each) => each.target === target) ?? { enabled: 0, disabled: 0 };
    to.set('webhookEndpoints', { target, state: 'enabled' }, enabled);
    to.set('webhookEndpoints', { target, state: 'disabled' }, disabled);
  }
  const { age, ...jobs } = state.jobs;
  for (const at of ['ready', 'running', 'failed'] as const) to.set('queueJobs', { state: at }, jobs[at]);
  to.set('queueAge', {}, age);
}

function showFigures(to: Instruments, model: string, { monitors, quality }: Figures): void {
  for (const { monitor, value, threshold, tolerance, effect } of monitors) {
    to.set('monitorValue', { model, monitor }, value);
    to.set('monitorThreshold', { model, monitor }, threshold);
    to.set('monitorTolerance', { model, monitor }, tolerance);
    if (effect === null) continue;
    to.set('monitorReference', { model, monitor }, effect.reference);
    for (const bound of BOUNDS) to.set('monitorEffect', { model, monitor, bound }, effect[bound]);
  }
  if (quality === null) return;
  to.set('qualityRows', { model }, quality.rows);
  to.set('qualityReference', { model }, quality.reference);
  for (const bound of BOUNDS) to.set('quality', { model, bound }, quality[bound]);
}

/** Counters of rare events exist from the start at 0: `increase` does not see the first event of a series that it makes. */
function beginAtZero(to: Instruments, model: string): void {
  for (const outcome of RUN_OUTCOMES) to.begin('runOutcomes', { model, outcome });
  for (const monitor of MONITOR_KINDS) to.begin('incidents', { model, monitor });
  for (const kind of ['promotion', 'rollback'] as const) to.begin('promotions', { model, kind });
  for (const result of ['accepted', 'duplicate', 'refused'] as const) to.begin('ingestRows', { model, kind: 'predictions', result });
}
