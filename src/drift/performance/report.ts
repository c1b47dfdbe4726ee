/**
 * Performance by the time of the prediction, never of the label: per bucket of time what the labelled predictions were worth, what all
 * are expected to be worth, and whether most of the labels that will come have come.
 */
import { TrimtabError } from '../../errors.ts';
import { fitCalibration } from '../../statistics/calibration.ts';
import { CONFIDENCE_EDGES } from '../../statistics/confidence-bins.ts';
import { DELAY_EDGES, maturityAt, maturityOf, type Delays, type Maturity } from '../../statistics/maturity.ts';
import { getModel } from '../../store/models.ts';
import { ageCounts, calibrationsOf, delayCounts, otherwiseScored, outcomeCounts, predictionCounts, type Grid, type OutcomeCount, type Range } from '../../store/performance.ts';
import type { Queryable } from '../../store/postgres.ts';
import { DAY, SECOND } from '../../vocabulary.ts';
import { cellsOf, type Calibrations } from './cells.ts';
import { changesOf, type ChangeReport } from './change.ts';
import { estimateOf, scoreOf, type EstimateReport, type NoEstimate, type ScoreReport } from './estimate.ts';

export interface PerformanceQuestion {
  readonly model: string;
  readonly from: Date;
  readonly to: Date;
  readonly bucketMs: number;
  readonly segment: string | null;
}

export interface BucketReport {
  readonly from: Date;
  readonly to: Date;
  readonly predictions: number;
  readonly labelled: number;
  /** Of the labels that come, the share that has come even to its youngest predictions; null while that cannot be said. */
  readonly maturity: number | null;
  /** Until `maturity` is above 0.9. */
  readonly provisional: boolean;
  /** Mean score by the first feedbacks, as the monitors saw them; null without any. */
  readonly firstScore: number | null;
  readonly score: ScoreReport | null;
  readonly estimate: EstimateReport | NoEstimate;
}

export interface MaturityReport extends Maturity {
  /** Whose labels the curve is of: the segment's own where it has enough, else all. */
  readonly of: 'segment' | 'model';
}

export interface PerformanceReport {
  readonly model: string;
  /** What scores are made by. */
  readonly metric: string;
  readonly segment: string | null;
  readonly from: Date;
  readonly to: Date;
  /** Null until labels have come. */
  readonly maturity: MaturityReport | null;
  /** Feedbacks that said the same again, predictions of which they said one thing and then another, and those scored by another metric, which are left out. */
  readonly feedback: { readonly repeats: number; readonly contradicted: number; readonly otherMetric: number };
  /** One entry for each adapter that has exam rows to be held against. */
  readonly changes: readonly ChangeReport[];
  readonly whole: BucketReport;
  /** The oldest first; those without predictions are left out. */
  readonly buckets: readonly BucketReport[];
}

/** Buckets of one report, at most. */
export const MOST_BUCKETS = 1_000;
export const MATURE = 0.9;
/** The curve is made from at least so far back, and a segment has its own from so many labels on. */
const CURVE_DAYS = 30;
const FEWEST_OF_SEGMENT = 200;

