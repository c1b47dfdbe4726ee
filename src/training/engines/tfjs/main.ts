/** The TypeScript engine's program: `node main.ts JOBDIR`. Everything it knows and says stands in the job's folder. */
import { isTrimtabError, messageOf } from '../../../errors.ts';
import { EXIT } from '../../job.ts';
import { createEvents } from './events.ts';
import { runJob } from './run.ts';
import type { Control } from './training.ts';
import { Preempted } from './training.ts';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node main.ts JOBDIR');
  process.exit(EXIT.permanent);
}

let asked = false;
const control: Control = { stopAsked: () => asked, stoppable: false };
// While it trains it saves where it stands first; nothing is ever half written, so everywhere else, and the second time, it may just end.
process.on('SIGTERM', () => {
  if (asked || !control.stoppable) process.exit(EXIT.preempted);
  asked = true;
});

const events = createEvents(folder, () => new Date());
try {
  await runJob(folder, events, control);
  process.exitCode = EXIT.done;
} catch (error) {
  process.exitCode = error instanceof Preempted ? EXIT.preempted : failed(error);
}

function failed(error: unknown): number {
  // An error of the catalogue is about the input: trying again would find the same. Anything else (disk, memory) may pass.
  const retryable = !isTrimtabError(error) || error.entry.retryable;
  events.write({ type: 'error', code: isTrimtabError(error) ? error.code : 'internal', message: messageOf(error), retryable });
  if (!isTrimtabError(error)) console.error(error);
  return retryable ? EXIT.retry : EXIT.permanent;
}
