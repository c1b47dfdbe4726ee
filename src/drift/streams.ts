/**
 * Streams: the watched values in [0, 1] of a monitor, each as moments of a profile. A stream is watched for rises; to watch for a fall,
 * it is of 1 - x. Where the traffic has a declared season, moments come by stratum, each with a reference of its own.
 */
import { UNIT, type PartCounts, type Profile, type ReferenceBody } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import type { Count } from '../statistics/e-detector.ts';
import { seasonParts, segmentParts } from './parts.ts';

/** The profile of one closed pane. */
export interface PaneProfile {
  readonly pane: number;
  readonly profile: Profile;
}

export interface StratumMoments extends Moments {
  /** Left out: 0, the only one. */
  readonly stratum?: number;
}

export interface Stream {
  /** What is shown; null where a monitor has one only. */
  readonly name: string | null;
  /** The part of the traffic that it is of; null: all of it. */
  readonly segment: string | null;
  /** Share of the monitor's budget; only the proportions count. */
  readonly share: number;
  /** Rows are 0 or 1: their exact bounds and intervals apply. */
  readonly binary: boolean;
  /** Rise of the mean that is still on course. */
  readonly tolerance: number;
  /** Of the labels that it counts. */
  readonly matches?: (label: string) => boolean;
  moments(profile: Profile): readonly StratumMoments[];
}

/** What `outcome`, `confidence`, `unseen` and `format` of the whole and of a part have in common. */
export type Common = Pick<PartCounts, 'outcome' | 'confidence' | 'unseen' | 'format'>;

export const ones = (n: number, hits: number): Moments => ({ n, sum: hits, squares: hits });
/** Of 1 - x. */
export const fallen = ({ n, sum, squares }: Moments): Moments => ({ n, sum: n - sum, squares: n - 2 * sum + squares });

/** Sums are rounded to units of 2^-20 a value: so much may a mean be off. */
export const ROUNDING = 1 / UNIT;

/** What the detector takes. Of graded values the squares, too, rounded to the side on which they speak for less. */
export function countOf({ binary }: Pick<Stream, 'binary'>, { n, sum, squares, stratum = 0 }: StratumMoments): Count {
  return binary ? { n, s: sum, stratum } : { n, s: sum, q: squares + n * ROUNDING, stratum };
}

/** Of 1 - score. */
export const lossOf = ({ outcome: { labelled, loss, squares } }: Common): Moments => ({ n: labelled, sum: loss / UNIT, squares: squares / UNIT });
/** Of 1 - confidence. */
export const doubtOf = ({ confidence: { count, sum, squares } }: Common): Moments => fallen({ n: count, sum: sum / UNIT, squares: squares / UNIT });
export const unseenOf = ({ unseen: { rows, sum, squares } }: Common): Moments => ({ n: rows, sum: sum / UNIT, squares: squares / UNIT });
export const malformedOf = ({ format: { rows, bad } }: Common): Moments => ones(rows, bad);

/** A segment's reference needs so many rows: below, its bound is too wide to find anything. */
export const SEGMENT_ROWS = 50;

/** The whole traffic, half of the monitor's budget, and its segments, which share the other half; all of it where there are no segments. */
export function wholeAndSegments(reference: ReferenceBody, of: (counts: Common) => Moments, { binary, tolerance }: Pick<Stream, 'binary' | 'tolerance'>): Stream[] {
  const { parts } = reference.profile;
  const rowsOf = (name: string) => {
    const part = parts.get(name);
    return part === undefined ? 0 : of(part).n;
  };
  const segments = segmentParts(reference).filter((name) => rowsOf(name) >= SEGMENT_ROWS);
  const seasons = seasonParts(reference);
  // exam rows that were imported have no time: where they are all, the season has no reference, and the whole is watched as one
  const seasonal = seasons !== null && [...seasons.keys()].reduce((sum, name) => sum + rowsOf(name), 0) >= SEGMENT_ROWS;
  const common = { binary, tolerance };
  return [
    { ...common, name: segments.length === 0 ? null : 'all traffic', segment: null, share: 0.5, moments: (profile) => (seasonal ? bySeason(profile, seasons, of) : [of(profile)]) },
    ...segments.map((name): Stream => ({
      ...common, name, segment: name, share: 0.5 / segments.length,
      moments: (profile) => {
        const part = profile.parts.get(name);
        return [part === undefined ? NONE : of(part)];
      },
    })),
  ];
}

const NONE: Moments = { n: 0, sum: 0, squares: 0 };

function bySeason({ parts }: Profile, seasons: ReadonlyMap<string, number>, of: (counts: Common) => Moments): StratumMoments[] {
  return [...parts].flatMap(([name, part]) => {
    const stratum = seasons.get(name);
    return stratum === undefined ? [] : [{ ...of(part), stratum }];
  }).sort((a, b) => a.stratum - b.stratum);
}
