/**
 * A profile: exact, mergeable, subtractable counts over predictions, of one size whatever the traffic.
 * Every count is an integer below 2^53, so merging is addition, in any order, bit for bit.
 */
import { addArrays, added, addFields, requireSameShape, type Sign } from './add.ts';
import { addColumn, emptyLike, rowsOfColumn, type Column, type ColumnCounts } from './columns/column.ts';
import { addGaps, emptyGaps, isEmptyGaps, type GapCounts } from './gaps.ts';
import { emptyNumeric, type Bins, type NumericCounts } from './numeric.ts';
import { addPart, emptyPart, isEmptyPart, type PartCounts } from './parts.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Made once from a reference, so that a row is counted without a search. */
export interface CountingIndex {
  readonly labels: ReadonlyMap<string, number>;
  readonly bins: Bins;
}

/** The part of a reference that rows are counted by. */
export interface Counting {
  readonly vocabulary: Vocabulary;
  readonly columns: readonly Column[];
  readonly index: CountingIndex;
}

export interface Profile {
  /** Predictions. Outcomes may be counted in later panes than their predictions, so `labelled` can exceed it. */
  rows: number;
  readonly confidence: NumericCounts;
  readonly labels: {
    /** By the reference's labels, the first `COUNTED_LABELS` of them. */
    readonly counts: Float64Array;
    /** Labels of the reference beyond those. */
    other: number;
    /** Labels that the reference does not have. */
    unseen: number;
  };
  /** Per row the share of its n-grams that no train row has; sums in units of 2^-20. */
  readonly unseen: { rows: number; sum: number; squares: number };
  /** `labelled` rows, of which `errors` were not entirely right; sum of 1 - score, and of its square, in units of 2^-20. */
  readonly outcome: { labelled: number; errors: number; loss: number; squares: number };
  /** Answers whose form was looked at, and those without it; both 0 where the task has no form. */
  readonly format: { rows: number; bad: number };
  /** By the names of the reference's columns; a column without rows is not there. */
  readonly columns: Map<string, ColumnCounts>;
  /** By the names of `partName`; a part without rows and outcomes is not there. */
  readonly parts: Map<string, PartCounts>;
  /** By the group of the calibrated score; a group without rows is not there. */
  readonly gaps: Map<string, GapCounts>;
}

/** Labels that are counted one by one: keeps a profile small when a model has thousands. */
export const COUNTED_LABELS = 256;

type Shape = { readonly labels: readonly string[]; readonly edges: Float64Array };

export function emptyProfile(reference: Shape): Profile {
  return profileOfSize(reference.edges.length, Math.min(COUNTED_LABELS, reference.labels.length));
}

export function profileOfSize(edges: number, labels: number): Profile {
  return {
    rows: 0,
    confidence: emptyNumeric(edges),
    labels: { counts: new Float64Array(labels), other: 0, unseen: 0 },
    unseen: { rows: 0, sum: 0, squares: 0 },
    outcome: { labelled: 0, errors: 0, loss: 0, squares: 0 },
    format: { rows: 0, bad: 0 },
    columns: new Map(),
    parts: new Map(),
    gaps: new Map(),
  };
}

/** The profile of the rows of both. @throws TrimtabError `bad-data` when they belong to references of different shape */
export function merge(a: Profile, b: Profile): Profile {
  return addInto(addInto(like(a), a, 1), b, 1);
}

/** The profile of the rows of `a` that are not in `b`. @throws TrimtabError `bad-data` when `b` is no part of `a` */
export function subtract(a: Profile, b: Profile): Profile {
  return addInto(addInto(like(a), a, 1), b, -1);
}

/** Adds `sign` times `part` to `total`, in place; returns it. What a long fold or a sliding window uses instead of merge. */
export function addInto(total: Profile, part: Profile, sign: Sign = 1): Profile {
  requireSameShape('bins or labels', total.confidence.bins.length === part.confidence.bins.length && total.labels.counts.length === part.labels.counts.length);
  total.rows = added(total.rows, part.rows, sign);
  addFields(total.confidence, part.confidence, ['count', 'sum', 'squares', 'nulls', 'nonFinite'], sign);
  addFields(total.labels, part.labels, ['other', 'unseen'], sign);
  addFields(total.unseen, part.unseen, ['rows', 'sum', 'squares'], sign);
  addFields(total.outcome, part.outcome, ['labelled', 'errors', 'loss', 'squares'], sign);
  addFields(total.format, part.format, ['rows', 'bad'], sign);
  addArrays(total.confidence.bins, part.confidence.bins, sign);
  addArrays(total.labels.counts, part.labels.counts, sign);
  addNamed(total.columns, part.columns, sign, emptyLike, addColumn, (counts) => rowsOfColumn(counts) === 0);
  addNamed(total.parts, part.parts, sign, emptyPart, addPart, isEmptyPart);
  addNamed(total.gaps, part.gaps, sign, emptyGaps, addGaps, isEmptyGaps);
  return total;
}

const like = (profile: Profile) => profileOfSize(profile.confidence.bins.length - 1, profile.labels.counts.length);

function addNamed<C>(total: Map<string, C>, parts: ReadonlyMap<string, C>, sign: Sign, empty: (like: C) => C, add: (total: C, part: C, sign: Sign) => void, isEmpty: (counts: C) => boolean): void {
  for (const [name, part] of parts) {
    const sum = total.get(name) ?? empty(part);
    add(sum, part, sign);
    if (isEmpty(sum)) total.delete(name);
    else total.set(name, sum);
  }
}
