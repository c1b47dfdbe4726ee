/**
 * The words of Trimtab, one meaning each, the same in code, tables, metrics, URLs and docs.
 *
 * - model: a served task that is kept on course: name, task, base model, serving target, policy (one `ModelSpec`)
 * - prediction: one production inference: input, output, confidence, features, segment, adapter, time
 * - feedback: what became known later about a prediction: true label, correction, score
 * - profile: exact, mergeable, subtractable counts over predictions
 * - pane, window: a pane is a profile over a few minutes, closed once by one job; a window is a sum of panes
 * - reference: the profile and sample that drift is measured against; frozen, owned by the live adapter
 * - monitor: one watched statistic with its e-detector
 * - incident: a latched alarm with effect, interval, tolerance, guarantee and evidence
 * - trigger: a reason to retrain; also a recorded reason not to
 * - run: one pass: collect, train, evaluate, roll out, watch
 * - dataset: an immutable, content-addressed snapshot with a manifest
 * - adapter: LoRA weights in PEFT format, content-addressed, never overwritten
 * - champion, challenger: the adapter that is live; the adapter that wants to be
 * - exam: the evaluation set that both sit; a row that is ever in an exam is never trained on
 * - gate: one check of the exam's result
 * - rollout: preflight, promotion, watch, rollback on a serving target
 * - engine, backend, executor: what trains and predicts; what it computes on; where a job runs
 * - record: the decision record of a run: everything needed to explain and replay it
 */

/** Makes a closed union from a list, so that the list can be walked at run time and the union checked at compile time. */
const words = <const T extends readonly string[]>(...list: T): T => list;

export const TASKS = words('classification', 'extraction', 'generation', 'embedding');
export type Task = (typeof TASKS)[number];

export const TRIGGER_REASONS = words('schedule', 'drift', 'performance', 'labels', 'webhook', 'manual');
export type TriggerReason = (typeof TRIGGER_REASONS)[number];

/** What became of a trigger. `waiting` is decided again at every tick; the others are final. */
export const TRIGGER_DECISIONS = words('fired', 'waiting', 'declined', 'coalesced');
export type TriggerDecision = (typeof TRIGGER_DECISIONS)[number];

/** The states of a run, in order. Only `done` is final; how it ended is its outcome. */
export const RUN_STATES = words('collect', 'train', 'evaluate', 'rollout', 'watch', 'done');
export type RunState = (typeof RUN_STATES)[number];

export const RUN_OUTCOMES = words('promoted', 'rejected', 'not-enough-evidence', 'rolled-back', 'failed', 'cancelled');
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export const VERDICTS = words('promote', 'reject', 'not-enough-evidence');
export type Verdict = (typeof VERDICTS)[number];

/** `unproven`: below the power floor, listed but not blocking. */
export const GATE_RESULTS = words('pass', 'fail', 'unproven', 'not-applicable');
export type GateResult = (typeof GATE_RESULTS)[number];

/** Where a labelled row came from. `import` feeds datasets, never monitors. */
export const ORIGINS = words('feedback', 'import', 'synthetic');
export type Origin = (typeof ORIGINS)[number];

/** A labelled row's side, fixed at first sight. `neither`: near rows of both sides, so it joins neither. */
export const SIDES = words('train', 'exam', 'neither');
export type Side = (typeof SIDES)[number];

/** `calibration`: whether confidences are worth what they were worth, whatever the score does. `column` and `contract` are of one column of features each: whether its values drift, and whether they still are what they were said to be. */
export const MONITOR_KINDS = words('error', 'calibration', 'confidence', 'labels', 'unseen', 'format', 'column', 'contract');
export type MonitorKind = (typeof MONITOR_KINDS)[number];

/** How the time of a prediction repeats itself, where traffic does: the strata that it is compared within. */
export const SEASON_KEYS = words('hourOfWeek', 'hourOfDay', 'dayOfWeek');
export type SeasonKey = (typeof SEASON_KEYS)[number];

/** What an incident calls for, from the least: a line to read, work to plan, a person now. */
export const INCIDENT_LEVELS = words('log', 'ticket', 'page');
export type IncidentLevel = (typeof INCIDENT_LEVELS)[number];

export const INCIDENT_STATES = words('open', 'acknowledged', 'resolved');
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** What sends webhooks to us, by the form that it speaks: `standard` is Standard Webhooks, `trimtab` our own small schema. */
export const WEBHOOK_SOURCES = words('standard', 'github', 'alertmanager', 'cloudevents', 'trimtab');
export type WebhookSource = (typeof WEBHOOK_SOURCES)[number];

/** `duplicate`: its id was seen before; `refused`: wrong signature, too old or unreadable; `shed`: 503, to be sent again. */
export const WEBHOOK_RECEIPTS = words('accepted', 'duplicate', 'refused', 'shed');
export type WebhookReceipt = (typeof WEBHOOK_RECEIPTS)[number];

/** How a webhook proves where it comes from: Standard Webhooks' or GitHub's signature, a bearer token, a user with a password. */
export const WEBHOOK_AUTHS = words('standard', 'github', 'bearer', 'basic');
export type WebhookAuth = (typeof WEBHOOK_AUTHS)[number];

/** What our webhooks tell. */
export const WEBHOOK_TYPES = words(
  'incident.opened', 'incident.escalated', 'incident.acknowledged', 'incident.resolved', 'trigger.decided', 'run.state', 'run.outcome', 'promotion', 'rollback', 'webhook.disabled',
);
export type WebhookType = (typeof WEBHOOK_TYPES)[number];

/** A pending delivery is first in line of its endpoint until it is delivered, or skipped by a person. */
export const DELIVERY_STATES = words('pending', 'delivered', 'skipped');
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** The form in which an endpoint wants our webhooks. */
export const WEBHOOK_TARGETS = words('standard', 'slack', 'pagerduty');
export type WebhookTarget = (typeof WEBHOOK_TARGETS)[number];

/** One attempt: `failed` is tried again later, `abandoned` was the last one. */
export const WEBHOOK_ATTEMPTS = words('delivered', 'failed', 'abandoned');
export type WebhookAttempt = (typeof WEBHOOK_ATTEMPTS)[number];

/** What of a generation's row is learnt: its completion, or of a chat all that the assistant says. */
export const LOSSES = words('completion', 'assistantTurns');
export type Loss = (typeof LOSSES)[number];

export const ROLES = words('viewer', 'ingest', 'operator', 'admin');
export type Role = (typeof ROLES)[number];

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** An adapter as bytes, between job folder, object store and predictor. `extra`: further files of its folder, by name. */
export interface AdapterFiles {
  /** adapter_config.json, as PEFT reads it. */
  readonly config: Uint8Array;
  /** adapter_model.safetensors. */
  readonly weights: Uint8Array;
  readonly extra: Readonly<Record<string, Uint8Array>>;
}

/** One turn of a chat, as chat templates know it. */
export interface Message {
  readonly role: string;
  /** Null where an assistant does nothing but call tools. */
  readonly content: string | null;
  /** Of an assistant: what it calls, {type: 'function', function: {name, arguments}}. */
  readonly tool_calls?: readonly object[];
  /** Of a tool's answer: the call that it answers, and the tool. */
  readonly tool_call_id?: string;
  readonly name?: string;
}

/** A chat that waits for its next turn. */
export interface Chat {
  readonly messages: readonly Message[];
  /** JSON schemas of the functions that the next turn may call, as chat templates take them. */
  readonly tools?: readonly object[];
}
