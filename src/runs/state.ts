/** What the steps of a run hand to one another, as it stands in the run's row. */
import type { Evaluation } from '../evaluation/gates.ts';
import type { JobHandle } from '../training/index.ts';
import type { JobResult } from '../training/job.ts';
import type { WatchState } from '../promotion/watch.ts';
import type { RunPatch, RunRow } from '../store/runs.ts';
import type { RunState } from '../vocabulary.ts';

/** The training job, and the predict job beside it: of the champion, or of the base alone where a first adapter has to beat that. */
export interface JobState {
  readonly train: JobHandle | null;
  readonly result: JobResult | null;
  /** Digest of the challenger's exam predictions (JSONL). */
  readonly predictions: string | null;
  /** Who sits the exam in `champion`: an adapter, or `base`. */
  readonly opponent?: string | null;
  readonly champion: JobHandle | null;
}

/** The evaluation, and what it was made from: enough to make it again. */
export type EvaluationState = Evaluation & {
  readonly basis: {
    /** The promotion that was live when the exam was judged: the compare-and-swap key of the rollout. */
    readonly liveSeq: number | null;
    /** Digests of the exam sheets (JSON). */
    readonly championSheet: string | null;
    readonly challengerSheet: string;
    /** Of the base alone; null where the trivial answer is what a first adapter has to beat. */
    readonly floorSheet: string | null;
    readonly majority: string | null;
  };
};

export interface RolloutState {
  readonly waiting: 'approval' | null;
  readonly approvedBy: string | null;
  readonly promotedAt: string | null;
  readonly previous: string | null;
  readonly seq: number | null;
}

export interface RunWatch {
  readonly until: string;
  readonly since: string;
  readonly progress: WatchState | null;
}

export const jobOf = (run: RunRow): JobState => (run.job as JobState | null) ?? { train: null, result: null, predictions: null, champion: null };
export const evaluationOf = (run: RunRow) => run.evaluation as EvaluationState;
export const rolloutOf = (run: RunRow): RolloutState =>
  (run.rollout as RolloutState | null) ?? { waiting: null, approvedBy: null, promotedAt: null, previous: null, seq: null };
export const watchOf = (run: RunRow) => run.watch as RunWatch;

/** What a step says: go on to a state, write something and stay, or nothing to do for now. */
export type Step =
  | { readonly kind: 'move'; readonly to: RunState; readonly patch: RunPatch; readonly detail?: unknown }
  | { readonly kind: 'again'; readonly patch: RunPatch }
  | { readonly kind: 'rest' };

export const move = (to: RunState, patch: RunPatch, detail?: unknown): Step => ({ kind: 'move', to, patch, detail });
export const again = (patch: RunPatch): Step => ({ kind: 'again', patch });
export const REST: Step = { kind: 'rest' };
