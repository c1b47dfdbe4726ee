/**
 * A monitor's state between panes: the detector, and checkpoints of it. An alarm is explained from the stored profiles of the
 * panes since a checkpoint, so the state and the evidence stay small however long nothing happens.
 */
import { startDetector, stepDetector, type Counts, type Detector, type DetectorOptions, type Step } from '../statistics/e-detector.ts';

/** The detector's levels as they were when `pane` had been taken. */
export interface Checkpoint {
  readonly pane: number;
  readonly levels: Detector['levels'];
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
export function restState(seq: number, detector: Detector, pane: number): MonitorState {
  const { levels } = detector;
  return { version: 2, seq, detector, steps: 0, checkpoints: [{ pane, levels }] };
}

/**
 * The stored state, or one at rest when it cannot go on: none is stored, the adapter came live anew (panes of the time
 * between were not taken), or the course moved (another tolerance, other weights). Starting anew only ever lowers the e-value.
 */
export function resumeState(stored: MonitorState | null, seq: number, course: Pick<Detector, 'm'> & DetectorOptions, pane: number): MonitorState {
  const fresh = startDetector(course.m, course);
  const goesOn = stored !== null && stored.version === 2 && stored.seq === seq && sameCourse(stored.detector, fresh);
  return goesOn ? stored : restState(seq, fresh, pane - 1);
}

function sameCourse(a: Detector, b: Detector): boolean {
  const of = ({ m, weights, divisor, levels }: Detector) => JSON.stringify([m, weights, divisor, levels.map((each) => each.length)]);
  return of(a) === of(b);
}

/** Takes one closed pane. After an alarm the state is at rest. */
export function takePane(state: MonitorState, pane: number, counts: readonly Counts[], threshold: number): { state: MonitorState; step: Step } {
  const step = stepDetector(state.detector, counts, threshold);
  if (step.alarm) return { state: restState(state.seq, step.detector, pane), step };
  const moved = { ...state, detector: step.detector, steps: state.steps + 1 };
  if (moved.steps < CHECKPOINT_EVERY) return { state: moved, step };
  const last = state.checkpoints.slice(-1);
  return { state: { ...moved, steps: 0, checkpoints: [...last, { pane, levels: step.detector.levels }] }, step };
}

/** The detector as it was at the older checkpoint. */
export function startOf({ detector, checkpoints }: MonitorState): { pane: number; detector: Detector } {
  const [oldest] = checkpoints;
  if (oldest === undefined) throw new Error('a monitor\'s state has no checkpoint');
  return { pane: oldest.pane, detector: { ...detector, levels: oldest.levels } };
}
