/** The answers of the API as who asks sees them: times are text. Types only: the page may import nothing else of the service. */
import type { StoredModel } from '../models.ts';
import type { DriftReport as Drift, Incident as StoredIncident, Replay as Replayed } from '../drift/index.ts';
import type { PerformanceReport as Performance } from '../drift/performance/index.ts';
import type { AuditEntry as Audited } from '../audit.ts';
import type { DatasetManifest } from '../datasets/index.ts';
import type { LabelQueue as Queue } from '../datasets/queue.ts';
import type { FleetRow as Fleet, RunCourse as Course, RunExam as Exam, ShownPrediction, Timeline as Line } from '../overview/index.ts';
import type { EvaluationState, RolloutState, RunWatch } from '../runs/state.ts';
import type { Verification as Verified } from '../runs/record.ts';
import type { DecisionRecord } from '../promotion/records.ts';
import type { Adapter as StoredAdapter, Promotion as Moved } from '../promotion/registry.ts';
import type { AttemptRow, Delivery as StoredDelivery, ListedEndpoint, PutEndpoint as PutEndpointAnswer, Source as StoredSource, Tried as TriedNow } from '../webhooks/index.ts';
import type { Run as RunPart, Trigger as TriggerPart } from './parts.ts';
import type { Problem as ProblemDocument } from './schemas/answers.ts';

/** What JSON makes of a type. */
export type Json<T> = T extends Date ? string : T extends object ? { readonly [K in keyof T]: Json<T[K]> } : T;

export type Model = Json<StoredModel>;
export type FleetRow = Json<Fleet>;
export type Timeline = Json<Line>;
export type DriftReport = Json<Drift>;
export type PerformanceReport = Json<Performance>;
export type Incident = Json<StoredIncident>;
export type Replay = Json<Replayed>;
export type DecisionRecordView = Json<DecisionRecord>;
export type Adapter = Json<StoredAdapter>;
export type Promotion = Json<Moved>;
/** What a run carries, once it has come so far. */
export type Run = Json<Omit<RunPart, 'evaluation' | 'rollout' | 'watch'>> & {
  readonly evaluation: Json<EvaluationState> | null;
  readonly rollout: Json<RolloutState> | null;
  readonly watch: Json<RunWatch> | null;
};
export type RunCourse = Json<Course>;
export type RunExam = Json<Exam>;
export type Prediction = Json<ShownPrediction>;
export type Dataset = Json<DatasetManifest>;
export type LabelQueue = Json<Queue>;
export type AuditEntry = Json<Audited>;
export type Verification = Json<Verified>;
export type Trigger = Json<TriggerPart>;
export type Endpoint = Json<ListedEndpoint>;
export type PutEndpoint = Json<PutEndpointAnswer>;
export type Delivery = Json<StoredDelivery>;
export type TriedDelivery = Delivery & { readonly tried: readonly Json<AttemptRow>[] };
export type Tried = Json<TriedNow>;
export type WebhookSource = Json<StoredSource>;
export type Problem = ProblemDocument;
