/** The estimate of performance for a stretch of time, alone: what an incident is judged by. */
import { fitCalibration } from '../../statistics/calibration.ts';
import { CONFIDENCE_EDGES } from '../../statistics/confidence-bins.ts';
import { calibrationsOf, outcomeCounts, predictionCounts, type Grid } from '../../store/performance.ts';
import type { Queryable } from '../../store/postgres.ts';
import { SECOND } from '../../vocabulary.ts';
import { cellsOf } from './cells.ts';
import { changesOf } from './change.ts';
import { estimateOf, type EstimateReport, type NoEstimate } from './estimate.ts';

/** Mean score of the predictions that one adapter answered from `from` to `to`, as the performance report would estimate it. */
export async function estimateBetween(db: Queryable, { model, adapter, metric, from, to }: { model: string; adapter: string; metric: string; from: Date; to: Date }): Promise<EstimateReport | NoEstimate> {
  // one bucket
  const grid: Grid = { model, from, to, segment: null, bucketSeconds: Math.max(1, (to.getTime() - from.getTime()) / SECOND), edges: CONFIDENCE_EDGES };
  const own = <T extends { readonly adapter: string | null }>(rows: readonly T[]) => rows.filter((row) => row.adapter === adapter);
  const cells = cellsOf(own(await predictionCounts(db, grid)), own(await outcomeCounts(db, grid, metric)));
  const stored = (await calibrationsOf(db, model, [adapter], metric)).get(adapter);
  const calibration = stored === undefined ? null : fitCalibration(stored.bins);
  const calibrations = new Map(calibration === null ? [] : [[adapter, calibration] as const]);
  return estimateOf(cells, calibrations, changesOf(cells, calibrations).some(({ conceptDrift }) => conceptDrift === 'found'));
}
