/**
 * The monitors of a reference: what each watches, and its share of the model's one alarm budget.
 *
 * Budget: performance comes first, then drift, then quality. Within these a monitor's share is fixed by its kind; columns of features
 * share what columns have, equally. What cannot watch, because the reference has no rows for it, gives its share back to the others.
 * Shares sum to 1 whatever the number of columns and segments, and a monitor's threshold is c / share: the proof stands in
 * statistics/e-detector.
 */
import { sha256 } from '../canonical.ts';
import { INPUT, LABELS, OUTPUT, type Column, type Profile, type ReferenceBody } from '../profile/index.ts';
import { milliseconds, type ModelSpec } from '../spec.ts';
import { taskRules, type Labelling, type TaskRules } from '../tasks/index.ts';
import type { MonitorKind, Task } from '../vocabulary.ts';
import { contractStreams, driftStreams, type ColumnTolerance } from './column-streams.ts';
import { byStratum, strataOf } from './seasons.ts';
import { fallen, doubtOf, gapStreams, lossOf, malformedOf, ones, unseenOf, wholeAndSegments, type Stream } from './streams.ts';
import { tolerancesFor } from './tolerance.ts';

export interface Monitor {
  /** Of letters that an id in a URL may have. */
  readonly id: string;
  readonly kind: MonitorKind;
  /** The column of features that it watches; null: none. */
  readonly column: string | null;
  /** Share of the budget; 0 of what cannot watch. */
  readonly weight: number;
  readonly streams: readonly Stream[];
}

type Group = 'performance' | 'drift' | 'quality';

/** Shares within a group; those of `column` and `contract` are of all columns together. */
const SHARES: Readonly<Record<MonitorKind, { readonly group: Group; readonly share: number }>> = {
  error: { group: 'performance', share: 4 },
  calibration: { group: 'performance', share: 1 },
  confidence: { group: 'drift', share: 1 },
  labels: { group: 'drift', share: 1 },
  column: { group: 'drift', share: 2 },
  unseen: { group: 'quality', share: 4 },
  format: { group: 'quality', share: 3 },
  contract: { group: 'quality', share: 4 },
};

const EVERYWHERE = ['error', 'calibration', 'confidence', 'unseen', 'column', 'contract'] as const;
/** Shares of predicted labels only where labels are a small closed set, form only where an output has one. */
export const KINDS: Readonly<Record<Task, readonly MonitorKind[]>> = {
  classification: ['error', 'calibration', 'confidence', 'labels', 'unseen', 'column', 'contract'],
  extraction: ['error', 'calibration', 'confidence', 'labels', 'unseen', 'column', 'contract'],
  embedding: EVERYWHERE,
  generation: [...EVERYWHERE.slice(0, 4), 'format', 'column', 'contract'],
};

type Policy = Pick<ModelSpec['monitor'], 'tolerance' | 'weights' | 'columns'>;

/** The monitors of what a reference belongs to; what has nothing to watch by has weight 0. */
export function monitorsFor(reference: ReferenceBody, policy: Policy): Monitor[] {
  const found = KINDS[reference.scoring.task].flatMap((kind) => unweighted(kind, reference, policy));
  const able = found.map(({ streams }) => streams.some((stream) => stream.moments(reference.profile).some(({ n }) => n > 0)));
  const shareOf = (group: Group) => found.reduce((sum, each, i) => sum + (able[i] && SHARES[each.kind].group === group ? each.share : 0), 0);
  const watching = (['performance', 'drift', 'quality'] as const).filter((group) => shareOf(group) > 0);
  const all = watching.reduce((sum, group) => sum + policy.weights[group], 0);
  return found.map(({ share, ...monitor }, i) => {
    const { group } = SHARES[monitor.kind];
    return { ...monitor, weight: able[i] && all > 0 ? (policy.weights[group] / all) * (share / shareOf(group)) : 0 };
  });
}

/** What monitors need of stored profiles: the input's content is most of a profile, and no monitor watches it by its column. */
export const watchedColumns = (name: string): boolean => name !== INPUT;

/** The rules that a reference's rows were scored by. */
export function rulesOfReference({ scoring }: Pick<ReferenceBody, 'scoring'>): TaskRules {
  return taskRules(scoring.task, scoring.labelling as Labelling);
}

/** The e-value at which a monitor alarms: with weights that sum to 1, all monitors together keep the model's budget. */
export function thresholdOf({ weight }: Pick<Monitor, 'weight'>, spec: Pick<ModelSpec['monitor'], 'alarmBudget' | 'pane'>): number {
  const panes = milliseconds(spec.alarmBudget.per) / milliseconds(spec.pane);
  return panes / spec.alarmBudget.maxFalseAlarms / weight;
}

