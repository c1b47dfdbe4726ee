/** The reference: what a profile counts by (labels, edges, vocabulary), and the profile of the exam rows. */
import type { Task } from '../vocabulary.ts';
import { nameOf } from './columns/category.ts';
import { INPUT, OUTPUT, type Column } from './columns/column.ts';
import type { Features } from './columns/infer.ts';
import { learnColumns, type LearntColumns } from './columns/learn.ts';
import { textLayout } from './columns/text.ts';
import { divideBy, OWN_SEGMENT, segmentDivisions, type DividedRow, type Division } from './divisions.ts';
import type { Calibrated, GapCounts } from './gaps.ts';
import { binsOf, quantileEdges } from './numeric.ts';
import { observeOutcome, observePrediction, type ObservedPrediction } from './observe.ts';
import { emptyProfile, type CountingIndex, type Profile } from './profile.ts';
import { seasonsOf } from './seasons.ts';
import { vocabularyOf, type Vocabulary } from './vocabulary.ts';

export interface ReferenceBody {
  readonly version: 1;
  readonly model: string;
  readonly adapter: string;
  /** What rows are scored by, here and in every pane that is held against this. */
  readonly scoring: Scoring;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Labels that the exam rows have, predicted or true, the most often predicted first; none where they are of no closed set. */
  readonly labels: readonly string[];
  /** Edges of the confidence's bins. */
  readonly edges: Float64Array;
  /** The built-in columns first: the input's, and the output's where there is one. */
  readonly columns: readonly Column[];
  /** Into which parts rows fall. */
  readonly divisions: readonly Division[];
  /** Feature whose rows of one value and pane are counted once: the first. */
  readonly clusterKey: string | null;
  /** By a name of the stream, how much its rows resemble their forerunners, as far as it was learnt from traffic. */
  readonly dependence: ReadonlyMap<string, LearntDependence>;
  /** Panes after the promotion when they were last learnt from as a whole; 0: never. */
  readonly panesLearnt: number;
  /** N-grams of the train rows. */
  readonly vocabulary: Vocabulary;
  /** Of the exam rows, scored by the adapter. */
  readonly profile: Profile;
  /** By bin of confidence, the score that a row is expected to have by the exam rows; null of bins of which they say nothing, and where there is no calibration. Kept beside the reference, not in it. */
  readonly calibrated: readonly (Calibrated | null)[] | null;
  /** A few exam rows, to show beside an incident. */
  readonly samples: readonly { readonly id: string; readonly text: string }[];
  /** Made from the above for fast counting; not stored. */
  readonly index: CountingIndex;
}

/** As `Dependence` of statistics, which says what it means; here it is only kept. */
export interface LearntDependence {
  readonly phi: number;
  readonly estimate: number;
  readonly blocks: number;
}

/** Names that `tasks` knows; here they are only kept. */
export interface Scoring {
  readonly task: Task;
  readonly labelling: string;
  readonly metric: string;
}

export const ACCURACY: Scoring = { task: 'classification', labelling: 'single', metric: 'accuracy' };

export interface ScoredRow extends ObservedPrediction {
  readonly id: string;
  readonly segment?: string | null;
  /** When the prediction that the row was made of came, in milliseconds since 1970; null or left out: it was imported. */
  readonly at?: number | null;
  readonly trueLabel: ObservedPrediction['label'];
  /** What the answer was worth, in [0, 1]; left out: 1 where the one label is the true one, else 0. */
  readonly score?: number;
}

export interface ReferenceParts {
  readonly model: string;
  readonly adapter: string;
  readonly createdAt: string;
  /** Accuracy of one label when left out. */
  readonly scoring?: Scoring;
  /** What the spec divides by; nothing when left out. */
  readonly parting?: Parting;
  readonly trainTexts: readonly string[];
  readonly rows: readonly ScoredRow[];
}

/** As `monitor` of a spec says it. */
export interface Parting {
  readonly segments: readonly string[];
  readonly season: Extract<Division, { kind: 'season' }> | null;
  readonly clusterKey: string | null;
}

const SAMPLES = 50;
const SAMPLE_LENGTH = 500;
/** Rows with a value that a division by segments needs. */
export const FEWEST_OF_SEGMENTS = 200;

