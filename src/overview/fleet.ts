/** The fleet: every model on one line, so that a person sees in ten seconds whether all are on course. */
import type { Clock } from '../clock.ts';
import type { ModelSpec } from '../spec.ts';
import { listModels, type StoredModel } from '../store/models.ts';
import { examsOf, latchedIncidents, liveFigures, liveRows, runsUnderWay, type LatchedIncident, type LiveRow, type UnderWay } from '../store/overview.ts';
import type { Pool } from '../store/postgres.ts';
import { nextDue } from '../triggers/schedule.ts';
import { DAY, type Task } from '../vocabulary.ts';
import { qualityOf, type Quality } from './quality.ts';

/** Where a quality was measured: on labelled production rows, or on the exam while there are none. */
export type QualitySource = 'production' | 'exam';

export interface FleetRow {
  readonly model: string;
  readonly task: Task;
  readonly metric: string;
  readonly live: { readonly adapter: string; readonly version: number; readonly since: Date } | null;
  readonly quality: (Quality & { readonly source: QualitySource }) | null;
  /** Not resolved, the newest first. */
  readonly incidents: readonly Omit<LatchedIncident, 'model'>[];
  /** When the schedule is due next; null without one. */
  readonly nextSchedule: Date | null;
  readonly run: Omit<UnderWay, 'model'> | null;
}

/** Labelled rows of this long count as the quality of now. */
const QUALITY_DAYS = 7;

export async function fleet({ pool, clock }: { pool: Pool; clock: Clock }): Promise<FleetRow[]> {
  const now = clock.now();
  const [models, live, figures, incidents, runs] = await Promise.all([
    listModels(pool), liveRows(pool), liveFigures(pool, new Date(now.getTime() - QUALITY_DAYS * DAY)), latchedIncidents(pool), runsUnderWay(pool),
  ]);
  const measured = new Map(figures.map((each) => [each.model, each]));
  const unmeasured = live.filter(({ model }) => !measured.has(model)).flatMap(({ runId }) => runId ?? []);
  const exams = new Map((await examsOf(pool, unmeasured)).map(({ id, standing }) => [id, standing]));
  return models.map((model) => {
    const mine = live.find((each) => each.model === model.name) ?? null;
    const inProduction = measured.get(model.name);
    const run = runs.find((each) => each.model === model.name);
    return {
      ...named(model),
      live: mine === null ? null : { adapter: mine.adapter, version: mine.version, since: mine.since },
      quality: inProduction === undefined ? examined(mine, exams) : produced(model.spec, inProduction),
      incidents: incidents.filter((each) => each.model === model.name).map(({ model: _, ...incident }) => incident),
      nextSchedule: scheduled(model.spec, now),
      run: run === undefined ? null : withoutModel(run),
    };
  });
}

const named = ({ name, spec }: StoredModel) => ({ model: name, task: spec.task, metric: spec.gates.metric });
const withoutModel = ({ model: _, ...run }: UnderWay) => run;

function produced(spec: ModelSpec, figures: { labelled: number; loss: number; squares: number }): FleetRow['quality'] {
  const quality = qualityOf(spec, figures);
  return quality === null ? null : { ...quality, source: 'production' };
}

function examined(live: LiveRow | null, exams: ReadonlyMap<string, { score: number; interval: [number, number]; n: number }>): FleetRow['quality'] {
  const standing = live?.runId ? exams.get(live.runId) : undefined;
  return standing === undefined ? null : { score: standing.score, interval: standing.interval, n: standing.n, source: 'exam' };
}

function scheduled({ retrain: { schedule, timeZone } }: ModelSpec, now: Date): Date | null {
  return schedule === undefined ? null : nextDue(schedule, timeZone, now);
}
