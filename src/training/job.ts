/**
 * The job contract: a folder of files, the only thing that engines and executors share. Language-neutral.
 *
 *   job.json           this `Job`
 *   train.jsonl        {id, text, label, weight}     (train)
 *   exam.jsonl         {id, text, label}             (train, predict)
 *   initial/           adapter to start from or to predict with
 *   events.ndjson      one `JobEvent` a line, appended
 *   adapter/           adapter_config.json, adapter_model.safetensors (PEFT keys)
 *   predictions.jsonl  one `JobPrediction` a line, in the order of exam.jsonl
 *   result.json        `JobResult`, written last by temporary name and rename: its presence means done
 *
 * Exit codes: 0 done, 42 permanent failure, 75 try again, 143 preempted.
 */
import type { Task } from '../vocabulary.ts';

export const EXIT = { done: 0, permanent: 42, retry: 75, preempted: 143 } as const;

export const JOB_FILES = {
  job: 'job.json',
  train: 'train.jsonl',
  exam: 'exam.jsonl',
  initial: 'initial',
  events: 'events.ndjson',
  adapter: 'adapter',
  predictions: 'predictions.jsonl',
  result: 'result.json',
} as const;

export interface LoraSettings {
  readonly r: number;
  readonly alpha: number;
  readonly targets: 'all-linear' | readonly string[];
}

export interface Hyperparameters {
  readonly lora: LoraSettings;
  readonly epochs: number;
  readonly batchSize: number;
  /** Peak learning rate; `auto` lets the engine choose by the number of steps. */
  readonly learningRate: number | 'auto';
  readonly warmup: number;
  readonly weightDecay: number;
  readonly maxLength: number;
}

export interface Job {
  readonly version: 1;
  readonly id: string;
  readonly kind: 'train' | 'predict';
  readonly model: string;
  readonly task: Task;
  /** `digest` is the sha256 of the base's weights file; the engine refuses another one. */
  readonly base: { readonly path: string; readonly digest: string | null };
  /** True when `initial/` holds an adapter: warm start (train) or what predicts (predict). */
  readonly initial: boolean;
  /** Labels of the head, in its order. */
  readonly labels: readonly string[];
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
  /** Data-parallel workers; the same seed and number of workers give the same bits. */
  readonly workers: number;
}

export interface TrainRow {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly weight?: number;
}

export interface ExamRow {
  readonly id: string;
  readonly text: string;
  readonly label: string;
}

export type JobEvent =
  | { readonly type: 'start'; readonly at: string; readonly pid: number; readonly backend: string }
  | { readonly type: 'progress'; readonly at: string; readonly step: number; readonly steps: number; readonly loss: number; readonly tokensPerSecond: number }
  | { readonly type: 'done'; readonly at: string }
  | { readonly type: 'error'; readonly at: string; readonly code: string; readonly message: string; readonly retryable: boolean };

export interface JobPrediction {
  readonly id: string;
  readonly label: string;
  /** Probability of `label`. */
  readonly confidence: number;
  /** Cross-entropy of the true label, nats; null when the head does not know that label. */
  readonly loss: number | null;
}

export interface JobResult {
  readonly kind: Job['kind'];
  readonly engine: string;
  readonly backend: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  readonly finalLoss: number | null;
  readonly learningRate: number | null;
  /** sha256 of adapter_model.safetensors; null for predict. */
  readonly adapterDigest: string | null;
}
