/**
 * A profile: exact, mergeable, subtractable counts over predictions, of one size whatever the traffic.
 * Every count is an integer below 2^53, so merging is addition, in any order, bit for bit.
 */
import { TrimtabError } from '../errors.ts';
import { emptyNumeric, observeNumber, UNIT, type Bins, type NumericCounts } from './numeric.ts';
import { unseenShare, type Vocabulary } from './vocabulary.ts';

/** Made once from a reference, so that a row is counted without a search. */
export interface CountingIndex {
  readonly labels: ReadonlyMap<string, number>;
  readonly bins: Bins;
}

/** The part of a reference that rows are counted by. */
export interface Counting {
  readonly vocabulary: Vocabulary;
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
}

/** Labels that are counted one by one: keeps a profile small when a model has thousands. */
export const COUNTED_LABELS = 256;

export interface ObservedPrediction {
  readonly text: string;
  /** The label of the answer, or its labels; null when it has none of a closed set. */
  readonly label: string | readonly string[] | null;
  readonly confidence: number | null;
  /** Whether the answer lacks its form; null or left out: it has none. */
  readonly malformed?: boolean | null;
}

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
  };
}

export function observePrediction(profile: Profile, reference: Counting, row: ObservedPrediction): void {
  profile.rows++;
  observeNumber(profile.confidence, reference.index.bins, row.confidence);
  if (typeof row.label === 'string') observeLabel(profile.labels, reference.index.labels, row.label);
  else if (row.label !== null) observeLabels(profile.labels, reference.index.labels, row.label);
  if (row.malformed === true || row.malformed === false) {
    profile.format.rows++;
    if (row.malformed) profile.format.bad++;
  }
  const share = unseenShare(reference.vocabulary, row.text);
  profile.unseen.rows++;
  profile.unseen.sum += Math.round(share * UNIT);
  profile.unseen.squares += Math.round(share * share * UNIT);
}

/** Counts one category. The hot path: no allocation. */
export function observeLabel(labels: Profile['labels'], index: ReadonlyMap<string, number>, label: string): void {
  const at = index.get(label);
  if (at === undefined) labels.unseen++;
  else if (at < labels.counts.length) labels.counts[at] = (labels.counts[at] as number) + 1;
  else labels.other++;
}

/** Counts the labels of one row, each stream once: a monitor bets on rows, which a label is in or is not. */
function observeLabels(labels: Profile['labels'], index: ReadonlyMap<string, number>, row: readonly string[]): void {
  if (row.length === 1) return observeLabel(labels, index, row[0] as string);
  let [other, unseen] = [false, false];
  for (const label of new Set(row)) {
    const at = index.get(label);
    if (at === undefined) unseen = true;
    else if (at < labels.counts.length) labels.counts[at] = (labels.counts[at] as number) + 1;
    else other = true;
  }
  if (other) labels.other++;
  if (unseen) labels.unseen++;
}

/** Counts what became known of one prediction: its score in [0, 1]. Losses are rounded down, so that no pane claims more than came. */
export function observeOutcome(profile: Profile, score: number): void {
  const { outcome } = profile;
  outcome.labelled++;
  if (score >= 1) return;
  outcome.errors++;
  outcome.loss += Math.floor((1 - score) * UNIT);
  outcome.squares += Math.floor((1 - score) ** 2 * UNIT);
}

/** The profile of the rows of both. @throws TrimtabError `bad-data` when they belong to references of different shape */
export function merge(a: Profile, b: Profile): Profile {
  return addInto(addInto(like(a), a, 1), b, 1);
}

/** The profile of the rows of `a` that are not in `b`. @throws TrimtabError `bad-data` when `b` is no part of `a` */
export function subtract(a: Profile, b: Profile): Profile {
  return addInto(addInto(like(a), a, 1), b, -1);
}

/** Adds `sign` times `part` to `total`, in place; returns it. What a long fold uses instead of merge. */
export function addInto(total: Profile, part: Profile, sign: 1 | -1 = 1): Profile {
  if (total.confidence.bins.length !== part.confidence.bins.length || total.labels.counts.length !== part.labels.counts.length) {
    throw new TrimtabError('bad-data', { what: 'profile', problem: 'the two profiles have different bins or labels', right: 'only profiles of one reference can be added' });
  }
  total.rows = added(total.rows, part.rows, sign);
  addFields(total.confidence, part.confidence, ['count', 'sum', 'squares', 'nulls', 'nonFinite'], sign);
  addFields(total.labels, part.labels, ['other', 'unseen'], sign);
  addFields(total.unseen, part.unseen, ['rows', 'sum', 'squares'], sign);
  addFields(total.outcome, part.outcome, ['labelled', 'errors', 'loss', 'squares'], sign);
  addFields(total.format, part.format, ['rows', 'bad'], sign);
  addArrays(total.confidence.bins, part.confidence.bins, sign);
  addArrays(total.labels.counts, part.labels.counts, sign);
  return total;
}

const like = (profile: Profile) => profileOfSize(profile.confidence.bins.length - 1, profile.labels.counts.length);

function addFields<K extends string>(total: Record<K, number>, part: Record<K, number>, fields: readonly K[], sign: 1 | -1): void {
  for (const field of fields) total[field] = added(total[field], part[field], sign);
}

function addArrays(total: Float64Array, part: Float64Array, sign: 1 | -1): void {
  for (let i = 0; i < total.length; i++) total[i] = added(total[i] as number, part[i] as number, sign);
}

function added(a: number, b: number, sign: 1 | -1): number {
  const sum = a + sign * b;
  if (sum >= 0 && sum <= Number.MAX_SAFE_INTEGER) return sum;
  throw new TrimtabError('bad-data', { what: 'profile', problem: `a count would be ${sum}`, right: 'subtract only what was added, and keep counts below 2^53' });
}
