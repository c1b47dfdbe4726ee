/**
 * A monitor's state between panes: the detector, and checkpoints of it. An alarm is explained from the stored profiles of the
 * panes since a checkpoint, so the state and the evidence stay small however long nothing happens.
 */
import { startDetector, stepDetector, type Count, type Detector, type Step } from '../statistics/e-detector.ts';

/** The detector as it was when `pane` had been taken. */
export interface Checkpoint {
  readonly pane: number;
  readonly detector: Detector;
}

export interface MonitorState {
  readonly version: 2;
  /** The promotion under which this began: a monitor starts anew with every promotion. */
  readonly seq: number;
  readonly detector: Detector;
  /** Panes taken since the last checkpoint. */
  readonly steps: number;
  /** One or two, the older first. */
  readonly checkpoints: readonly Checkpoint[];
}

/** Panes between checkpoints: an explanation sees from one to two times as many. */
export const CHECKPOINT_EVERY = 128;

/** A monitor at rest that will take the panes after `pane`. */
export function restState(seq: number, m: readonly number[], pane: number): MonitorState {
  const detector = startDetector(m);
  return { version: 2, seq, detector, steps: 0, checkpoints: [{ pane, detector }] };
}

/**
 * The stored state, or one at rest when it cannot go on: none is stored, the adapter came live anew (panes of the time
 * between were not taken), or the allowed means moved (another tolerance). Starting anew only ever lowers the e-value.
 */
export function resumeState(stored: MonitorState | null, seq: number, m: readonly number[], pane: number): MonitorState {
  const goesOn = stored !== null && stored.version === 2 && stored.seq === seq && stored.detector.m.length === m.length && stored.detector.m.every(([each], i) => each === m[i]);
  return goesOn ? stored : restState(seq, m, pane - 1);
}

/** Takes one closed pane. After an alarm the state is at rest. */
export function takePane(state: MonitorState, pane: number, counts: readonly Count[], threshold: number): { state: MonitorState; step: Step } {
  const step = stepDetector(state.detector, counts, threshold);
  if (step.alarm) return { state: { ...state, detector: step.detector, steps: 0, checkpoints: [{ pane, detector: step.detector }] }, step };
  const moved = { ...state, detector: step.detector, steps: state.steps + 1 };
  if (moved.steps < CHECKPOINT_EVERY) return { state: moved, step };
  const last = state.checkpoints.slice(-1);
  return { state: { ...moved, steps: 0, checkpoints: [...last, { pane, detector: step.detector }] }, step };
}
