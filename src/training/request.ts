/** What the service asks of training. */
import type { ModelSpec } from '../spec.ts';
import type { AdapterFiles } from '../vocabulary.ts';
import type { Job } from './job.ts';

export interface TrainingRequest {
  /** Letters, digits, dot, dash, underscore: it names the folder, and a second launch of the same id finds the first. */
  readonly id: string;
  readonly kind: Job['kind'];
  readonly model: string;
  readonly spec: ModelSpec;
  /** Folder of the base model. */
  readonly base: string;
  /** Of a classification or the spans of an extraction, in the head's order; [] for the other tasks. */
  readonly labels: readonly string[];
  /** Digest of the JSONL of train rows; a job that trains needs it. */
  readonly train?: string;
  /** Digest of the JSONL of exam rows. */
  readonly exam: string;
  readonly initial?: AdapterFiles | null;
  readonly seed: number;
  readonly workers: number;
}