type Unweighted = Omit<Monitor, 'weight'> & { readonly share: number };

function unweighted(kind: MonitorKind, reference: ReferenceBody, { tolerance: given, columns }: Policy): Unweighted[] {
  const { share } = SHARES[kind];
  const tolerance = tolerancesFor(reference, given);
  if (kind !== 'column' && kind !== 'contract') return [{ id: kind, kind, column: null, share, streams: ownStreams(kind, reference, tolerance) }];
  const features = reference.columns.filter(({ name }) => name !== INPUT && name !== OUTPUT && columns[name]?.watch !== false);
  const each = features.map((column) => {
    const allowed: ColumnTolerance = { ...tolerance, ...columns[column.name]?.tolerance };
    return { column, streams: kind === 'column' ? driftStreams(column, reference, allowed) : contractStreams(column, reference, allowed) };
  }).filter(({ streams }) => streams.length > 0);
  return each.map(({ column, streams }) => ({ id: `${kind}.${idPart(column)}`, kind, column: column.name, share: share / each.length, streams }));
}

/** A column's name as part of an id; with a few digits of its hash where letters had to go. */
function idPart({ name }: Column): string {
  return /^[A-Za-z0-9_-]{1,60}$/.test(name) ? name : `${name.replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, 50)}.${sha256(name).slice(0, 8)}`;
}

function ownStreams(kind: Exclude<MonitorKind, 'column' | 'contract'>, reference: ReferenceBody, tolerance: ReturnType<typeof tolerancesFor>): Stream[] {
  switch (kind) {
    case 'error':
      return wholeAndSegments(reference, lossOf, { binary: rulesOfReference(reference).binary.includes(reference.scoring.metric), tolerance: tolerance.error });
    case 'calibration':
      return gapStreams(rulesOfReference(reference).binary.includes(reference.scoring.metric), tolerance.calibration);
    case 'confidence':
      return wholeAndSegments(reference, doubtOf, { binary: false, tolerance: tolerance.confidence });
    case 'unseen':
      return wholeAndSegments(reference, unseenOf, { binary: false, tolerance: tolerance.unseen });
    case 'labels':
      return labelStreams(reference, tolerance.labels);
    case 'format':
      return [...wholeAndSegments(reference, malformedOf, { binary: true, tolerance: tolerance.format }), ...answerStreams(reference, tolerance.format)];
  }
}

export const NEW_LABEL = '(a label that the reference does not have)';
const OTHER_LABEL = '(one of the rarer labels)';

/** The share of each predicted label, of the rarer ones and of new ones for rises; of each for falls too. */
function labelStreams(reference: ReferenceBody, tolerance: number): Stream[] {
  const { labels, profile, index } = reference;
  const counted = profile.labels.counts.length;
  const strata = strataOf(reference, LABELS);
  const stream = (name: string, hits: (of: Profile['labels']) => number, matches: (label: string) => boolean): Stream => {
    const common = { name, segment: null, share: 1, binary: true, tolerance, matches };
    return strata === null
      ? { ...common, moments: (of) => [ones(of.rows, hits(of.labels))] }
      : { ...common, season: strata.season, moments: (of) => byStratum(strata, of, (counts) => (counts.kind === 'category' ? ones(counts.nulls, hits(counts)) : ones(0, 0))) };
  };
  const rises = labels.slice(0, counted).map((label, i) => stream(label, (of) => of.counts[i] as number, (asked) => asked === label));
  const falls = rises.map((rise): Stream => ({ ...rise, name: `${rise.name} (fewer)`, moments: (of) => rise.moments(of).map((each) => ({ ...each, ...fallen(each) })) }));
  return [
    ...rises,
    stream(OTHER_LABEL, ({ other }) => other, (asked) => (index.labels.get(asked) ?? -1) >= counted),
    stream(NEW_LABEL, ({ unseen }) => unseen, (asked) => !index.labels.has(asked)),
    ...falls,
  ];
}

/** Refusals and empty answers, where answers are texts. */
function answerStreams({ columns }: ReferenceBody, tolerance: number): Stream[] {
  if (!columns.some(({ name }) => name === OUTPUT)) return [];
  const stream = (name: string, field: 'refused' | 'empty'): Stream => ({
    name, segment: null, share: 0.25, binary: true, tolerance,
    moments: (of) => {
      const counts = of.columns.get(OUTPUT);
      return [counts?.kind === 'text' ? ones(counts.rows, counts[field]) : ones(0, 0)];
    },
  });
  return [stream('refusals', 'refused'), stream('empty answers', 'empty')];
}
