// Made by tests/clients/generated.test.ts from the service's own description; run it with -u to make it anew.
import type { Connection } from './connection.ts';

/** input (or messages), and the answer in the field of the model's task */
export interface Prediction {
  /** name of the model */
  readonly model: string;
  /** id of the prediction, unique per model: the same id again within seven days is a duplicate */
  readonly id: string;
  /** text that the model was given */
  readonly input?: string;
  /** generation: a chat, in place of the text */
  readonly messages?: readonly Message[];
  /** generation, beside messages: the functions that may be called, {type: "function", function: {name, description, parameters}} */
  readonly tools?: readonly Readonly<Record<string, unknown>>[];
  /** classification: label that the model answered */
  readonly label?: string;
  /** classification, labels multi: all labels that it answered */
  readonly labels?: readonly string[];
  /** extraction: spans that it answered, not overlapping */
  readonly spans?: readonly Span[];
  /** embedding: texts of the documents that it found, best first; the first ten are kept */
  readonly ranking?: readonly string[];
  /** generation: text that it answered */
  readonly output?: string;
  /** probability of the answer */
  readonly confidence?: number;
  /** probability of each label */
  readonly scores?: Readonly<Record<string, number>>;
  /** further values of the request; a list of numbers is a vector, such as an embedding */
  readonly features?: Readonly<Record<string, string | number | boolean | null | readonly number[]>>;
  /** part of the traffic, such as a language */
  readonly segment?: string;
  /** adapter that answered; the live one when left out */
  readonly adapter?: string;
  /** when the model answered, ISO 8601 with a zone */
  readonly occurredAt?: string;
}

export interface Message {
  /** who speaks, such as user */
  readonly role: string;
  /** what is said; null where an assistant only calls tools */
  readonly content: string | null;
  /** of an assistant: {type: "function", function: {name, arguments}} */
  readonly tool_calls?: readonly Readonly<Record<string, unknown>>[];
  /** of a tool: the call that it answers */
  readonly tool_call_id?: string;
  /** of a tool: its name */
  readonly name?: string;
}

export interface Span {
  /** first UTF-16 unit of the span, from 0, as JavaScript counts */
  readonly start: number;
  /** the unit after its last */
  readonly end: number;
  /** what the span is */
  readonly label: string;
}

export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: readonly ({
    /** place of the row in the request, from 0 */
    readonly index: number;
    readonly id: string | null;
    readonly reason: string;
  })[];
}

/** the truth in the field of the model's task, or score, or thumbs */
export interface Feedback {
  /** name of the model */
  readonly model: string;
  /** id of the prediction */
  readonly predictionId: string;
  /** classification: true label */
  readonly label?: string;
  /** classification, labels multi: all true labels, [] for none */
  readonly labels?: readonly string[];
  /** extraction: the true spans, not overlapping, [] for none */
  readonly spans?: readonly Span[];
  /** embedding: text of the right document, such as the one that was clicked, or a better one */
  readonly document?: string;
  /** generation: the text that would have been right, such as the corrected output */
  readonly completion?: string;
  /** what the answer was worth, where nobody says what would have been right: feeds the error monitor, never datasets */
  readonly score?: number;
  /** up is a score of 1, down of 0 */
  readonly thumbs?: "up" | "down";
  /** true: the prediction was chosen for its answer, as the label queue does. Such rows are no fair sample: they go to the train side of datasets, never to monitors, the watch or exams */
  readonly chosen?: boolean;
  /** id of the feedback; made of predictionId and what is told when left out, so that a repeat is a duplicate */
  readonly id?: string;
}

/** text (or messages), and the truth in the field of the model's task */
export interface ImportRow {
  /** id of the row; made of its text when left out */
  readonly id?: string;
  /** text that the truth is about */
  readonly text?: string;
  /** generation: a chat, in place of the text */
  readonly messages?: readonly Message[];
  /** generation, beside messages: the functions that may be called, {type: "function", function: {name, description, parameters}} */
  readonly tools?: readonly Readonly<Record<string, unknown>>[];
  /** classification: true label */
  readonly label?: string;
  /** classification, labels multi: all true labels, [] for none */
  readonly labels?: readonly string[];
  /** extraction: the true spans, not overlapping, [] for none */
  readonly spans?: readonly Span[];
  /** embedding: text of the right document, such as the one that was clicked, or a better one */
  readonly document?: string;
  /** generation: the text that would have been right, such as the corrected output */
  readonly completion?: string;
  /** part of the traffic, such as a language */
  readonly segment?: string;
  /** when it was labelled; now when left out */
  readonly labelledAt?: string;
}

