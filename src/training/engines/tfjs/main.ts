/** The TypeScript engine's program: `node main.ts JOBDIR`. Everything it knows and says stands in the job's folder. */
import { isTrimtabError, messageOf } from '../../../errors.ts';
import { EXIT } from '../../job.ts';
import { createEvents } from './events.ts';
import { runJob } from './run.ts';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node main.ts JOBDIR');
  process.exit(EXIT.permanent);
}

// Nothing is half written: results appear by rename, so the process may end anywhere.
process.on('SIGTERM', () => process.exit(EXIT.preempted));

const events = createEvents(folder, () => new Date());
try {
  await runJob(folder, events);
  process.exitCode = EXIT.done;
} catch (error) {
  // An error of the catalogue is about the input: trying again would find the same. Anything else (disk, memory) may pass.
  const retryable = !isTrimtabError(error) || error.entry.retryable;
  events.error(isTrimtabError(error) ? error.code : 'internal', messageOf(error), retryable);
  if (!isTrimtabError(error)) console.error(error);
  process.exitCode = retryable ? EXIT.retry : EXIT.permanent;
}
