/** All models at once, for the list of them: one query for each thing that is shown, however many models there are. */
import type { IncidentLevel, RunState } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

export interface LiveRow {
  readonly model: string;
  readonly adapter: string;
  readonly version: number;
  /** Live from then on. */
  readonly since: Date;
  readonly runId: string | null;
}

export async function liveRows(db: Queryable): Promise<LiveRow[]> {
  const { rows } = await db.query<LiveRow>(
    // the run that made the adapter: a rollback names the run that was taken back
    `select l.model, l.adapter, a.version, p.at as since, a.run_id as "runId"
     from live l join promotions p on p.model = l.model and p.seq = l.seq join adapters a on a.id = l.adapter`,
  );
  return rows;
}

/** Labelled rows that the live adapters answered since a time and since they are live: how many, and sums of 1 - score and of its square. */
export async function liveFigures(db: Queryable, since: Date): Promise<{ model: string; labelled: number; loss: number; squares: number }[]> {
  const { rows } = await db.query<{ model: string; labelled: number; loss: number; squares: number }>(
    `select f.model, sum(f.labelled)::float8 as labelled, sum(f.loss) as loss, sum(f.squares) as squares
     from live l
     join promotions m on m.model = l.model and m.seq = l.seq
     join panes p on p.model = l.model and p.closed_at > greatest($1, m.at)
     join pane_figures f on f.model = p.model and f.pane = p.pane and f.adapter = l.adapter
     group by f.model having sum(f.labelled) > 0`,
    [since],
  );
  return rows;
}

export interface LatchedIncident {
  readonly model: string;
  readonly id: string;
  readonly monitor: string;
  readonly level: IncidentLevel;
  readonly state: 'open' | 'acknowledged';
  readonly openedAt: Date;
  readonly mutedUntil: Date | null;
}

/** Incidents that are not resolved, the newest first. */
export async function latchedIncidents(db: Queryable): Promise<LatchedIncident[]> {
  const { rows } = await db.query<LatchedIncident>(
    `select model, id, monitor, level, state, opened_at as "openedAt", muted_until as "mutedUntil" from incidents where state <> 'resolved' order by opened_at desc, id`,
  );
  return rows;
}

export interface UnderWay {
  readonly id: string;
  readonly model: string;
  readonly state: RunState;
  readonly waiting: boolean;
  readonly startedAt: Date;
  /** Of the job of its state; null when it has none yet. */
  readonly step: number | null;
  readonly steps: number | null;
}

/** Runs that are not done, the one that is moved before the one that is watched. */
export async function runsUnderWay(db: Queryable): Promise<UnderWay[]> {
  const { rows } = await db.query<UnderWay>(
    `select r.id, r.model, r.state, coalesce(r.rollout ->> 'waiting' is not null, false) as waiting, r.created_at as "startedAt", p.step, p.steps
     from runs r left join lateral (
       select step, steps from run_progress where run_id = r.id and state = r.state order by step desc limit 1
     ) p on true
     where r.state <> 'done' order by r.state = 'watch', r.created_at desc`,
  );
  return rows;
}

/** The score, its interval and rows of the exam that made each run's challenger what it is. */
export async function examsOf(db: Queryable, runs: readonly string[]): Promise<{ id: string; standing: { score: number; interval: [number, number]; n: number } }[]> {
  const { rows } = await db.query<{ id: string; standing: { score: number; interval: [number, number]; n: number } }>(
    `select id, evaluation -> 'challenger' as standing from runs where id = any($1::text[]) and evaluation ? 'challenger'`,
    [runs],
  );
  return rows;
}