export interface ModelSpec {
  /** DNS label; part of URLs and adapter ids */
  readonly name?: string;
  /** what the model does; fixed once the model is registered */
  readonly task: "classification" | "extraction" | "generation" | "embedding";
  /** classification: one label a text, or any number; fixed once the model is registered */
  readonly labels?: "single" | "multi";
  readonly base?: {
    /** folder of the base model; auto: the one that comes along, mini-decoder for generation, else mini-encoder */
    readonly model?: string;
  };
  readonly serving?: {
    /** where the live adapter is served */
    readonly target?: "builtin";
  };
  readonly monitor?: {
    readonly alarmBudget?: {
      /** expected false alarms of the whole model in `per`, at most */
      readonly maxFalseAlarms?: number;
      /** period of the budget */
      readonly per?: string;
    };
    /** length of a pane */
    readonly pane?: string;
    /** features by whose values the traffic is also profiled in parts, the 20 most frequent of each; segment: the prediction's own */
    readonly segments?: readonly string[];
    /** by which the traffic repeats itself, in the time zone of retrain.timeZone */
    readonly seasonKey?: "hourOfWeek" | "hourOfDay" | "dayOfWeek";
    /** feature that rows of one conversation or user share: the first of each and pane is profiled */
    readonly clusterKey?: string;
    readonly tolerance?: {
      /** rise of the mean of 1 - score that is still on course; auto: a tenth of the reference's mean, at least 0.0025 and at most 0.02 */
      readonly error?: "auto" | number;
      /** rise or fall of the mean of score - calibrated score that is still on course */
      readonly calibration?: number;
      /** fall of the mean confidence that is still on course */
      readonly confidence?: number;
      /** rise of one predicted label's share that is still on course */
      readonly labels?: number;
      /** rise of the share of unseen n-grams that is still on course */
      readonly unseen?: number;
      /** generation: rise of the share of outputs that are empty, refusals or not of their form */
      readonly format?: number;
      /** rise or fall of a column's mean rank among the reference's values (1/2 there) that is still on course */
      readonly mean?: number;
      /** rise or fall of the share of a bin or value of a column that is still on course */
      readonly share?: number;
      /** rise of the share of values that the reference does not have, or that lie outside its range, that is still on course */
      readonly newValues?: number;
      /** rise of the share of missing values that is still on course */
      readonly missing?: number;
      /** rise of the share of values of another type that is still on course */
      readonly mistyped?: number;
    };
    /** by the name of a feature, where its column is to be watched otherwise */
    readonly columns?: Readonly<Record<string, {
      /** false: shown, but without monitors */
      readonly watch?: boolean;
      readonly tolerance?: {
        /** rise or fall of a column's mean rank among the reference's values (1/2 there) that is still on course */
        readonly mean?: number;
        /** rise or fall of the share of a bin or value of a column that is still on course */
        readonly share?: number;
        /** rise of the share of values that the reference does not have, or that lie outside its range, that is still on course */
        readonly newValues?: number;
        /** rise of the share of missing values that is still on course */
        readonly missing?: number;
        /** rise of the share of values of another type that is still on course */
        readonly mistyped?: number;
      };
    }>>;
    /** proportions in which the alarm budget is shared; what cannot watch gives its share to the others */
    readonly weights?: {
      /** of error and, a fifth of it, calibration */
      readonly performance?: number;
      /** of confidence, labels and columns */
      readonly drift?: number;
      /** of unseen n-grams, form, missing and mistyped values */
      readonly quality?: number;
    };
    /** of a row with the one before it: log bets are divided by (1 + a) / (1 - a), and above 0 the promise is asymptotic; left out: estimated for each stream from the panes after a promotion */
    readonly autocorrelation?: number;
  };
  readonly retrain?: {
    /** cron expression of five fields */
    readonly schedule?: string;
    /** what may start a run; [] only observes */
    readonly on?: readonly ("drift" | "performance" | "labels")[];
    /** time of day in which runs may start */
    readonly window?: string;
    /** IANA time zone of schedule and window */
    readonly timeZone?: string;
    /** labelled rows since the last run that a run needs */
    readonly minLabels?: number;
    /** shortest time between the starts of two runs */
    readonly cooldown?: string;
    /** runs in any 24 hours, at most */
    readonly maxPerDay?: number;
  };
  readonly data?: {
    /** how far back labelled rows are current */
    readonly window?: string;
    /** older rows in a dataset, as a share of the rows in the window */
    readonly replay?: number;
    /** which duplicates are removed */
    readonly dedupe?: "near" | "exact";
    /** share of labelled rows that go to the exam */
    readonly examShare?: number;
    /** rows of a dataset, at most */
    readonly maxRows?: number;
    /** of an embedding: documents that a prediction ranked before the right one, learnt as wrong ones beside it, at most so many a row; left out: none */
    readonly hardNegatives?: number;
    /** rows of an exam, at most: those of the window first, then older ones in an order that their ids fix */
    readonly maxExamRows?: number;
  };
  readonly training?: {
    /** what trains */
    readonly engine?: "tfjs";
    /** where the job runs */
    readonly executor?: "local";
    readonly lora?: {
      /** rank; auto: 16, above 10,000 train rows 32 */
      readonly r?: "auto" | number;
      /** scale is alpha / r; auto: 2 r */
      readonly alpha?: "auto" | number;
      /** scale is alpha / sqrt(r) instead */
      readonly rslora?: boolean;
      /** layers that get an adapter */
      readonly targets?: "all-linear" | readonly string[];
    };
    /** a fresh adapter, or the champion continued */
    readonly start?: "base" | "champion";
    /** passes over the dataset */
    readonly epochs?: number;
    /** rows a step; on a GPU on average, but of a search */
    readonly batchSize?: number;
    /** peak learning rate; auto: by the number of steps; probe: the best of three around that */
    readonly learningRate?: "auto" | "probe" | number;
    /** form of the frozen base */
    readonly quantisation?: "none" | "nf4";
    /** generation: tokens of an output, at most */
    readonly maxNewTokens?: number;
    /** generation: what of a chat is learnt, the completion or all turns of the assistant */
    readonly loss?: "completion" | "assistantTurns";
    /** tokens of a row, at most */
    readonly maxLength?: number;
    readonly seed?: number;
  };
  readonly gates?: {
    /** what the challenger must show */
    readonly rule?: "superior" | "nonInferior";
    /** margin of `nonInferior` */
    readonly margin?: number;
    /** score of a row, by task: classification accuracy (labels multi: f1, jaccard, exact), extraction spanF1 or exact, embedding nDCG@10, recall@1 or recall@10, generation exact or json; auto: the first named */
    readonly metric?: "auto" | "accuracy" | "f1" | "jaccard" | "exact" | "spanF1" | "nDCG@10" | "recall@1" | "recall@10" | "json";
    /** chance of promoting a challenger that is no better, at most */
    readonly alpha?: number;
    /** loss on older exam rows that is still allowed */
    readonly maxForgetting?: number;
  };
  readonly rollout?: {
    /** who lets a promotion through */
    readonly approve?: "auto" | "manual";
    /** how long a promotion is watched */
    readonly watch?: string;
  };
}

export interface Model {
  readonly name: string;
  /** the spec in force, complete with defaults */
  readonly spec: unknown;
  /** moves with every change of the spec */
  readonly version: number;
  readonly createdAt: string;
}

