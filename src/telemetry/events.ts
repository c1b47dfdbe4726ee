/** What the domains tell the world: they emit, and never know who listens (metrics, the page, the demo). */
import { EventEmitter } from 'node:events';
import type { INGEST_KINDS, WAKES } from './definitions.ts';
import type {
  IncidentLevel, IncidentState, MonitorKind, RunOutcome, RunState, TriggerDecision, TriggerReason, WebhookAttempt, WebhookReceipt, WebhookSource, WebhookTarget,
} from '../vocabulary.ts';

/** Every event with its payload. Seconds are of wall time, counts are rows. */
export interface EventMap {
  'ingest:batch': {
    readonly model: string;
    readonly kind: (typeof INGEST_KINDS)[number];
    readonly accepted: number;
    readonly duplicates: number;
    readonly refused: number;
    readonly seconds: number;
  };
  'pane:closed': { readonly model: string; readonly pane: number; readonly rows: number; readonly labelled: number; readonly errors: number };
  'monitor:step': { readonly model: string; readonly monitor: MonitorKind; readonly value: number; readonly threshold: number };
  'incident:opened': { readonly model: string; readonly incident: string; readonly monitor: MonitorKind; readonly level: IncidentLevel; readonly effect: number; readonly pane: number };
  /** Its level rose. */
  'incident:escalated': { readonly model: string; readonly incident: string; readonly level: IncidentLevel; readonly because: string };
  'incident:state': { readonly model: string; readonly incident: string; readonly state: IncidentState };
  'trigger:decided': {
    readonly model: string;
    readonly trigger: string;
    readonly reason: TriggerReason;
    readonly decision: TriggerDecision;
    readonly why: string;
  };
  'run:state': {
    readonly model: string;
    readonly run: string;
    readonly state: RunState;
    readonly outcome: RunOutcome | null;
    readonly reason: string | null;
  };
  /** A run left a state after so many seconds in it. */
  'run:left': { readonly model: string; readonly run: string; readonly state: RunState; readonly seconds: number };
  'job:progress': {
    readonly model: string;
    readonly run: string;
    readonly step: number;
    readonly steps: number;
    readonly loss: number;
    readonly tokensPerSecond: number;
  };
  /** A job ended well. */
  'job:done': {
    readonly model: string;
    readonly run: string;
    readonly kind: 'train' | 'predict';
    readonly device: 'cpu' | 'gpu';
    readonly seconds: number;
    readonly tokens: number;
    readonly peakMemoryBytes: number;
  };
  promotion: {
    readonly model: string;
    readonly adapter: string;
    readonly previous: string | null;
    readonly kind: 'promotion' | 'rollback';
    readonly run: string | null;
  };
  predict: { readonly model: string; readonly seconds: number; readonly rows: number };
  /** The serving target answered with the adapter that is live. */
  'target:confirmed': { readonly model: string; readonly adapter: string };
  /** The service woke itself for a task that time brings. */
  wake: { readonly task: (typeof WAKES)[number]; readonly failed: boolean };
  /** A webhook came in and was answered. */
  'webhook:received': { readonly source: WebhookSource; readonly result: WebhookReceipt };
  /** One attempt to deliver a webhook; `target` is the form that the endpoint wants, never its URL. */
  'webhook:attempt': { readonly target: WebhookTarget; readonly result: WebhookAttempt; readonly seconds: number };
}

export type EventType = keyof EventMap;
type Listener<T extends EventType> = (payload: EventMap[T]) => void;

/** `on` returns the function that stops listening. */
export interface Events {
  on<T extends EventType>(type: T, listener: Listener<T>): () => void;
  emit<T extends EventType>(type: T, payload: EventMap[T]): void;
}

/**
 * Opens the bus. A listener that throws is reported to `onError` and disturbs neither the emitter nor the other listeners:
 * a broken dashboard must not fail an ingest transaction.
 */
export function createEvents(onError: (error: unknown, type: EventType) => void = rethrowLater): Events {
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  return {
    on(type, listener) {
      const guarded = (payload: EventMap[typeof type]) => {
        try {
          listener(payload);
        } catch (error) {
          onError(error, type);
        }
      };
      bus.on(type, guarded);
      return () => void bus.off(type, guarded);
    },
    emit: (type, payload) => void bus.emit(type, payload),
  };
}

/** Without somebody to report to, a listener's error surfaces as an uncaught one instead of vanishing. */
function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
