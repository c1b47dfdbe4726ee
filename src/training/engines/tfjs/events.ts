/** events.ndjson: one event a line, appended; progress not oftener than a reader can use. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEvent } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';

const PROGRESS_EVERY_MS = 200;

/** An event without its time. */
type Untimed<Event> = Event extends JobEvent ? Omit<Event, 'at'> : never;

export interface Events {
  write(event: Untimed<JobEvent>): void;
  /** Drops what comes too soon after the last, except the last step. `tokens` are those of this process. */
  progress(step: number, steps: number, loss: number, tokens: number): void;
  now(): Date;
}

export function createEvents(folder: string, now: () => Date): Events {
  const started = now().getTime();
  let last = 0;
  const write: Events['write'] = (event) => {
    const { type, ...rest } = event;
    appendFileSync(join(folder, JOB_FILES.events), `${JSON.stringify({ type, at: now().toISOString(), ...rest })}\n`);
  };
  return {
    now,
    write,
    progress(step, steps, loss, tokens) {
      const time = now().getTime();
      if (time - last < PROGRESS_EVERY_MS && step < steps) return;
      last = time;
      write({ type: 'progress', step, steps, loss, tokensPerSecond: tokens / Math.max(1e-3, (time - started) / 1000) });
    },
  };
}