export interface FleetRow {
  readonly model: string;
  readonly task: "classification" | "extraction" | "generation" | "embedding";
  /** what a score is */
  readonly metric: string;
  /** adapter, version, and since when; null while nothing is live */
  readonly live: unknown;
  /** mean score of the last seven days under the live adapter, its 95 % interval, labelled rows; of the exam while there are none; null before that */
  readonly quality: unknown;
  /** those that are not resolved, newest first */
  readonly incidents: unknown;
  /** when the schedule is due next */
  readonly nextSchedule: string | null;
  /** the run under way, with the step of its job; null when there is none */
  readonly run: unknown;
}

export interface Timeline {
  readonly model: string;
  /** what a score is */
  readonly metric: string;
  readonly from: string;
  readonly to: string;
  /** as far back as there is anything, and the last closed pane; null before one has closed */
  readonly whole: unknown;
  /** closed panes in the span */
  readonly panes: number;
  /** seconds since 1970, a value for each point; so are the other columns */
  readonly at: readonly number[];
  /** predictions */
  readonly rows: readonly number[];
  /** of which the outcome became known in the point */
  readonly labelled: readonly number[];
  /** mean score */
  readonly score: readonly (number | null)[];
  /** lower end of its 95 % interval */
  readonly low: readonly (number | null)[];
  /** upper end */
  readonly high: readonly (number | null)[];
  /** mean */
  readonly confidence: readonly (number | null)[];
  /** mean share of unseen n-grams */
  readonly unseen: readonly (number | null)[];
  /** each with `share`: e-value over threshold, the highest of the point; it alarms at 1 */
  readonly monitors: unknown;
  /** promotions and rollbacks, newest first */
  readonly promotions: unknown;
  /** newest first */
  readonly incidents: unknown;
  /** newest first */
  readonly runs: unknown;
}

export interface RunCourse {
  readonly run: string;
  /** why it began */
  readonly trigger: unknown;
  /** states in order, each with its time and what the step said */
  readonly steps: unknown;
  /** of its jobs: step, loss, tokens per second */
  readonly progress: unknown;
  /** what the training job came to; null while it runs */
  readonly result: unknown;
  /** trained parameters against those of the base's linear layers, bytes of the adapter against those of the base; null while it trains */
  readonly cost: unknown;
}

export interface RunExam {
  readonly run: string;
  /** what a score is */
  readonly metric: string;
  /** whom the challenger met */
  readonly opponent: "champion" | "base" | "trivial";
  /** of the exam */
  readonly rows: number;
  /** rows on which the challenger scored higher */
  readonly better: number;
  /** lower */
  readonly worse: number;
  /** rows on which the challenger was not entirely right */
  readonly wrong: number;
  /** rows of the kind that was asked for, with both answers */
  readonly examples: unknown;
  /** mean score of both on the rows of each label */
  readonly byLabel: unknown;
}

export interface Drift {
  readonly model: string;
  /** adapter and reference; null while nothing is live */
  readonly live: unknown;
  readonly referenceRows: number | null;
  readonly openPane: unknown;
  /** each with value, threshold, share of the alarm budget, tolerance, verdict, power floor, guarantee and effect; empty while nothing is live */
  readonly monitors: unknown;
  /** the panes of the last day against the reference: per column the tests that fit it, each with statistic, p, effect, interval and guarantee; null while nothing is live, and without rows */
  readonly window: unknown;
  /** autocorrelation of panes, and rhythms that no season declares; null while nothing is live */
  readonly assumptions: unknown;
  /** the last ones, the oldest first */
  readonly panes: unknown;
}

export interface Incident {
  readonly id: string;
  readonly model: string;
  /** that opened it */
  readonly monitor: string;
  /** monitors that alarmed of the same cause */
  readonly joined: unknown;
  /** what it calls for; the rule and why stand in evidence.level */
  readonly level: "log" | "ticket" | "page";
  readonly adapter: string;
  readonly reference: string;
  /** the pane that alarmed first */
  readonly pane: number;
  readonly state: "open" | "acknowledged" | "resolved";
  /** effect, interval, tolerance, guarantee, sample ids of the first monitor; level; joined: the same of the others; and, as soon as they are found, assumptions, outlook of the score, columns, segments and texts that moved */
  readonly evidence: unknown;
  readonly alarms: number;
  readonly openedAt: string;
  readonly lastAlarmAt: string;
  readonly acknowledgedAt: string | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: string | null;
  /** until then no events and no triggers */
  readonly mutedUntil: string | null;
  readonly mutedBy: string | null;
  readonly muteReason: string | null;
}

export interface Replay {
  readonly monitor: string;
  /** e-value in the evidence */
  readonly stored: number;
  /** the same, computed again */
  readonly replayed: number;
  readonly alarm: boolean;
  /** bit for bit, and an alarm */
  readonly same: boolean;
}

export interface Performance {
  readonly model: string;
  /** what scores are made by */
  readonly metric: string;
  readonly segment: string | null;
  readonly from: string;
  readonly to: string;
  /** how long labels take: the share of predictions that get one, and the curve of the share of those that has come after so many seconds; null until labels have come */
  readonly maturity: unknown;
  /** repeats, predictions that were contradicted, and those scored by another metric, which are left out */
  readonly feedback: unknown;
  /** for each adapter with exam rows: the change since the exam that the shift of confidences foretells, the change that it does not, and whether there is concept drift */
  readonly changes: unknown;
  /** as a bucket, of the whole range */
  readonly whole: unknown;
  /** each with predictions, labelled, maturity, provisional, the mean score of the labelled and the estimate for all, with 95 % intervals and what these rest on; the oldest first */
  readonly buckets: unknown;
}

