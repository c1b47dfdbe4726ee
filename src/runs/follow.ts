/** Follows a job until it ends, and tells what it cost. */
import { setTimeout as delay } from 'node:timers/promises';
import { insertProgress } from '../store/progress.ts';
import type { JobHandle, JobStatus } from '../training/index.ts';
import type { JobResult } from '../training/job.ts';
import type { RunContext } from './context.ts';

const POLL_MS = 200;

/** The job's final status, or null when the service is stopping: the job goes on and is found again. */
export async function follow(context: RunContext, handle: JobHandle): Promise<JobStatus | null> {
  const { parts, run, signal } = context;
  let told = -1;
  for (;;) {
    const status = await parts.training.poll(handle);
    const progress = status.progress;
    if (progress && progress.step > told) {
      told = progress.step;
      const { step, steps, loss, tokensPerSecond } = progress;
      await insertProgress(parts.pool, run.id, { state: run.state, step, steps, loss, tokensPerSecond, at: parts.clock.now() });
      parts.events.emit('job:progress', { model: run.model, run: run.id, step, steps, loss, tokensPerSecond });
    }
    if (status.state !== 'running') return status;
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return null;
  }
}

/** A step that is taken again after a crash tells it again, from another process: metrics count what was done, not what was decided. */
export function tellDone({ parts, run }: RunContext, { kind, device, seconds, tokens, peakMemoryBytes }: JobResult): void {
  // results of jobs that an earlier version began have no device
  parts.events.emit('job:done', { model: run.model, run: run.id, kind, device: device ?? 'cpu', seconds, tokens, peakMemoryBytes });
}
