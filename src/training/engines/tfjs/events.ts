/** events.ndjson: one event a line, appended; progress not oftener than a reader can use. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEvent } from '../../job.ts';
import { JOB_FILES } from '../../job.ts';

const PROGRESS_EVERY_MS = 200;

export interface Events {
  start(backend: string): void;
  /** Drops what comes too soon after the last, except the last step. */
  progress(step: number, steps: number, loss: number, tokens: number): void;
  done(): void;
  error(code: string, message: string, retryable: boolean): void;
  now(): Date;
}

export function createEvents(folder: string, now: () => Date): Events {
  let [started, last] = [0, 0];
  const write = (event: JobEvent): void => appendFileSync(join(folder, JOB_FILES.events), `${JSON.stringify(event)}\n`);
  const at = (): string => now().toISOString();
  return {
    now,
    start(backend) {
      started = now().getTime();
      write({ type: 'start', at: at(), pid: process.pid, backend });
    },
    progress(step, steps, loss, tokens) {
      const time = now().getTime();
      if (time - last < PROGRESS_EVERY_MS && step < steps) return;
      last = time;
      write({ type: 'progress', at: at(), step, steps, loss, tokensPerSecond: tokens / Math.max(1e-3, (time - started) / 1000) });
    },
    done: () => write({ type: 'done', at: at() }),
    error: (code, message, retryable) => write({ type: 'error', at: at(), code, message, retryable }),
  };
}
