/** A model over time on one axis: quality, monitors against their thresholds, incidents, promotions and rollbacks, runs. */
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { bucketFigures, bucketMonitors, closedSpan, type BucketFigures } from '../store/history.ts';
import { incidentsBetween, promotionsBetween, runsBetween, type TimelineIncident, type TimelinePromotion, type TimelineRun } from '../store/timeline.ts';
import { getModel } from '../store/models.ts';
import type { Pool } from '../store/postgres.ts';
import { HOUR } from '../vocabulary.ts';
import { qualityOf } from './quality.ts';

export interface TimelineAsk {
  readonly model: string;
  /** Left out: from when the model was registered, or as long as panes are kept. */
  readonly from?: Date;
  readonly to?: Date;
  /** Points at most; panes that share one are summed. */
  readonly points: number;
}

/** Columns of equal length, a value for each point; null where there were no rows to measure. */
export interface Timeline {
  readonly model: string;
  readonly metric: string;
  readonly from: Date;
  readonly to: Date;
  /** All that there is, whatever was asked for; null before the first closed pane. */
  readonly whole: { readonly from: Date; readonly to: Date } | null;
  /** Closed panes in the span: more than points when some share one. */
  readonly panes: number;
  /** Seconds since 1970: when the point's last pane closed. */
  readonly at: readonly number[];
  readonly rows: readonly number[];
  readonly labelled: readonly number[];
  readonly score: readonly (number | null)[];
  /** The score's 95 % interval. */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  readonly confidence: readonly (number | null)[];
  readonly unseen: readonly (number | null)[];
  /** e-value over threshold, the highest of the point's panes: it alarms at 1. */
  readonly monitors: readonly { readonly monitor: string; readonly share: readonly (number | null)[] }[];
  readonly promotions: readonly TimelinePromotion[];
  readonly incidents: readonly TimelineIncident[];
  readonly runs: readonly TimelineRun[];
}

/** @throws TrimtabError `not-found`; `bad-request` for a span that ends before it begins */
export async function timeline({ pool, clock }: { pool: Pool; clock: Clock }, ask: TimelineAsk): Promise<Timeline> {
  const model = await getModel(pool, ask.model);
  if (model === null) throw new TrimtabError('not-found', { what: 'model', id: ask.model });
  const whole = await closedSpan(pool, model.name);
  const to = ask.to ?? clock.now();
  const from = ask.from ?? whole?.from ?? new Date(to.getTime() - HOUR);
  if (from > to) throw new TrimtabError('bad-request', { what: 'the span', problem: `it begins at ${from.toISOString()} and ends at ${to.toISOString()}`, right: 'let "since" be before "until"' });
  const span = { model: model.name, from, to, buckets: ask.points };
  const [buckets, monitors, promotions, incidents, runs] = await Promise.all([
    bucketFigures(pool, span), bucketMonitors(pool, span), promotionsBetween(pool, span), incidentsBetween(pool, span), runsBetween(pool, span),
  ]);
  const quality = buckets.map((bucket) => qualityOf(model.spec, bucket));
  return {
    model: model.name, metric: model.spec.gates.metric, from, to, whole,
    panes: buckets.reduce((sum, { panes }) => sum + panes, 0),
    at: buckets.map(({ at }) => at.getTime() / 1000),
    rows: buckets.map(({ rows }) => rows),
    labelled: buckets.map(({ labelled }) => labelled),
    score: quality.map((each) => each?.score ?? null),
    low: quality.map((each) => each?.interval[0] ?? null),
    high: quality.map((each) => each?.interval[1] ?? null),
    confidence: buckets.map(({ confidence, confident }) => mean(confidence, confident)),
    unseen: buckets.map(({ unseen, unseenRows }) => mean(unseen, unseenRows)),
    monitors: byMonitor(buckets, monitors),
    promotions, incidents, runs,
  };
}

const mean = (sum: number, n: number) => (n === 0 ? null : sum / n);

function byMonitor(buckets: readonly BucketFigures[], values: readonly { bucket: number; monitor: string; share: number }[]): Timeline['monitors'] {
  const place = new Map(buckets.map(({ bucket }, i) => [bucket, i]));
  const found = new Map<string, (number | null)[]>();
  for (const { bucket, monitor, share } of values) {
    const column = found.get(monitor) ?? buckets.map(() => null);
    found.set(monitor, column);
    column[place.get(bucket) ?? 0] = share;
  }
  return [...found].map(([monitor, share]) => ({ monitor, share }));
}
