/** Figures of closed panes and values of monitors, as a time line is drawn from them. */
import type { Queryable } from './postgres.ts';

/** Of the rows that one adapter answered in one pane. */
export interface PaneFigures {
  readonly adapter: string;
  readonly rows: number;
  readonly labelled: number;
  /** Sums of 1 - score, and of its square. */
  readonly loss: number;
  readonly squares: number;
  readonly confident: number;
  readonly confidence: number;
  readonly unseenRows: number;
  readonly unseen: number;
}

export interface MonitorValue {
  readonly monitor: string;
  readonly value: number;
  readonly threshold: number;
  readonly alarm: boolean;
}

/** Call in the transaction that closes the pane, with one entry for each adapter. */
export async function insertFigures(db: Queryable, model: string, pane: number, figures: readonly PaneFigures[], values: readonly MonitorValue[]): Promise<void> {
  if (figures.length > 0) {
    const column = <K extends keyof PaneFigures>(name: K) => figures.map((each) => each[name]);
    await db.query(
      `insert into pane_figures (model, pane, adapter, rows, labelled, loss, squares, confident, confidence, unseen_rows, unseen)
       select $1, $2, f.* from unnest($3::text[], $4::int8[], $5::int8[], $6::float8[], $7::float8[], $8::int8[], $9::float8[], $10::int8[], $11::float8[]) as f`,
      [model, pane, column('adapter'), column('rows'), column('labelled'), column('loss'), column('squares'), column('confident'), column('confidence'), column('unseenRows'), column('unseen')],
    );
  }
  if (values.length > 0) {
    await db.query(
      `insert into monitor_values (model, pane, monitor, value, threshold, alarm)
       select $1, $2, v.* from unnest($3::text[], $4::float8[], $5::float8[], $6::boolean[]) as v`,
      [model, pane, values.map((v) => v.monitor), values.map((v) => v.value), values.map((v) => v.threshold), values.map((v) => v.alarm)],
    );
  }
}

/** Closed panes, those of one bucket summed; `at` is when the last of them closed. */
export interface BucketFigures extends Omit<PaneFigures, 'adapter'> {
  readonly bucket: number;
  readonly at: Date;
  readonly panes: number;
}

export interface Span {
  readonly model: string;
  readonly from: Date;
  readonly to: Date;
  /** Buckets of equal time, at most. */
  readonly buckets: number;
}

// A bucket is a stretch of time, not a number of panes: what lay still stays as wide as it was. A time at the very end would else make a bucket of its own.
const BUCKET = `least($4, width_bucket(extract(epoch from p.closed_at), extract(epoch from $2::timestamptz), extract(epoch from $3::timestamptz) + 0.001, $4))`;
const IN_SPAN = 'p.model = $1 and p.closed_at between $2 and $3';
const values = ({ model, from, to, buckets }: Span) => [model, from, to, buckets];

export async function bucketFigures(db: Queryable, span: Span): Promise<BucketFigures[]> {
  const { rows } = await db.query<BucketFigures>(
    `select ${BUCKET} as bucket, max(p.closed_at) as at, count(distinct p.pane)::int as panes,
       coalesce(sum(f.rows), 0)::float8 as rows, coalesce(sum(f.labelled), 0)::float8 as labelled, coalesce(sum(f.loss), 0) as loss, coalesce(sum(f.squares), 0) as squares,
       coalesce(sum(f.confident), 0)::float8 as confident, coalesce(sum(f.confidence), 0) as confidence,
       coalesce(sum(f.unseen_rows), 0)::float8 as "unseenRows", coalesce(sum(f.unseen), 0) as unseen
     from panes p left join pane_figures f on f.model = p.model and f.pane = p.pane
     where ${IN_SPAN} group by 1 order by 1`,
    values(span),
  );
  return rows;
}

/** Per bucket and monitor the highest share of the threshold that was reached. */
export async function bucketMonitors(db: Queryable, span: Span): Promise<{ bucket: number; monitor: string; share: number }[]> {
  const { rows } = await db.query<{ bucket: number; monitor: string; share: number }>(
    `select ${BUCKET} as bucket, v.monitor, max(v.value / v.threshold) as share
     from panes p join monitor_values v on v.model = p.model and v.pane = p.pane
     where ${IN_SPAN} group by 1, 2 order by 2, 1`,
    values(span),
  );
  return rows;
}

/** From when the first pane was opened, which is when the model was registered, to when the last one closed; null before any has closed. */
export async function closedSpan(db: Queryable, model: string): Promise<{ from: Date; to: Date } | null> {
  const { rows } = await db.query<{ from: Date | null; to: Date | null }>('select min(opened_at) as from, max(closed_at) as to from panes where model = $1 and closed_at is not null', [model]);
  const [row] = rows;
  return row === undefined || row.from === null || row.to === null ? null : { from: row.from, to: row.to };
}
