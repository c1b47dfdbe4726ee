/**
 * Drift measured on the shipped code, in the common bench: delay of detection, false alarms against the promise, the whole model's budget, and
 * the hot paths. The full table is `npm run bench:drift`. `node --expose-gc bench/drift.ts` prints this one.
 */
import { pathToFileURL } from 'node:url';
import { seededUniform } from '../src/statistics/random.ts';
import { budgetRows } from './budget.ts';
import { delayRows } from './drift/delays.ts';
import { lengthRows } from './drift/lengths.ts';
import { stepRows } from './drift/step.ts';
import { createWorkers } from './drift/workers.ts';
import { hotPathRows } from './profile.ts';
import type { BenchRow } from './row.ts';

export async function driftRows(): Promise<BenchRow[]> {
  const workers = createWorkers();
  try {
    return [
      ...(await delayRows(workers, 300)),
      ...(await lengthRows(workers, { promises: [1e3], references: [5_000], runs: 200, knownRuns: 10_000 })),
      ...budgetRows(seededUniform(7)),
      ...stepRows(),
      ...hotPathRows(),
    ];
  } finally {
    await workers.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await driftRows());
