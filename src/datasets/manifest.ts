/** The manifest of a dataset: how it was made, what is in it, where it came from. Its id is the sha256 of the rest of it. */
import { canonicalJson, sha256 } from '../canonical.ts';
import type { Origin } from '../vocabulary.ts';

/** A line of the train rows' JSONL, as the job contract has it. */
export interface TrainLine {
  readonly id: string;
  readonly text: string;
  /** The canonical truth. */
  readonly label: string;
  /** Wrong documents of a search; missing where there are none. */
  readonly negatives?: readonly string[];
}

/** A line of the exam's JSONL. */
export interface ExamQuestionRow extends TrainLine {
  /** Labelled in the window; the others test forgetting. */
  readonly window: boolean;
  readonly origin: Origin;
}

export interface DatasetRecipe {
  readonly version: 1;
  readonly seed: string;
  /** Rows labelled from this time on are current; null: too few were, so all rows are. ISO 8601. */
  readonly from: string | null;
  readonly window: string;
  readonly replay: number;
  readonly dedupe: string;
  readonly examShare: number;
  readonly maxRows: number;
  readonly maxExamRows: number;
  /** Missing where none are asked for. */
  readonly hardNegatives?: number;
  readonly normalisation: number;
  readonly near: { readonly shingle: number; readonly bands: number; readonly rows: number; readonly threshold: number };
}

export interface DatasetCounts {
  /** Train rows of the window, and older ones beside them. */
  readonly window: number;
  readonly replay: number;
  readonly train: number;
  readonly validation: number;
  readonly exam: number;
  readonly examWindow: number;
  /** Train rows with wrong documents beside the right one; missing where none are asked for. */
  readonly withNegatives?: number;
  /** Rows of the train side that were left out as duplicates, and those of them with another label. */
  readonly droppedDuplicates: number;
  readonly contradictions: number;
  readonly examDuplicates: number;
  /** Rows of the exam side beyond `maxExamRows`. */
  readonly examLeftOut: number;
  /** Rows near both sides, ever. */
  readonly neither: number;
  /** All labelled rows of the model, whatever their side. */
  readonly labelled: number;
  /** Train rows that have each label; empty where labels are of no closed set. */
  readonly byLabel: Readonly<Record<string, number>>;
}

/** An incident that started the run or joined it, and what became of the predictions that it names as texts that moved. */
export interface DatasetIncident {
  readonly id: string;
  readonly sampleIds: readonly string[];
  /** Of those with a label: rows that are trained on; of the train side, but another row says the same or `maxRows` is smaller; of the exam side; near both sides. */
  readonly labelled: number;
  readonly train: number;
  readonly leftOut: number;
  readonly exam: number;
  readonly neither: number;
}

export interface DatasetManifest {
  readonly id: string;
  readonly model: string;
  readonly runId: string;
  readonly createdAt: string;
  readonly recipe: DatasetRecipe;
  readonly counts: DatasetCounts;
  /** All labels of the train rows, sorted: the head of the adapter; of spans for an extraction, none where labels are of no closed set. */
  readonly labels: readonly string[];
  /** The best answer that needs no model, such as the label of most train rows: what the first adapter must beat. Null where there is none. */
  readonly majority: string | null;
  /** Digests of JSONL objects: `TrainLine`s and `ExamQuestionRow`s. */
  readonly train: string;
  readonly exam: string;
  /** The dataset before this one; none for the first. */
  readonly parents: readonly string[];
  /** Labelled rows that have come since the former dataset. */
  readonly newRows: number;
  /** Missing where no incident with texts that moved stands behind the run. */
  readonly incidents?: readonly DatasetIncident[];
}

export function sealManifest(body: Omit<DatasetManifest, 'id'>): DatasetManifest {
  return { id: sha256(canonicalJson(body)), ...body };
}