export interface Trigger {
  readonly id: string;
  readonly model: string;
  readonly reason: "schedule" | "drift" | "performance" | "labels" | "webhook" | "manual";
  readonly decision: "fired" | "waiting" | "declined" | "coalesced";
  /** why it was so decided */
  readonly why: string;
  readonly evidence: unknown;
  readonly createdAt: string;
  readonly decidedAt: string;
  /** the run that it started or joined */
  readonly runId: string | null;
}

export interface Run {
  readonly id: string;
  readonly model: string;
  readonly number: number;
  readonly triggerId: string;
  readonly specVersion: number;
  readonly state: "collect" | "train" | "evaluate" | "rollout" | "watch" | "done";
  readonly outcome: "promoted" | "rejected" | "not-enough-evidence" | "rolled-back" | "failed" | "cancelled" | null;
  readonly reason: string | null;
  readonly attempt: number;
  readonly dataset: string | null;
  readonly champion: string | null;
  readonly challenger: string | null;
  /** how the exam was judged */
  readonly evaluation: unknown;
  readonly rollout: unknown;
  readonly watch: unknown;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

export interface Adapter {
  /** <model>--v<version>-<first 8 digits of sha256> */
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** the run that made it */
  readonly runId: string;
  /** of adapter_model.safetensors */
  readonly sha256: string;
  /** of the base's model.safetensors */
  readonly baseSha256: string;
  readonly labels: readonly string[];
  /** name of each file, with its digest */
  readonly files: unknown;
  readonly createdAt: string;
}

export interface Promotion {
  readonly model: string;
  readonly seq: number;
  readonly kind: "promotion" | "rollback";
  readonly adapter: string;
  readonly reference: string;
  /** adapter that was live before */
  readonly previous: string | null;
  readonly runId: string | null;
  readonly reason: string;
  readonly by: string;
  /** live from then on */
  readonly at: string;
}

export interface Live {
  readonly adapter: string;
  /** what drift is measured against */
  readonly reference: string;
  /** the promotion that made it so */
  readonly seq: number;
}

export interface DecisionRecord {
  readonly id: string;
  readonly model: string;
  readonly seq: number;
  readonly runId: string | null;
  readonly kind: string;
  /** everything that the decision rested on */
  readonly content: unknown;
  /** hash of the record before */
  readonly previous: string;
  /** sha256 of `previous` and the body */
  readonly hash: string;
  readonly createdAt: string;
}

export interface Verification {
  readonly id: string;
  /** whole, or where it is broken */
  readonly chain: string;
  /** whether the gates, run again on the recorded exam sheets, gave the recorded evaluation; none: it holds no evaluation */
  readonly decision: "same" | "different" | "none";
}

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  /** name of the key */
  readonly who: string;
  readonly role: "viewer" | "ingest" | "operator" | "admin";
  readonly action: string;
  readonly model: string | null;
  /** what it was done to */
  readonly subject: string;
  readonly reason: string | null;
  /** done, or the code of the error that refused it; null: begun and never ended */
  readonly outcome: string | null;
  /** what came of it, where the action does not say */
  readonly detail: string | null;
}

export interface Dataset {
  /** sha256 of the rest */
  readonly id: string;
  readonly model: string;
  /** the run that it was made for */
  readonly runId: string;
  readonly createdAt: string;
  /** how it was made */
  readonly recipe: unknown;
  /** what is in it */
  readonly counts: unknown;
  /** digest of its train rows */
  readonly train: string;
  /** digest of its exam rows */
  readonly exam: string;
  /** the dataset before it */
  readonly parents: readonly string[];
  /** that stand behind its run, each with the ids that it names as texts that moved and how many of them had labels and are trained on; missing without any */
  readonly incidents?: unknown;
}

export interface LabelQueue {
  readonly model: string;
  readonly by: "worth" | "chance";
  /** the live adapter; null while nothing is live */
  readonly adapter: string | null;
  /** to choose from; empty where labels are of no closed set */
  readonly labels: readonly string[];
  /** predictions without a label that were looked at */
  readonly lookedAt: number;
  /** each with why it stands here, and the incident that names it as a text that moved */
  readonly rows: unknown;
}

