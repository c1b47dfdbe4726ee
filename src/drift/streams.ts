/**
 * Streams: the watched values in [0, 1] of a monitor, each as moments of a profile. A stream is watched for rises; to watch for a fall,
 * it is of 1 - x. Where the traffic has a declared season, moments come by stratum, each with a reference of its own.
 */
import { UNIT, type PartCounts, type Profile, type ReferenceBody } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import type { Count } from '../statistics/e-detector.ts';
import { clopperPearsonLower, clopperPearsonUpper } from '../statistics/intervals.ts';
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
  /** What a value in [0, 1] is of what it is told as: `from + span * value`. Left out: it is told as it is. */
  readonly told?: { readonly from: number; readonly span: number };
  /** Its moments come by strata of a declared season: how many there are, and rows of the reference that one needs to be judged. */
  readonly season?: { readonly strata: number; readonly fewest: number };
  /** Of the labels that it counts. */
  readonly matches?: (label: string) => boolean;
  moments(profile: Profile): readonly StratumMoments[];
  /** Upper bound of the mean of a stratum of the reference, missed with this chance at most, where more is known than its moments; `divisor` rows count for one. */
  upper?(reference: Profile, stratum: number, miss: number, divisor: number): number;
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

/** A watched mean, and a difference of two, as they are told. */
export const toldMean = ({ told: { from, span } = AS_IS }: Pick<Stream, 'told'>, mean: number): number => from + span * mean;
export const toldDifference = ({ told: { span } = AS_IS }: Pick<Stream, 'told'>, difference: number): number => span * difference;
const AS_IS = { from: 0, span: 1 };

/**
 * The gap between what confidences promise and what comes, both ways, by groups of calibrated scores: so a shift of the confidences
 * themselves is none, and the reference knows each group as well as it has rows of it. Told as the mean gap.
 */
export function gapStreams(binary: boolean, tolerance: number): Stream[] {
  const of = ({ gaps }: Profile): StratumMoments[] => [...gaps]
    .map(([group, { labelled, sum, squares }]) => ({ n: labelled, sum: sum / UNIT, squares: squares / UNIT, stratum: Number(group) }))
    .sort((a, b) => a.stratum - b.stratum);
  // half the tolerance, since the value moves by half of the gap
  const common = { segment: null, share: 0.5, binary: false, tolerance: tolerance / 2, told: { from: -1, span: 2 } };
  // of scores that are 0 or 1 the exact bound of their rate, beside calibrated scores that are given
  const bounded = (upper: (expected: number, rows: number, right: number, miss: number) => number) => !binary ? {} : {
    upper({ gaps }: Profile, stratum: number, miss: number, divisor: number) {
      const { labelled, expected, sum } = gaps.get(String(stratum)) ?? { labelled: 0, expected: 0, sum: 0 };
      if (labelled === 0) return 1;
      const right = Math.min(labelled, Math.max(0, Math.round(labelled + (expected - 2 * sum) / UNIT)));
      return Math.min(1, upper(expected / UNIT / labelled, labelled / divisor, right / divisor, miss) + ROUNDING);
    },
  };
  return [
    { ...common, ...bounded((expected, rows, right, miss) => (1 + expected - clopperPearsonLower(right, rows, miss)) / 2), name: 'confidences promise too much', moments: of },
    {
      ...common, ...bounded((expected, rows, right, miss) => (1 - expected + clopperPearsonUpper(right, rows, miss)) / 2), name: 'confidences promise too little',
      moments: (profile) => of(profile).map(({ stratum = 0, ...each }) => ({ ...fallen(each), stratum })),
    },
  ];
}

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
    { ...common, ...(seasonal ? { season: { strata: seasons.size, fewest: 1 } } : {}), name: segments.length === 0 ? null : 'all traffic', segment: null, share: 0.5, moments: (profile) => (seasonal ? bySeason(profile, seasons, of) : [of(profile)]) },
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