/** @throws TrimtabError `not-found`, `bad-request` */
export async function performanceReport(db: Queryable, question: PerformanceQuestion, now: Date): Promise<PerformanceReport> {
  const { model, from, to, segment, bucketMs } = question;
  const stored = await getModel(db, model);
  if (stored === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  checkRange(question);
  const { metric } = stored.spec.gates;
  const grid: Grid = { model, from, to, segment, bucketSeconds: bucketMs / SECOND, edges: CONFIDENCE_EDGES };
  const predictions = await predictionCounts(db, grid);
  const outcomes = await outcomeCounts(db, grid, metric);
  const calibrations = await calibrationsFor(db, model, predictions, metric);
  const changes = changesOf(cellsOf(predictions, outcomes), calibrations);
  const maturity = await maturityFor(db, question, now);
  const report = reporter(calibrations, changes.some((each) => each.conceptDrift === 'found'), maturity, now);
  const numbers = [...new Set([...predictions, ...outcomes].map((each) => each.bucket))].sort((a, b) => a - b);
  const sum = (pick: (each: OutcomeCount) => number) => outcomes.reduce((total, each) => total + pick(each), 0);
  return {
    model, metric, segment, from, to, maturity, changes,
    feedback: { repeats: sum((each) => each.repeats), contradicted: sum((each) => each.contradicted), otherMetric: await otherwiseScored(db, grid, metric) },
    whole: report(from, to, predictions, outcomes),
    buckets: numbers.map((number) => {
      const start = from.getTime() + number * bucketMs;
      const own = <T extends { readonly bucket: number }>(all: readonly T[]) => all.filter((each) => each.bucket === number);
      return report(new Date(start), new Date(Math.min(start + bucketMs, to.getTime())), own(predictions), own(outcomes));
    }),
  };
}

function checkRange({ from, to, bucketMs }: PerformanceQuestion): void {
  if (!(from < to)) throw new TrimtabError('bad-request', { what: 'from', problem: 'it is no time before `to`', right: 'ask for a range of times, such as from=2026-03-01T00:00:00Z&to=2026-03-08T00:00:00Z' });
  const buckets = Math.ceil((to.getTime() - from.getTime()) / bucketMs);
  if (buckets > MOST_BUCKETS) throw new TrimtabError('bad-request', { what: 'bucket', problem: `it makes ${buckets} buckets of the range`, right: `ask for at most ${MOST_BUCKETS}: longer ones, or a shorter range` });
}

async function calibrationsFor(db: Queryable, model: string, rows: readonly { readonly adapter: string | null }[], metric: string): Promise<Calibrations> {
  const adapters = [...new Set(rows.flatMap(({ adapter }) => adapter ?? []))];
  const stored = await calibrationsOf(db, model, adapters, metric);
  return new Map([...stored].flatMap(([adapter, { bins }]) => {
    const calibration = fitCalibration(bins);
    return calibration === null ? [] : [[adapter, calibration] as const];
  }));
}

async function maturityFor(db: Queryable, { model, from, segment }: PerformanceQuestion, now: Date): Promise<MaturityReport | null> {
  const since = new Date(Math.min(from.getTime(), now.getTime() - CURVE_DAYS * DAY));
  const delaysOf = async (range: Range): Promise<Delays> => ({ ages: await ageCounts(db, range, now, DELAY_EDGES), labelled: await delayCounts(db, range, now, DELAY_EDGES) });
  if (segment !== null) {
    const own = await delaysOf({ model, from: since, to: now, segment });
    const found = own.labelled.reduce((sum, each) => sum + each.n, 0) >= FEWEST_OF_SEGMENT ? maturityOf(own) : null;
    if (found !== null) return { of: 'segment', ...found };
  }
  const pooled = maturityOf(await delaysOf({ model, from: since, to: now, segment: null }));
  return pooled === null ? null : { of: 'model', ...pooled };
}

function reporter(calibrations: Calibrations, drifted: boolean, maturity: Maturity | null, now: Date) {
  return (from: Date, to: Date, predictions: Parameters<typeof cellsOf>[0], outcomes: readonly OutcomeCount[]): BucketReport => {
    const cells = cellsOf(predictions, outcomes);
    const labelled = outcomes.reduce((sum, each) => sum + each.n, 0);
    const share = maturity === null ? null : maturityAt(maturity, Math.max(0, now.getTime() - to.getTime()) / SECOND);
    return {
      from, to, labelled,
      predictions: cells.reduce((sum, each) => sum + each.all.n, 0),
      maturity: share,
      provisional: share === null || share <= MATURE,
      firstScore: labelled === 0 ? null : outcomes.reduce((sum, each) => sum + each.firstScore, 0) / labelled,
      score: scoreOf(cells, calibrations),
      estimate: estimateOf(cells, calibrations, drifted),
    };
  };
}