export interface WebhookSource {
  readonly name: string;
  readonly format: "standard" | "github" | "alertmanager" | "cloudevents" | "trimtab";
  readonly auth: "standard" | "github" | "bearer" | "basic";
  /** null: each message names its model */
  readonly model: string | null;
  readonly types: readonly string[];
  readonly cooldown: string;
  /** how many are valid now */
  readonly secrets: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface WebhookEndpoint {
  readonly name: string;
  /** where it leads; the rest of the URL is a secret */
  readonly host: string;
  readonly target: "standard" | "slack" | "pagerduty";
  /** null: of all models */
  readonly model: string | null;
  readonly types: readonly ("incident.opened" | "incident.escalated" | "incident.acknowledged" | "incident.resolved" | "trigger.decided" | "run.state" | "run.outcome" | "promotion" | "rollback" | "webhook.disabled")[];
  /** since when no delivery has succeeded */
  readonly failingSince: string | null;
  readonly disabledAt: string | null;
  readonly disabledWhy: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** deliveries that wait */
  readonly pending: number;
}

export interface WebhookDelivery {
  /** webhook-id: the same however often it is sent */
  readonly id: string;
  /** the order of the events */
  readonly seq: number;
  readonly endpoint: string;
  readonly type: "incident.opened" | "incident.escalated" | "incident.acknowledged" | "incident.resolved" | "trigger.decided" | "run.state" | "run.outcome" | "promotion" | "rollback" | "webhook.disabled";
  readonly model: string | null;
  /** of the event */
  readonly at: string;
  readonly data: unknown;
  readonly state: "pending" | "delivered" | "skipped";
  readonly attempts: number;
  /** of the next attempt, while it is pending */
  readonly dueAt: string;
  readonly endedAt: string | null;
}

export interface WebhookAttempt {
  readonly n: number;
  readonly at: string;
  /** of the answer; null when there was none */
  readonly status: number | null;
  /** null: delivered */
  readonly problem: string | null;
  readonly seconds: number;
}

export interface Key {
  readonly id: string;
  readonly name: string;
  readonly role: "viewer" | "ingest" | "operator" | "admin";
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** Every operation of the service, by what it is about. */
export function operations({ request }: Connection) {
  return {
    webhooks: {
      /** A webhook of a registered source; proves itself by its signature, token or password. `POST /v1/webhooks/{source}` */
      send: (source: string, body: unknown) => request<{
        /** messages that ask for a run and were kept */
        readonly accepted: number;
        /** those whose id was seen before */
        readonly duplicates: number;
        /** those that the source does not want, or that only inform */
        readonly ignored: number;
      }>('POST', `/v1/webhooks/${encodeURIComponent(source)}`, { body }),
      /** Register who may call us, or change it. `PUT /v1/webhooks/sources/{name}` */
      putSources: (name: string, body: {
        /** what the sender speaks; trimtab is our own small schema */
        readonly format: "standard" | "github" | "alertmanager" | "cloudevents" | "trimtab";
        /** how it proves where it comes from; the usual way of the format when left out */
        readonly auth?: "standard" | "github" | "bearer" | "basic";
        /** whose retraining it asks for; left out, each message names a model */
        readonly model?: string;
        /** types of message that ask for a run: "release" takes "release.published" too; all when left out */
        readonly types?: readonly string[];
        /** shortest time between two triggers of one model by this source; 10m when left out */
        readonly cooldown?: string;
        /** a secret that the sender already has: whsec_... for standard, user:password for basic */
        readonly secret?: string;
      }) => request<{
        readonly name: string;
        readonly format: "standard" | "github" | "alertmanager" | "cloudevents" | "trimtab";
        readonly auth: "standard" | "github" | "bearer" | "basic";
        /** null: each message names its model */
        readonly model: string | null;
        readonly types: readonly string[];
        readonly cooldown: string;
        /** how many are valid now */
        readonly secrets: number;
        readonly createdAt: string;
        readonly updatedAt: string;
        /** shown this once, when one was made */
        readonly secret: string | null;
        readonly created: boolean;
      }>('PUT', `/v1/webhooks/sources/${encodeURIComponent(name)}`, { body, repeatable: true }),
      /** A source. `GET /v1/webhooks/sources/{name}` */
      getSources: (name: string) => request<WebhookSource>('GET', `/v1/webhooks/sources/${encodeURIComponent(name)}`, { repeatable: true }),
      /** Let a source call us no more. `DELETE /v1/webhooks/sources/{name}` */
      deleteSources: (name: string) => request<void>('DELETE', `/v1/webhooks/sources/${encodeURIComponent(name)}`, { repeatable: true }),
      /** A new secret; the former stays valid for a day. `POST /v1/webhooks/sources/{name}/rotate` */
      sourcesRotate: (name: string, body: {
        /** a secret that the sender already has: whsec_... for standard, user:password for basic */
        readonly secret?: string;
      }) => request<{
        readonly name: string;
        readonly format: "standard" | "github" | "alertmanager" | "cloudevents" | "trimtab";
        readonly auth: "standard" | "github" | "bearer" | "basic";
        /** null: each message names its model */
        readonly model: string | null;
        readonly types: readonly string[];
        readonly cooldown: string;
        /** how many are valid now */
        readonly secrets: number;
        readonly createdAt: string;
        readonly updatedAt: string;
        /** shown this once, when one was made */
        readonly secret: string | null;
        readonly created: boolean;
      }>('POST', `/v1/webhooks/sources/${encodeURIComponent(name)}/rotate`, { body }),
      /** All sources. `GET /v1/webhooks/sources` */
      sources: () => request<readonly WebhookSource[]>('GET', `/v1/webhooks/sources`, { repeatable: true }),
      /** Register whom we tell, or change and enable it. `PUT /v1/webhooks/endpoints/{name}` */
      putEndpoints: (name: string, body: {
        /** https, and public unless the operator allows more (TRIMTAB_WEBHOOK_ALLOW) */
        readonly url: string;
        /** the form of the body; standard when left out */
        readonly target?: "standard" | "slack" | "pagerduty";
        /** events of this model only */
        readonly model?: string;
        /** left out: all but run.state; for pagerduty, what calls for a person */
        readonly types?: readonly ("incident.opened" | "incident.escalated" | "incident.acknowledged" | "incident.resolved" | "trigger.decided" | "run.state" | "run.outcome" | "promotion" | "rollback" | "webhook.disabled")[];
        /** integration key; pagerduty needs it */
        readonly routingKey?: string;
      }) => request<{
        readonly name: string;
        /** where it leads; the rest of the URL is a secret */
        readonly host: string;
        readonly target: "standard" | "slack" | "pagerduty";
        /** null: of all models */
        readonly model: string | null;
        readonly types: readonly ("incident.opened" | "incident.escalated" | "incident.acknowledged" | "incident.resolved" | "trigger.decided" | "run.state" | "run.outcome" | "promotion" | "rollback" | "webhook.disabled")[];
        /** since when no delivery has succeeded */
        readonly failingSince: string | null;
        readonly disabledAt: string | null;
        readonly disabledWhy: string | null;
        readonly createdAt: string;
        readonly updatedAt: string;
        /** shown this once, when one was made */
        readonly secret: string | null;
        readonly created: boolean;
        /** it was disabled before */
        readonly enabled: boolean;
      }>('PUT', `/v1/webhooks/endpoints/${encodeURIComponent(name)}`, { body, repeatable: true }),
      /** An endpoint. `GET /v1/webhooks/endpoints/{name}` */
      getEndpoints: (name: string) => request<WebhookEndpoint>('GET', `/v1/webhooks/endpoints/${encodeURIComponent(name)}`, { repeatable: true }),
      /** Tell an endpoint no more. `DELETE /v1/webhooks/endpoints/{name}` */
      deleteEndpoints: (name: string) => request<void>('DELETE', `/v1/webhooks/endpoints/${encodeURIComponent(name)}`, { repeatable: true }),
      /** A new secret; messages are signed with the former too for a day. `POST /v1/webhooks/endpoints/{name}/rotate` */
      endpointsRotate: (name: string) => request<{
        readonly name: string;
        /** where it leads; the rest of the URL is a secret */
        readonly host: string;
        readonly target: "standard" | "slack" | "pagerduty";
        /** null: of all models */
        readonly model: string | null;
        readonly types: readonly ("incident.opened" | "incident.escalated" | "incident.acknowledged" | "incident.resolved" | "trigger.decided" | "run.state" | "run.outcome" | "promotion" | "rollback" | "webhook.disabled")[];
        /** since when no delivery has succeeded */
        readonly failingSince: string | null;
        readonly disabledAt: string | null;
        readonly disabledWhy: string | null;
        readonly createdAt: string;
        readonly updatedAt: string;
        /** shown this once, when one was made */
        readonly secret: string | null;
        readonly created: boolean;
        /** it was disabled before */
        readonly enabled: boolean;
      }>('POST', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/rotate`),
      /** All endpoints. `GET /v1/webhooks/endpoints` */
      endpoints: () => request<readonly WebhookEndpoint[]>('GET', `/v1/webhooks/endpoints`, { repeatable: true }),
      /** What an endpoint was told and will be, newest first. `GET /v1/webhooks/endpoints/{name}/deliveries` */
      endpointsDeliveries: (name: string, query: { state?: "pending" | "delivered" | "skipped"; before?: number; limit?: number } = {}) => request<readonly WebhookDelivery[]>('GET', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/deliveries`, { query, repeatable: true }),
      /** A delivery with every attempt. `GET /v1/webhooks/endpoints/{name}/deliveries/{id}` */
      getEndpointsDeliveries: (name: string, id: string) => request<{
        /** webhook-id: the same however often it is sent */
        readonly id: string;
        /** the order of the events */
        readonly seq: number;
        readonly endpoint: string;
        readonly type: "incident.opened" | "incident.escalated" | "incident.acknowledged" | "incident.resolved" | "trigger.decided" | "run.state" | "run.outcome" | "promotion" | "rollback" | "webhook.disabled";
        readonly model: string | null;
        /** of the event */
        readonly at: string;
        readonly data: unknown;
        readonly state: "pending" | "delivered" | "skipped";
        readonly attempts: number;
        /** of the next attempt, while it is pending */
        readonly dueAt: string;
        readonly endedAt: string | null;
        readonly tried: readonly WebhookAttempt[];
      }>('GET', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/deliveries/${encodeURIComponent(id)}`, { repeatable: true }),
      /** Tell an endpoint nothing until it is enabled; what happens meanwhile is kept. `POST /v1/webhooks/endpoints/{name}/disable` */
      endpointsDisable: (name: string, body: {
        /** for the audit, and for who asks why nothing is told */
        readonly reason: string;
      }) => request<WebhookEndpoint>('POST', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/disable`, { body }),
      /** Tell an endpoint again, and at once what waits for it. `POST /v1/webhooks/endpoints/{name}/enable` */
      endpointsEnable: (name: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<WebhookEndpoint>('POST', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/enable`, { body }),
      /** Send a test message now, and say how it went. `POST /v1/webhooks/endpoints/{name}/test` */
      endpointsTest: (name: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<{
        readonly delivered: boolean;
        /** of the answer */
        readonly status: number | null;
        readonly problem: string | null;
        readonly seconds: number;
        /** what was sent, without PagerDuty's key */
        readonly body: string;
      }>('POST', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/test`, { body }),
      /** Send a delivery again, before all that come after it. `POST /v1/webhooks/endpoints/{name}/deliveries/{id}/replay` */
      endpointsDeliveriesReplay: (name: string, id: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<WebhookDelivery>('POST', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/deliveries/${encodeURIComponent(id)}/replay`, { body }),
      /** Give a delivery up, so that the next can go. `POST /v1/webhooks/endpoints/{name}/deliveries/{id}/skip` */
      endpointsDeliveriesSkip: (name: string, id: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<WebhookDelivery>('POST', `/v1/webhooks/endpoints/${encodeURIComponent(name)}/deliveries/${encodeURIComponent(id)}/skip`, { body }),
    },
    predictions: {
      /** Production predictions. `POST /v1/predictions` */
      send: (body: readonly Prediction[] | Prediction) => request<IngestAnswer>('POST', `/v1/predictions`, { body, repeatable: true }),
    },
    feedback: {
      /** What became known about predictions. `POST /v1/feedback` */
      send: (body: readonly Feedback[] | Feedback) => request<IngestAnswer>('POST', `/v1/feedback`, { body, repeatable: true }),
    },
    models: {
      /** Labelled rows from outside: for datasets, never for monitors. `POST /v1/models/{name}/import` */
      import: (name: string, body: readonly ImportRow[] | ImportRow) => request<IngestAnswer>('POST', `/v1/models/${encodeURIComponent(name)}/import`, { body, repeatable: true }),
      /** Put a model under watch, or change its policy. `PUT /v1/models/{name}` */
      put: (name: string, body: ModelSpec) => request<{
        readonly name: string;
        /** the spec in force, complete with defaults */
        readonly spec: unknown;
        readonly version: number;
        readonly createdAt: string;
        /** false when this spec was in force already */
        readonly changed: boolean;
      }>('PUT', `/v1/models/${encodeURIComponent(name)}`, { body, repeatable: true }),
      /** A model. `GET /v1/models/{name}` */
      get: (name: string) => request<Model>('GET', `/v1/models/${encodeURIComponent(name)}`, { repeatable: true }),
      /** All models. `GET /v1/models` */
      list: () => request<readonly Model[]>('GET', `/v1/models`, { repeatable: true }),
      /** Quality, monitors, incidents, promotions and runs over time. `GET /v1/models/{name}/timeline` */
      timeline: (name: string, query: { since?: string; until?: string; points?: number } = {}) => request<Timeline>('GET', `/v1/models/${encodeURIComponent(name)}/timeline`, { query, repeatable: true }),
      /** Predict with the live adapter, and log it as traffic. `POST /v1/models/{name}/predict` */
      predict: (name: string, body: {
        readonly text?: string;
        readonly texts?: readonly string[];
        /** generation: a chat, in place of the text */
        readonly messages?: readonly Message[];
        /** generation, beside messages: the functions that may be called, {type: "function", function: {name, description, parameters}} */
        readonly tools?: readonly Readonly<Record<string, unknown>>[];
        /** embedding: what is searched; without them the answer is a vector, and nothing is logged */
        readonly documents?: readonly string[];
        /** id of the prediction; made when left out */
        readonly id?: string;
        /** as many as texts */
        readonly ids?: readonly string[];
        /** part of the traffic, such as a language */
        readonly segment?: string;
        /** classification: true for the probability of every label */
        readonly scores?: boolean;
        /** false: answer only, so that a check does not count as traffic */
        readonly log?: boolean;
      }) => request<{
        /** the live adapter, which answered */
        readonly adapter: string;
        /** the answers, each in the field of the model's task */
        readonly predictions: readonly ({
          /** feedback refers to it */
          readonly id: string;
          /** classification */
          readonly label?: string;
          /** classification, labels multi */
          readonly labels?: readonly string[];
          /** extraction */
          readonly spans?: readonly Span[];
          /** embedding, with documents: the nearest ten, best first */
          readonly ranking?: readonly ({
            /** its place in `documents`, from 0 */
            readonly document: number;
            /** first 16 hex digits of its sha256 */
            readonly digest: string;
            readonly cosine: number;
          })[];
          /** embedding, without documents */
          readonly vector?: readonly number[];
          /** generation */
          readonly output?: string;
          /** probability of the answer; of a search the cosine of the best document */
          readonly confidence: number;
          readonly scores?: Readonly<Record<string, number>>;
        })[];
        readonly logged: null | IngestAnswer;
      }>('POST', `/v1/models/${encodeURIComponent(name)}/predict`, { body }),
      /** How far a model is off course. `GET /v1/models/{name}/drift` */
      drift: (name: string) => request<Drift>('GET', `/v1/models/${encodeURIComponent(name)}/drift`, { repeatable: true }),
      /** What predictions were worth, by when they were made, also before their labels come. `GET /v1/models/{name}/performance` */
      performance: (name: string, query: { from?: string; to?: string; bucket?: string; segment?: string } = {}) => request<Performance>('GET', `/v1/models/${encodeURIComponent(name)}/performance`, { query, repeatable: true }),
      /** Every reason to retrain, and every decision not to, newest first. `GET /v1/models/{name}/triggers` */
      triggers: (name: string, query: { limit?: number } = {}) => request<readonly Trigger[]>('GET', `/v1/models/${encodeURIComponent(name)}/triggers`, { query, repeatable: true }),
      /** Ask for a run. `POST /v1/models/{name}/triggers` */
      createTrigger: (name: string, body: {
        /** who asks: a person (when left out) or another system */
        readonly reason?: "manual" | "webhook";
        /** for the record */
        readonly why: string;
        /** whatever explains it */
        readonly evidence?: Readonly<Record<string, unknown>>;
      }) => request<Trigger>('POST', `/v1/models/${encodeURIComponent(name)}/triggers`, { body }),
      /** Every adapter, newest first. `GET /v1/models/{name}/adapters` */
      adapters: (name: string) => request<readonly Adapter[]>('GET', `/v1/models/${encodeURIComponent(name)}/adapters`, { repeatable: true }),
      /** What was live, from when on, and why, newest first. `GET /v1/models/{name}/promotions` */
      promotions: (name: string) => request<readonly Promotion[]>('GET', `/v1/models/${encodeURIComponent(name)}/promotions`, { repeatable: true }),
      /** What is live, or was at a time. `GET /v1/models/{name}/live` */
      live: (name: string, query: { at?: string } = {}) => request<Live>('GET', `/v1/models/${encodeURIComponent(name)}/live`, { query, repeatable: true }),
      /** Back to an adapter that was live before. `POST /v1/models/{name}/rollback` */
      rollback: (name: string, body: {
        /** for the record */
        readonly reason: string;
        /** an adapter that was live once; the one before when left out */
        readonly to?: string;
      }) => request<Promotion>('POST', `/v1/models/${encodeURIComponent(name)}/rollback`, { body }),
      /** Decision records, newest first. `GET /v1/models/{name}/records` */
      records: (name: string, query: { before?: number; limit?: number } = {}) => request<readonly DecisionRecord[]>('GET', `/v1/models/${encodeURIComponent(name)}/records`, { query, repeatable: true }),
      /** Manifests of a model's datasets, newest first. `GET /v1/models/{name}/datasets` */
      datasets: (name: string, query: { limit?: number } = {}) => request<readonly Dataset[]>('GET', `/v1/models/${encodeURIComponent(name)}/datasets`, { query, repeatable: true }),
      /** Predictions that are most worth a label. `GET /v1/models/{name}/queue` */
      queue: (name: string, query: { by?: "worth" | "chance"; limit?: number } = {}) => request<LabelQueue>('GET', `/v1/models/${encodeURIComponent(name)}/queue`, { query, repeatable: true }),
      /** Nobody can say: it does not come again. `POST /v1/models/{name}/queue/skip` */
      queueSkip: (name: string, body: {
        /** id of a prediction */
        readonly predictionId: string;
      }) => request<void>('POST', `/v1/models/${encodeURIComponent(name)}/queue/skip`, { body }),
      /** Predictions by id, with what became known of them; those that are not known are missing. `POST /v1/models/{name}/predictions/find` */
      predictionsFind: (name: string, body: {
        readonly ids: readonly string[];
      }) => request<readonly Prediction[]>('POST', `/v1/models/${encodeURIComponent(name)}/predictions/find`, { body }),
    },
    fleet: {
      /** Every model on one line: what is live, its quality, alarms, next schedule, run. `GET /v1/fleet` */
      list: () => request<readonly FleetRow[]>('GET', `/v1/fleet`, { repeatable: true }),
    },
    runs: {
      /** A run from near: why it began, its stages, the course of its jobs, what it cost. `GET /v1/runs/{id}/course` */
      course: (id: string) => request<RunCourse>('GET', `/v1/runs/${encodeURIComponent(id)}/course`, { repeatable: true }),
      /** The exam to read: rows on which challenger and opponent differ, and both by label. `GET /v1/runs/{id}/exam` */
      exam: (id: string, query: { kind?: "better" | "worse" | "wrong"; limit?: number } = {}) => request<RunExam>('GET', `/v1/runs/${encodeURIComponent(id)}/exam`, { query, repeatable: true }),
      /** Runs, newest first. `GET /v1/runs` */
      list: (query: { model?: string; limit?: number } = {}) => request<readonly Run[]>('GET', `/v1/runs`, { query, repeatable: true }),
      /** A run. `GET /v1/runs/{id}` */
      get: (id: string) => request<Run>('GET', `/v1/runs/${encodeURIComponent(id)}`, { repeatable: true }),
      /** Let a promotion through that waits for a person. `POST /v1/runs/{id}/approve` */
      approve: (id: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<Run>('POST', `/v1/runs/${encodeURIComponent(id)}/approve`, { body }),
      /** Stop a run. `POST /v1/runs/{id}/cancel` */
      cancel: (id: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<Run>('POST', `/v1/runs/${encodeURIComponent(id)}/cancel`, { body }),
    },
    incidents: {
      /** Incidents, newest first, 200 at most. `GET /v1/incidents` */
      list: (query: { model?: string; state?: "open" | "acknowledged" | "resolved" } = {}) => request<readonly Incident[]>('GET', `/v1/incidents`, { query, repeatable: true }),
      /** An incident with its evidence. `GET /v1/incidents/{id}` */
      get: (id: string) => request<Incident>('GET', `/v1/incidents/${encodeURIComponent(id)}`, { repeatable: true }),
      /** Each of its alarms, computed again from the stored evidence. `GET /v1/incidents/{id}/replay` */
      replay: (id: string) => request<readonly Replay[]>('GET', `/v1/incidents/${encodeURIComponent(id)}/replay`, { repeatable: true }),
      /** For a time it raises no events and starts no triggers. `POST /v1/incidents/{id}/mute` */
      mute: (id: string, body: {
        /** such as 2h */
        readonly for: string;
        /** for the record */
        readonly reason: string;
      }) => request<Incident>('POST', `/v1/incidents/${encodeURIComponent(id)}/mute`, { body }),
      /** Ends that before its time. `POST /v1/incidents/{id}/unmute` */
      unmute: (id: string, body: {
        /** for the record */
        readonly reason: string;
      }) => request<Incident>('POST', `/v1/incidents/${encodeURIComponent(id)}/unmute`, { body }),
      /** Lets the monitor alarm anew. `POST /v1/incidents/{id}/resolve` */
      resolve: (id: string, body: {
        /** for the record */
        readonly reason: string;
      }) => request<Incident>('POST', `/v1/incidents/${encodeURIComponent(id)}/resolve`, { body }),
      /** Somebody has seen it; it stays latched. `POST /v1/incidents/{id}/acknowledge` */
      acknowledge: (id: string, body: {
        /** for the audit */
        readonly reason?: string;
      }) => request<Incident>('POST', `/v1/incidents/${encodeURIComponent(id)}/acknowledge`, { body }),
    },
    records: {
      /** A decision record. `GET /v1/records/{id}` */
      get: (id: string) => request<DecisionRecord>('GET', `/v1/records/${encodeURIComponent(id)}`, { repeatable: true }),
      /** Checks the chain of the record's model, and makes the decision again. `GET /v1/records/{id}/verification` */
      verification: (id: string) => request<Verification>('GET', `/v1/records/${encodeURIComponent(id)}/verification`, { repeatable: true }),
    },
    audit: {
      /** Every action of a person or a key, newest first. `GET /v1/audit` */
      list: (query: { model?: string; before?: number; limit?: number } = {}) => request<readonly AuditEntry[]>('GET', `/v1/audit`, { query, repeatable: true }),
    },
    datasets: {
      /** A dataset's manifest. `GET /v1/datasets/{id}` */
      get: (id: string) => request<Dataset>('GET', `/v1/datasets/${encodeURIComponent(id)}`, { repeatable: true }),
      /** Its rows, as they are trained on or examined with. `GET /v1/datasets/{id}/rows` */
      rows: (id: string, query: { part?: "train" | "exam"; offset?: number; limit?: number } = {}) => request<readonly Readonly<Record<string, unknown>>[]>('GET', `/v1/datasets/${encodeURIComponent(id)}/rows`, { query, repeatable: true }),
    },
    keys: {
      /** Make a key. `POST /v1/keys` */
      send: (body: {
        /** who uses it; stands in records */
        readonly name: string;
        readonly role: "viewer" | "ingest" | "operator" | "admin";
      }) => request<{
        readonly id: string;
        readonly name: string;
        readonly role: "viewer" | "ingest" | "operator" | "admin";
        readonly createdAt: string;
        readonly revokedAt: string | null;
        /** shown this once */
        readonly key: string;
      }>('POST', `/v1/keys`, { body }),
      /** All keys, revoked ones too. `GET /v1/keys` */
      list: () => request<readonly Key[]>('GET', `/v1/keys`, { repeatable: true }),
      /** Revoke a key. `DELETE /v1/keys/{id}` */
      delete: (id: string) => request<void>('DELETE', `/v1/keys/${encodeURIComponent(id)}`, { repeatable: true }),
    },
  };
}
