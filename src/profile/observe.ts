/** Counting predictions and what became known of them. */
import { emptyColumn, INPUT, isBuiltIn, observeValue, OUTPUT, type Column, type ColumnCounts } from './columns/column.ts';
import { groupOf } from './columns/sketch.ts';
import { countText } from './columns/text.ts';
import { countGap, type Calibrated } from './gaps.ts';
import { observeLabels } from './labels.ts';
import { scanText } from './ngrams.ts';
import { observeNumber, UNIT } from './numeric.ts';
import { emptyPart, type PartCounts } from './parts.ts';
import type { Counting, Profile } from './profile.ts';
import { observeSeason } from './seasons.ts';
import { unseenShareOf } from './vocabulary.ts';

export interface ObservedPrediction {
  readonly text: string;
  /** The label of the answer, or its labels; null when it has none of a closed set. */
  readonly label: string | readonly string[] | null;
  readonly confidence: number | null;
  /** Whether the answer lacks its form; null or left out: it has none. */
  readonly malformed?: boolean | null;
  /** Of the prediction: its hash says to which group of a text column the row belongs. */
  readonly id?: string;
  /** The text of the answer, where it has one. */
  readonly output?: string | null;
  /** Null where the row has none; left out where it is not known, and then its columns are not counted. */
  readonly features?: Readonly<Record<string, unknown>> | null;
  /** Names of the parts that the row belongs to. */
  readonly parts?: readonly string[];
  /** The one of them that is its season, by which columns and labels are counted, too; null or left out: none. */
  readonly season?: string | null;
}

export function observePrediction(profile: Profile, reference: Counting, row: ObservedPrediction): void {
  profile.rows++;
  observeNumber(profile.confidence, reference.index.bins, row.confidence);
  if (row.label !== null) observeLabels(profile.labels, reference.index.labels, row.label);
  if (row.malformed === true || row.malformed === false) {
    profile.format.rows++;
    if (row.malformed) profile.format.bad++;
  }
  const group = reference.columns.length === 0 ? 0 : groupOf(row.id ?? row.text);
  const share = observeInput(profile, reference, row, group);
  for (const column of reference.columns) {
    if (column.name === INPUT) continue;
    const value = valueOf(column.name, row);
    if (value !== undefined) observeValue(countsOf(profile, column), column.layout, value, group);
  }
  if (row.season !== undefined && row.season !== null) observeSeason(profile, reference, row.season, row, group);
  if (row.parts !== undefined) for (const name of row.parts) countPart(partOf(profile, name), row, share);
}

/** The input's n-grams are found once, for the share of unseen ones and for its column. */
function observeInput(profile: Profile, reference: Counting, row: ObservedPrediction, group: number): number {
  const scan = scanText(row.text);
  const share = unseenShareOf(reference.vocabulary, scan);
  profile.unseen.rows++;
  profile.unseen.sum += Math.round(share * UNIT);
  profile.unseen.squares += Math.round(share * share * UNIT);
  const [first] = reference.columns;
  if (first?.name === INPUT && first.layout.kind === 'text') countText(countsOf(profile, first) as ColumnCounts & { kind: 'text' }, first.layout, row.text, scan, group);
  return share;
}

function countsOf(profile: Profile, { name, layout }: Column): ColumnCounts {
  let counts = profile.columns.get(name);
  if (counts === undefined) profile.columns.set(name, (counts = emptyColumn(layout)));
  return counts;
}

/** Null where the row has no such value, undefined where that is not known. */
function valueOf(name: string, { output, features }: ObservedPrediction): unknown {
  if (isBuiltIn(name)) return name === OUTPUT ? output : undefined;
  return features === undefined ? undefined : features?.[name] ?? null;
}

/** Counts what became known of one prediction: its score in [0, 1], in the whole and in the parts that it belongs to; `calibrated`: what its confidence promised. */
export function observeOutcome(profile: Profile, score: number, parts: readonly string[] = [], calibrated: Calibrated | null = null): void {
  countOutcome(profile.outcome, score);
  if (calibrated !== null) countGap(profile.gaps, calibrated, score);
  for (const name of parts) countOutcome(partOf(profile, name).outcome, score);
}

/** Losses are rounded down, so that no pane claims more than came. */
function countOutcome(outcome: Profile['outcome'], score: number): void {
  outcome.labelled++;
  if (score >= 1) return;
  outcome.errors++;
  outcome.loss += Math.floor((1 - score) * UNIT);
  outcome.squares += Math.floor((1 - score) ** 2 * UNIT);
}

function partOf(profile: Profile, name: string): PartCounts {
  let part = profile.parts.get(name);
  if (part === undefined) profile.parts.set(name, (part = emptyPart()));
  return part;
}

function countPart(part: PartCounts, { confidence, malformed }: ObservedPrediction, share: number): void {
  part.rows++;
  if (confidence !== null && confidence >= 0 && confidence <= 1) {
    part.confidence.count++;
    part.confidence.sum += Math.round(confidence * UNIT);
    part.confidence.squares += Math.round(confidence * confidence * UNIT);
  }
  part.unseen.rows++;
  part.unseen.sum += Math.round(share * UNIT);
  part.unseen.squares += Math.round(share * share * UNIT);
  if (malformed === true || malformed === false) {
    part.format.rows++;
    if (malformed) part.format.bad++;
  }
}
