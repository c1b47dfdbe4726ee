/** The state of the service as its metrics tell it: a constant number of queries, however many models there are. */
import type { Bounded, ServiceState } from '../telemetry/state.ts';
import type { Queryable } from './postgres.ts';
import { countEndpoints } from './webhook-endpoints.ts';

type Rows<K extends keyof ServiceState> = ServiceState[K] extends readonly (infer R)[] ? R & object : never;

export async function readState(db: Queryable): Promise<ServiceState> {
  const list = async <K extends keyof ServiceState>(sql: string) => (await db.query<Rows<K>>(sql)).rows;
  return {
    models: await list<'models'>(MODELS),
    incidents: await list<'incidents'>(INCIDENTS),
    waiting: await list<'waiting'>(`select model, reason, created_at as since from triggers where decision = 'waiting'`),
    runs: await list<'runs'>(RUNS),
    finished: await list<'finished'>(`select model, outcome, max(finished_at) as at from runs where state = 'done' group by model, outcome`),
    exams: (await db.query<JudgedRun>(EXAMS)).rows.map(({ model, challenger, champion }) => ({ model, rows: challenger.n, challenger: bounded(challenger), champion: champion && bounded(champion) })),
    endpoints: await countEndpoints(db),
    jobs: (await db.query<ServiceState['jobs']>(JOBS)).rows[0] ?? { ready: 0, running: 0, failed: 0, age: 0 },
  };
}

const MODELS = `
  select m.name as model, m.spec ->> 'task' as task, m.spec #>> '{serving,target}' as target, coalesce(p.pane, 0) as pane, l.adapter, o.at as since
  from models m
  left join panes p on p.model = m.name and p.closed_at is null
  left join live l on l.model = m.name
  left join promotions o on o.model = l.model and o.seq = l.seq
  order by m.name`;

/** Of each kind of monitor, in whatever incident it alarmed, the oldest: columns of features are of one kind, and their names are no label. */
const INCIDENTS = `
  select distinct on (model, kind)
         model, kind as monitor, case when muted_until > now() then 'muted' else state end as state, opened_at as "openedAt",
         jsonb_build_object('estimate', evidence -> 'effect', 'lower', evidence -> 'interval' -> 0, 'upper', evidence -> 'interval' -> 1) as effect
  from (
    select model, coalesce(evidence ->> 'kind', monitor) as kind, state, opened_at, muted_until, evidence from incidents where state <> 'resolved'
    union all
    select model, each ->> 'kind', state, opened_at, muted_until, each from incidents cross join lateral jsonb_array_elements(evidence -> 'joined') as each where state <> 'resolved'
  ) as alarms order by model, kind, opened_at`;

const RUNS = `
  select r.model, r.state, count(*) as count, count(*) filter (where r.rollout ->> 'waiting' = 'approval') as awaiting, min(s.at) as entered
  from runs r cross join lateral (select max(at) as at from run_steps s where s.run_id = r.id) as s
  where r.state <> 'done' group by r.model, r.state`;

/** The last judged run of each model. */
const EXAMS = `
  select distinct on (model) model, evaluation -> 'challenger' as challenger, nullif(evaluation -> 'champion', 'null') as champion
  from runs where evaluation is not null order by model, number desc`;

const JOBS = `
  select count(*) filter (where locked_at is null and attempts < max_attempts and run_at <= now()) as ready,
         count(*) filter (where locked_at is not null) as running,
         count(*) filter (where locked_at is null and attempts >= max_attempts) as failed,
         coalesce(extract(epoch from now() - min(run_at) filter (where locked_at is null and attempts < max_attempts and run_at <= now())), 0)::float8 as age
  from graphile_worker.jobs`;

interface JudgedRun {
  readonly model: string;
  readonly challenger: Sitting;
  readonly champion: Sitting | null;
}

/** As the evaluation domain stores it. */
interface Sitting {
  readonly score: number;
  readonly interval: readonly [number, number];
  readonly n: number;
}

const bounded = ({ score, interval: [lower, upper] }: Sitting): Bounded => ({ estimate: score, lower, upper });
