/** What HTTP needs of the rest: the smallest interfaces, so that a test can stand in for any of them. */
import type { Auth } from '../auth/index.ts';
import type { Audit } from '../audit.ts';
import type { Clock } from '../clock.ts';
import type { LabelQueues } from '../datasets/queue.ts';
import type { Drift, Incidents } from '../drift/index.ts';
import type { Performance } from '../drift/performance/index.ts';
import type { Health } from '../health.ts';
import type { Ingest } from '../ingest/index.ts';
import type { Models } from '../models.ts';
import type { Overview } from '../overview/index.ts';
import type { DecisionRecord } from '../promotion/records.ts';
import type { Registry } from '../promotion/registry.ts';
import type { Answer } from '../promotion/targets/builtin.ts';
import type { Verification } from '../runs/record.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { EventHub } from './event-hub.ts';
import type { Webhooks } from '../webhooks/index.ts';
import type { RunOutcome, RunState, TriggerDecision, TriggerReason } from '../vocabulary.ts';

export interface HttpParts {
  readonly clock: Clock;
  readonly events: Pick<Events, 'emit'>;
  /** Closed with the server. */
  readonly hub: EventHub;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly auth: Auth;
  readonly health: Pick<Health, 'ready'>;
  readonly models: Models;
  readonly ingest: Pick<Ingest, 'predictions' | 'feedback' | 'importRows'>;
  readonly drift: Pick<Drift, 'report'> & { readonly incidents: Pick<Incidents, 'list' | 'get' | 'acknowledge' | 'resolve' | 'mute' | 'unmute' | 'replay'> };
  readonly performance: Performance;
  readonly triggers: TriggersPart;
  readonly runs: RunsPart;
  readonly registry: Pick<Registry, 'live' | 'liveAt' | 'history' | 'adapters' | 'rollback'>;
  readonly target: TargetPart;
  readonly records: RecordsPart;
  readonly webhooks: WebhooksPart;
  readonly overview: Overview;
  readonly labels: LabelQueues;
  readonly audit: Audit;
  readonly page: PagePart;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** Bytes of a body. */
  readonly bodyBytes: number;
  /** Requests a minute of one key on one route; `ingest` for routes that bring rows or ask for predictions. */
  readonly requestsPerMinute: number;
  readonly ingestPerMinute: number;
  /** Mean delay of the event loop, in milliseconds, and bytes of heap, beyond which requests are answered with 503. */
  readonly eventLoopDelayMs: number;
  readonly heapBytes: number;
  /** How often both are looked at, in milliseconds. */
  readonly sampleMs: number;
}

export interface PagePart {
  /** Holds index.html and assets/ once it is ready. */
  readonly folder: string;
  state(): { readonly state: 'ready' | 'building' } | { readonly state: 'missing'; readonly why: string };
}

export interface TriggersPart {
  request(input: {
    readonly model: string;
    readonly reason: TriggerReason;
    readonly why: string;
    readonly evidence: Readonly<Record<string, unknown>>;
    readonly source: string;
  }): Promise<Trigger>;
  list(filter: { readonly model: string; readonly limit: number }): Promise<readonly Trigger[]>;
}

export interface Trigger {
  readonly id: string;
  readonly model: string;
  readonly reason: TriggerReason;
  readonly decision: TriggerDecision;
  readonly why: string;
  readonly evidence: unknown;
  readonly createdAt: Date;
  readonly decidedAt: Date;
  readonly runId: string | null;
}

export interface RunsPart {
  list(filter: { readonly model?: string; readonly limit: number }): Promise<readonly Run[]>;
  get(id: string): Promise<Run | null>;
  approve(id: string, by: string): Promise<unknown>;
  cancel(id: string, by: string): Promise<unknown>;
}

export interface Run {
  readonly id: string;
  readonly model: string;
  readonly number: number;
  readonly triggerId: string;
  readonly specVersion: number;
  readonly state: RunState;
  readonly outcome: RunOutcome | null;
  readonly reason: string | null;
  readonly attempt: number;
  readonly dataset: string | null;
  readonly champion: string | null;
  readonly challenger: string | null;
  readonly evaluation: unknown;
  readonly rollout: unknown;
  readonly watch: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

export interface TargetPart {
  /** One row a text, in order, by the live adapter. Throws `no-live-adapter`, and `bad-request` for documents that it cannot search. */
  predict(model: string, texts: readonly string[], options?: { readonly documents?: readonly string[] }): Promise<Answer>;
}

export interface WebhooksPart extends Pick<Webhooks, 'receive' | 'endpoints'> {
  readonly sources: Pick<Webhooks['sources'], 'put' | 'rotate' | 'list' | 'get' | 'remove'>;
}

export interface RecordsPart {
  /** Newest first; `before` (a seq) pages on. */
  list(model: string, page: { readonly before?: number; readonly limit: number }): Promise<readonly DecisionRecord[]>;
  get(id: string): Promise<DecisionRecord | null>;
  /** Throws `not-found`. */
  verify(id: string): Promise<Verification>;
}
