/** What every executor can do with a job folder: launch, poll, cancel. The handle is plain JSON, so that it survives us. */
import type { JobEvent } from '../job.ts';

/** Finds a job again after a restart. `pid` and `startTicks` name the process that ran when the handle was made. */
export interface JobHandle {
  readonly executor: 'local';
  /** Absolute path of the job folder. */
  readonly dir: string;
  readonly pid: number;
  /** Start of the process in clock ticks since boot (field 22 of /proc/<pid>/stat); null where there is no /proc. */
  readonly startTicks: number | null;
  /** ISO time. */
  readonly launchedAt: string;
}

export type JobProgress = Extract<JobEvent, { type: 'progress' }>;

/** `lost`: the process is gone and left neither a result nor a reason. */
export interface JobStatus {
  readonly state: 'running' | 'done' | 'failed' | 'lost';
  /** True when launching the same job again may help. */
  readonly retryable: boolean;
  readonly error?: string;
  readonly progress?: JobProgress;
}

export interface Executor {
  /** Starts `entry` on the folder, or finds the process that was started on it before. */
  launch(dir: string, entry: string): Promise<JobHandle>;
  poll(handle: JobHandle): Promise<JobStatus>;
  /** Asks the job to stop; a second call ends it. */
  cancel(handle: JobHandle): Promise<void>;
  /** Drops what is remembered about the job; refuses while its process lives. */
  forget(handle: JobHandle): Promise<void>;
}
