/** Performance: what predictions were worth, by the time at which they were made. */
import type { Clock } from '../../clock.ts';
import type { Pool } from '../../store/postgres.ts';
import { performanceReport, type PerformanceQuestion, type PerformanceReport } from './report.ts';

export { estimateBetween } from './outlook.ts';
export type { ChangeReport } from './change.ts';
export type { EstimateReport, NoEstimate, ScoreReport } from './estimate.ts';
export type { BucketReport, MaturityReport, PerformanceQuestion, PerformanceReport } from './report.ts';

export interface Performance {
  /** Throws `not-found`, and `bad-request` for a range that is none or has too many buckets. */
  report(question: PerformanceQuestion): Promise<PerformanceReport>;
}

export function createPerformance({ pool, clock }: { pool: Pool; clock: Clock }): Performance {
  return {
    report: (question) => performanceReport(pool, question, clock.now()),
  };
}
