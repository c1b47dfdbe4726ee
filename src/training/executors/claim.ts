/**
 * Loaded before the engine's entry (`node --import claim.ts entry.ts JOBDIR start-<n>`): claims the start, or leaves at once.
 * The engine knows nothing of it.
 */
import { isMainThread } from 'node:worker_threads';
import { EXIT } from '../job.ts';
import { claimStart, recordExit } from './starts.ts';

// Workers and forked children inherit --import; only the job's main thread may claim.
const [dir, start] = [process.argv[2], /^start-(\d+)$/.exec(process.argv[3] ?? '')];
if (isMainThread && dir !== undefined && start !== null) {
  const n = Number(start[1]);
  if (!claimStart(dir, n)) process.exit(EXIT.retry);
  process.on('exit', (code) => recordExit(dir, n, code));
}
