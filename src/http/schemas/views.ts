/** The JSON forms of what the domains hand out. */
import Type from 'typebox';
import type { StoredKey } from '../../auth/index.ts';
import type { DriftReport, Incident, Replay } from '../../drift/index.ts';
import type { PerformanceReport } from '../../drift/performance/index.ts';
import type { StoredModel } from '../../models.ts';
import type { DecisionRecord } from '../../promotion/records.ts';
import type { Adapter, Live, Promotion } from '../../promotion/registry.ts';
import type { Verification } from '../../runs/record.ts';
import { INCIDENT_LEVELS, INCIDENT_STATES, ROLES, RUN_OUTCOMES, RUN_STATES, TRIGGER_DECISIONS, TRIGGER_REASONS } from '../../vocabulary.ts';
import type { Run, Trigger } from '../parts.ts';
import { WEBHOOK_VIEWS } from './webhooks.ts';
import { integer, json, oneOf, orNull, text, time, view } from './common.ts';

export const ModelView = view<StoredModel>('Model', {
  name: text(), spec: json('the spec in force, complete with defaults'), version: integer('moves with every change of the spec'), createdAt: time(),
});

export const AdapterView = view<Adapter>('Adapter', {
  id: text('<model>--v<version>-<first 8 digits of sha256>'), model: text(), version: integer(), runId: text('the run that made it'),
  sha256: text('of adapter_model.safetensors'), baseSha256: text('of the base\'s model.safetensors'),
  labels: Type.Array(text()), files: json('name of each file, with its digest'), createdAt: time(),
});

export const LiveView = view<Live>('Live', {
  adapter: text(), reference: text('what drift is measured against'), seq: integer('the promotion that made it so'),
});

export const PromotionView = view<Promotion>('Promotion', {
  model: text(), seq: integer(), kind: oneOf(['promotion', 'rollback']), adapter: text(), reference: text(),
  previous: orNull(text('adapter that was live before')), runId: orNull(text()), reason: text(), by: text(), at: time('live from then on'),
});

export const TriggerView = view<Trigger>('Trigger', {
  id: text(), model: text(), reason: oneOf(TRIGGER_REASONS), decision: oneOf(TRIGGER_DECISIONS), why: text('why it was so decided'),
  evidence: json(), createdAt: time(), decidedAt: time(), runId: orNull(text('the run that it started or joined')),
});

export const RunView = view<Run>('Run', {
  id: text(), model: text(), number: integer(), triggerId: text(), specVersion: integer(), state: oneOf(RUN_STATES),
  outcome: orNull(oneOf(RUN_OUTCOMES)), reason: orNull(text()), attempt: integer(), dataset: orNull(text()), champion: orNull(text()),
  challenger: orNull(text()), evaluation: json('how the exam was judged'), rollout: json(), watch: json(),
  createdAt: time(), updatedAt: time(), finishedAt: orNull(time()),
});

export const IncidentView = view<Incident>('Incident', {
  id: text(), model: text(), monitor: text('that opened it'), joined: json('monitors that alarmed of the same cause'), level: oneOf(INCIDENT_LEVELS, 'what it calls for; the rule and why stand in evidence.level'), adapter: text(), reference: text(), pane: integer('the pane that alarmed first'),
  state: oneOf(INCIDENT_STATES), evidence: json('effect, interval, tolerance, guarantee, sample ids of the first monitor; level; joined: the same of the others; and, as soon as they are found, assumptions, outlook of the score, columns, segments and texts that moved'), alarms: integer(),
  openedAt: time(), lastAlarmAt: time(), acknowledgedAt: orNull(time()), acknowledgedBy: orNull(text()), resolvedAt: orNull(time()),
  mutedUntil: orNull(time('until then no events and no triggers')), mutedBy: orNull(text()), muteReason: orNull(text()),
});

export const ReplayView = view<Replay>('Replay', {
  monitor: text(), stored: Type.Number({ description: 'e-value in the evidence' }), replayed: Type.Number({ description: 'the same, computed again' }), alarm: Type.Boolean(), same: Type.Boolean({ description: 'bit for bit, and an alarm' }),
});

export const DriftView = view<DriftReport>('Drift', {
  model: text(), live: json('adapter and reference; null while nothing is live'), referenceRows: orNull(integer()), openPane: json(),
  monitors: json('each with value, threshold, share of the alarm budget, tolerance, verdict, power floor, guarantee and effect; empty while nothing is live'),
  window: json('the panes of the last day against the reference: per column the tests that fit it, each with statistic, p, effect, interval and guarantee; null while nothing is live, and without rows'),
  assumptions: json('autocorrelation of panes, and rhythms that no season declares; null while nothing is live'),
  panes: json('the last ones, the oldest first'),
});

export const PerformanceView = view<PerformanceReport>('Performance', {
  model: text(), metric: text('what scores are made by'), segment: orNull(text()), from: time(), to: time(),
  maturity: json('how long labels take: the share of predictions that get one, and the curve of the share of those that has come after so many seconds; null until labels have come'),
  feedback: json('repeats, predictions that were contradicted, and those scored by another metric, which are left out'),
  changes: json('for each adapter with exam rows: the change since the exam that the shift of confidences foretells, the change that it does not, and whether there is concept drift'),
  whole: json('as a bucket, of the whole range'),
  buckets: json('each with predictions, labelled, maturity, provisional, the mean score of the labelled and the estimate for all, with 95 % intervals and what these rest on; the oldest first'),
});

export const RecordView = view<DecisionRecord>('Record', {
  id: text(), model: text(), seq: integer(), runId: orNull(text()), kind: text(), content: json('everything that the decision rested on'),
  previous: text('hash of the record before'), hash: text('sha256 of `previous` and the body'), createdAt: time(),
});

export const VerificationView = view<Verification>('Verification', {
  id: text(), chain: text('whole, or where it is broken'),
  decision: oneOf(['same', 'different', 'none'], 'whether the gates, run again on the recorded exam sheets, gave the recorded evaluation; none: it holds no evaluation'),
});

export const KeyView = view<StoredKey>('Key', {
  id: text(), name: text(), role: oneOf(ROLES), createdAt: time(), revokedAt: orNull(time()),
});

export const VIEWS = [ModelView, AdapterView, LiveView, PromotionView, TriggerView, RunView, IncidentView, ReplayView, DriftView, PerformanceView, RecordView, VerificationView, KeyView, ...WEBHOOK_VIEWS];
