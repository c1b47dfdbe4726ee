/** What people look at, read across the domains. It decides nothing and changes nothing. */
import type { Clock } from '../clock.ts';
import type { DatasetManifest } from '../datasets/index.ts';
import { TrimtabError } from '../errors.ts';
import { getDataset, listDatasets } from '../store/datasets.ts';
import { getLines, type ObjectStore } from '../store/objects/index.ts';
import type { Pool } from '../store/postgres.ts';
import { showPredictions, type ShownPrediction } from '../store/predictions.ts';
import { runExam, type ExamAsk, type RunExam } from './exam.ts';
import { fleet, type FleetRow } from './fleet.ts';
import { runCourse, type RunCourse } from './run.ts';
import { timeline, type Timeline, type TimelineAsk } from './timeline.ts';

export type { ShownPrediction } from '../store/predictions.ts';
export { EXAM_KINDS, type ExamAsk, type RunExam } from './exam.ts';
export type { FleetRow } from './fleet.ts';
export type { RunCourse } from './run.ts';
export type { Timeline, TimelineAsk } from './timeline.ts';

export interface RowsAsk {
  readonly dataset: string;
  readonly part: 'train' | 'exam';
  readonly offset: number;
  readonly limit: number;
}

/** Every method throws `not-found` for what is not there. */
export interface Overview {
  /** Every model, by name. */
  fleet(): Promise<FleetRow[]>;
  /** Throws `bad-request` for a span that ends before it begins. */
  timeline(ask: TimelineAsk): Promise<Timeline>;
  runCourse(id: string): Promise<RunCourse>;
  runExam(ask: ExamAsk): Promise<RunExam>;
  /** Those that are known, in the order of the ids. */
  predictions(model: string, ids: readonly string[]): Promise<ShownPrediction[]>;
  /** The newest first. */
  datasets(model: string, limit: number): Promise<DatasetManifest[]>;
  dataset(id: string): Promise<DatasetManifest>;
  /** Lines of a dataset's parts, as they are trained on and examined with. */
  datasetRows(ask: RowsAsk): Promise<unknown[]>;
}

export interface OverviewParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly objects: ObjectStore;
  /** The folder of a base as a spec names it. */
  readonly basePath: (model: string) => string;
}

export function createOverview(parts: OverviewParts): Overview {
  const { pool, objects } = parts;
  const dataset = async (id: string) => {
    const manifest = await getDataset<DatasetManifest>(pool, id);
    if (manifest === null) throw new TrimtabError('not-found', { what: 'dataset', id });
    return manifest;
  };
  return {
    fleet: () => fleet(parts),
    timeline: (ask) => timeline(parts, ask),
    runCourse: (id) => runCourse(parts, id),
    runExam: (ask) => runExam(parts, ask),
    predictions: (model, ids) => showPredictions(pool, model, ids),
    datasets: (model, limit) => listDatasets<DatasetManifest>(pool, model, limit),
    dataset,
    async datasetRows({ dataset: id, part, offset, limit }) {
      const manifest = await dataset(id);
      return (await getLines<unknown>(objects, manifest[part])).slice(offset, offset + limit);
    },
  };
}
