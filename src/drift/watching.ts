/** What is watched: a model's live adapter, its monitors as a spec and a reference make them, and a closed pane of it. */
import type { Profile, ReferenceBody } from '../profile/index.ts';
import type { ModelSpec } from '../spec.ts';
import { courseOf, type Course } from './course.ts';
import { monitorsFor, thresholdOf, type Monitor } from './monitors.ts';

export interface Live {
  readonly adapter: string;
  readonly reference: string;
  readonly seq: number;
}

/** The pane that was closed, of the live adapter and its reference. */
export interface LivePane {
  readonly model: string;
  readonly spec: ModelSpec;
  readonly pane: number;
  readonly live: Live;
  readonly reference: ReferenceBody;
  readonly profile: Profile;
  readonly now: Date;
}

/** A monitor as a spec and a reference make it. */
export interface Watching {
  readonly monitor: Monitor;
  /** Null: it cannot watch. */
  readonly courses: readonly Course[] | null;
  readonly threshold: number;
}

/** Of each reference what was made last: the bounds of a thousand columns cost more than all else that a pane's closing does with them. */
const made = new WeakMap<ReferenceBody, { readonly of: string; readonly watching: readonly Watching[] }>();

/** The same for the same reference and spec, neither of which ever changes. */
export function watchingOf(reference: ReferenceBody, spec: ModelSpec['monitor']): readonly Watching[] {
  const of = JSON.stringify(spec);
  const known = made.get(reference);
  if (known?.of === of) return known.watching;
  const watching = monitorsFor(reference, spec).map((monitor) => ({ monitor, courses: monitor.weight === 0 ? null : courseOf(monitor, reference, spec.autocorrelation ?? null), threshold: thresholdOf(monitor, spec) }));
  made.set(reference, { of, watching });
  return watching;
}

/** What a detector is made of. */
export function detectorOf(courses: readonly Course[]) {
  const divisors = courses.map(({ divisor }) => divisor);
  // one number where all are alike: so is what was stored before each stream had its own, and a monitor goes on with that
  const divisor = divisors.every((each) => each === divisors[0]) ? (divisors[0] ?? 1) : divisors;
  return { m: courses.map(({ m }) => m), weights: courses.map(({ weight }) => weight), divisor, graded: courses.map(({ stream }) => !stream.binary) };
}
