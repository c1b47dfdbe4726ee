/**
 * The job contract: a folder of files, the only thing that engines and executors share. Language-neutral.
 *
 *   job.json           this `Job`
 *   train.jsonl        one row a line, by task; `weight` where it is not 1      (train)
 *   exam.jsonl         the same form                                            (train, predict)
 *   initial/           adapter to start from or to predict with
 *   events.ndjson      one `JobEvent` a line, appended
 *   checkpoint/        state.safetensors: where the training stands; the same job, started again in the folder, goes on from it bit for bit
 *   adapter/           adapter_config.json, adapter_model.safetensors (PEFT keys), trimtab.json
 *   predictions.jsonl  one `PredictionLine` a line, in the order of exam.jsonl
 *   result.json        `JobResult`, written last by temporary name and rename: its presence means done
 *
 * Rows and predictions, by task (offsets in UTF-16 units, `end` exclusive):
 *
 *   classification     {id, text, label}                               {id, label, confidence, loss}
 *     labelling multi  {id, text, labels: []}                          {id, labels, confidence, loss}
 *   extraction         {id, text, spans: [{start, end, label}]}        {id, spans, confidence, loss}
 *   embedding          {id, text, positive, negatives?: []}            {id, ranking, confidence, loss}: digests of the ten nearest of the
 *                                                                      exam's positives, each once, in their order
 *   generation         {id, text | messages: [{role, content}], completion}   {id, output, confidence, loss}
 *                      beside messages: tools?: [{type, function}], the functions that may be called
 *
 * `confidence` is the probability of the answer, of one with several parts their geometric mean, of a ranking its best cosine within [0, 1]. `loss` is that of
 * the true answer in nats, a mean over its parts; null when the head does not know it.
 *
 * Exit codes: 0 done, 42 permanent failure, 75 try again, 143 preempted.
 */
import type { JobAnswer, Labelling } from '../tasks/index.ts';
import type { Loss, Task } from '../vocabulary.ts';

export const EXIT = { done: 0, permanent: 42, retry: 75, preempted: 143 } as const;

export const JOB_FILES = {
  job: 'job.json',
  train: 'train.jsonl',
  exam: 'exam.jsonl',
  initial: 'initial',
  events: 'events.ndjson',
  checkpoint: 'checkpoint',
  adapter: 'adapter',
  predictions: 'predictions.jsonl',
  result: 'result.json',
} as const;

export interface LoraSettings {
  readonly r: number;
  readonly alpha: number;
  readonly targets: 'all-linear' | readonly string[];
  /** Scale alpha / √r instead of alpha / r. */
  readonly rslora?: boolean;
}

export interface Hyperparameters {
  readonly lora: LoraSettings;
  readonly epochs: number;
  readonly batchSize: number;
  /** Peak learning rate; `auto`: by the engine's rule; `probe`: the best of three around it, tried on the train side. */
  readonly learningRate: number | 'auto' | 'probe';
  /** Share of the steps in which the rate rises. */
  readonly warmup: number;
  /** How it falls afterwards. */
  readonly schedule: 'linear' | 'cosine';
  readonly weightDecay: number;
  /** Tokens of a row, at most: the rest is cut off, and counted. */
  readonly maxLength: number;
  /** Form of the frozen base. */
  readonly quantisation: 'none' | 'nf4';
  /** When a checkpoint is written: whatever comes first. */
  readonly checkpoint: { readonly steps: number; readonly seconds: number };
  /** Tokens of an output, at most: generation. */
  readonly maxNewTokens: number;
  /** Generation: what of a row is learnt. */
  readonly loss: Loss;
}

export interface Job {
  readonly version: 1;
  readonly id: string;
  readonly kind: 'train' | 'predict';
  readonly model: string;
  readonly task: Task;
  /** How many labels hold for one text: classification. */
  readonly labelling: Labelling;
  /** `digest` is the sha256 of the base's weights; the engine refuses others. */
  readonly base: { readonly path: string; readonly digest: string | null };
  /** True when `initial/` holds an adapter: warm start (train) or what predicts (predict; of an embedding the base alone can). */
  readonly initial: boolean;
  /** Of a classification or the spans of an extraction, in the head's order; [] for the other tasks. */
  readonly labels: readonly string[];
  readonly hyperparameters: Hyperparameters;
  /** What computes; `auto`: the fastest that loads. */
  readonly backend: 'auto' | 'wasm' | 'tensorflow';
  /** Folder of installed engines (`engine install`); null: none. */
  readonly engineDir: string | null;
  /** Where it is kept what such an engine compiles, when nobody may write to the engine's own folder, as in an image; null: nowhere. */
  readonly compileDir: string | null;
  readonly limits: { readonly memoryBytes: number | null };
  readonly seed: number;
  /** Data-parallel workers; the same seed, backend and number of workers give the same bits. */
  readonly workers: number;
}

/** A labelled row as the service has it: the label is the canonical truth (src/tasks). The folder has the structured form. */
export interface TrainRow {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly weight?: number;
  /** Of an embedding: wrong documents beside the right one. */
  readonly negatives?: readonly string[];
}

export type ExamRow = Omit<TrainRow, 'weight' | 'negatives'>;

export type JobEvent =
  /** `why` says how the backend was chosen; `resumedAt` the step that the training goes on from. */
  | { readonly type: 'start'; readonly at: string; readonly pid: number; readonly backend: string; readonly why: string }
  | { readonly type: 'resume'; readonly at: string; readonly step: number }
  | { readonly type: 'warning'; readonly at: string; readonly what: WarningKind; readonly rows: number; readonly of: number; readonly message: string }
  | { readonly type: 'rate'; readonly at: string; readonly learningRate: number; readonly tried: Tried }
  | { readonly type: 'progress'; readonly at: string; readonly step: number; readonly steps: number; readonly loss: number; readonly tokensPerSecond: number }
  | { readonly type: 'checkpoint'; readonly at: string; readonly step: number }
  | { readonly type: 'done'; readonly at: string }
  | { readonly type: 'error'; readonly at: string; readonly code: string; readonly message: string; readonly retryable: boolean };

/** `truncated`: rows longer than the context; `inexact-spans`: spans that end within a word, which tags cannot give back. */
export type WarningKind = 'truncated' | 'inexact-spans';

type Tried = readonly { readonly learningRate: number; readonly loss: number }[];

/** A line of predictions.jsonl. */
export interface PredictionLine extends JobAnswer {
  readonly id: string;
  readonly confidence: number;
  readonly loss: number | null;
}

/** The same outside of training: the answer is one canonical string. */
export interface JobPrediction {
  readonly id: string;
  readonly label: string;
  readonly confidence: number;
  readonly loss: number | null;
}

export interface JobResult {
  readonly kind: Job['kind'];
  readonly engine: string;
  readonly backend: string;
  /** What the backend computed on. */
  readonly device?: 'cpu' | 'gpu';
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: number;
  /** Of train and exam rows: those whose end was cut off. */
  readonly truncatedRows: number;
  /** Of train rows: spans that begin or end within a word. */
  readonly inexactSpans: number;
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  /** As it was told before the start; null where a GPU computes. */
  readonly predictedMemoryBytes: number | null;
  /** Of the base's linear layers in the form in which each worker holds them, and what they would be as floats. */
  readonly frozenBytes: number;
  readonly floatBytes: number;
  readonly finalLoss: number | null;
  readonly learningRate: number | null;
  /** What the probe found, if there was one. */
  readonly probe: Tried | null;
  readonly trainableParameters: number;
  /** sha256 of adapter_model.safetensors; null for predict. */
  readonly adapterDigest: string | null;
}
