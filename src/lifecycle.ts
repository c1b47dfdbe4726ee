/**
 * Start in order, stop in reverse: one design. A second caller shares the work in flight, a stop waits for an unfinished
 * start, a part that fails to start has those before it stopped again, and a stop that hangs ends at the deadline.
 */
import { messageOf } from './errors.ts';

export interface Part {
  readonly name: string;
  start?(): Promise<void>;
  stop?(): Promise<void>;
}

export interface Lifecycle {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly stopping: boolean;
}

export function createLifecycle(parts: readonly Part[], options: { stopSeconds: number; onProblem: (problem: string) => void }): Lifecycle {
  const running: Part[] = [];
  let starting: Promise<void> | null = null;
  let stopped: Promise<void> | null = null;

  const startAll = async () => {
    for (const part of parts) {
      // a stop was asked for meanwhile: what is not started need not be
      if (stopped) return;
      running.push(part);
      await part.start?.();
    }
  };

  const stopAll = async () => {
    // a start that failed has already told its caller; what it had started still has to be stopped
    await starting?.catch(() => {});
    for (const part of running.reverse()) {
      await withDeadline(part, options.stopSeconds).catch((error: unknown) => options.onProblem(`stopping ${part.name}: ${messageOf(error)}`));
    }
  };

  const lifecycle: Lifecycle = {
    start: () => (starting ??= startAll().catch(async (error: unknown) => {
      stopped ??= Promise.resolve();
      for (const part of running.reverse()) await part.stop?.().catch(() => {});
      throw error;
    })),
    stop: () => (stopped ??= stopAll()),
    get stopping() {
      return stopped !== null;
    },
  };
  return lifecycle;
}

async function withDeadline(part: Part, seconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
  });
  try {
    await Promise.race([part.stop?.() ?? Promise.resolve(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