/** Builds the reference of an adapter from the train texts and the exam rows that it scored; the order of rows matters to samples alone. */
export function buildReference({ model, adapter, createdAt, scoring = ACCURACY, parting = { segments: [], season: null, clusterKey: null }, trainTexts, rows: all }: ReferenceParts): ReferenceBody {
  const rows = firstOfClusters(all, parting.clusterKey);
  const divisions = [...segmentDivisions(parting.segments, rows.map(dividedRow), FEWEST_OF_SEGMENTS), ...(parting.season === null ? [] : [parting.season])];
  const labels = byFrequency(all);
  const edges = quantileEdges(rows.flatMap((row) => (row.confidence !== null && row.confidence >= 0 && row.confidence <= 1 ? [row.confidence] : [])));
  const body: ReferenceBody = {
    version: 1, model, adapter, scoring, createdAt, labels, edges, columns: textColumns(rows), divisions, clusterKey: parting.clusterKey,
    dependence: new Map(), panesLearnt: 0, calibrated: null, vocabulary: vocabularyOf(trainTexts),
    profile: emptyProfile({ labels, edges }),
    samples: spread(rows, SAMPLES).map(({ id, text }) => ({ id, text: text.slice(0, SAMPLE_LENGTH) })),
    index: indexOf(labels, edges),
  };
  // of a row that was imported neither the time nor the features are known: it falls into the parts of its own segment alone
  const known = divisions.filter(({ by }) => by === OWN_SEGMENT);
  for (const row of rows) {
    const parts = divideBy(row.features === undefined ? known : divisions)(dividedRow(row));
    observePrediction(body.profile, body, { ...row, parts });
    observeOutcome(body.profile, row.score ?? Number(row.label === row.trueLabel), parts);
  }
  // rows that were imported have no features: they say nothing of how often one is missing
  const withFeatures = rows.flatMap(({ id, features }) => (features === undefined ? [] : [{ id, features }]));
  const whole = withColumns(body, learnColumns(withFeatures, 'exam'));
  const seasonal = seasonsOf(whole, rows.map(({ at = null, ...row }) => ({ ...row, at })));
  return seasonal.size === 0 ? whole : { ...whole, profile: { ...whole.profile, columns: new Map([...whole.profile.columns, ...seasonal]) } };
}

const dividedRow = ({ segment = null, features = null, at = null }: ScoredRow): DividedRow => ({ segment, features, at });

/** The first row of each cluster, and all rows that belong to none. */
function firstOfClusters(rows: readonly ScoredRow[], key: string | null): readonly ScoredRow[] {
  if (key === null) return rows;
  const seen = new Set<string>();
  return rows.filter(({ features }) => {
    const cluster = clusterOf(features ?? null, key);
    if (cluster === null) return true;
    const first = !seen.has(cluster);
    seen.add(cluster);
    return first;
  });
}

/** The cluster that a row belongs to; null where it is one by itself. */
export function clusterOf(features: Features | null, key: string): string | null {
  const value = features?.[key];
  return typeof value === 'number' ? String(value) : nameOf(value);
}

/** A reference with further columns, and their counts in its profile. */
export function withColumns(body: ReferenceBody, { columns, counts }: LearntColumns): ReferenceBody {
  if (columns.length === 0) return body;
  return { ...body, columns: [...body.columns, ...columns], profile: { ...body.profile, columns: new Map([...body.profile.columns, ...counts]) } };
}

/** A reference with what its confidences are worth, and the gaps of its own rows. */
export function withCalibration(body: ReferenceBody, calibrated: readonly (Calibrated | null)[], own: ReadonlyMap<string, GapCounts>): ReferenceBody {
  return { ...body, calibrated, profile: { ...body.profile, gaps: new Map(own) } };
}

function textColumns(rows: readonly ScoredRow[]): Column[] {
  if (rows.length === 0) return [];
  const outputs = rows.flatMap(({ output }) => output ?? []);
  return [
    { name: INPUT, source: 'exam', layout: textLayout(rows.map(({ text }) => text), false) },
    ...(outputs.length === 0 ? [] : [{ name: OUTPUT, source: 'exam', layout: textLayout(outputs, true) } as const]),
  ];
}

export function indexOf(labels: readonly string[], edges: Float64Array): CountingIndex {
  return { labels: new Map(labels.map((label, i) => [label, i])), bins: binsOf(edges) };
}

function byFrequency(rows: readonly ScoredRow[]): string[] {
  const times = new Map<string, number>();
  for (const { label, trueLabel } of rows) {
    for (const each of listed(label)) times.set(each, (times.get(each) ?? 0) + 1);
    for (const each of listed(trueLabel)) if (!times.has(each)) times.set(each, 0);
  }
  // ties by code unit, so that the order depends on no locale
  return [...times].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([label]) => label);
}

const listed = (label: ObservedPrediction['label']) => (label === null ? [] : typeof label === 'string' ? [label] : label);

function spread<T>(rows: readonly T[], most: number): T[] {
  const step = Math.max(1, rows.length / most);
  return Array.from({ length: Math.min(most, rows.length) }, (_, i) => rows[Math.floor(i * step)] as T);
}
