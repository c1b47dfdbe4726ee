/** Workers, one a core: a job is dealt to all of them in parts, whose seeds do not depend on how many there are. */
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Job } from './jobs.ts';

const PARTS = 8;

export interface Workers {
  /** All figures of a job, ascending. */
  run(job: Job): Promise<number[]>;
  close(): Promise<void>;
}

export function createWorkers(count = os.availableParallelism()): Workers {
  const workers = Array.from({ length: count }, () => new Worker(path.join(import.meta.dirname, 'worker.ts')));
  const idle = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  const take = () => new Promise<Worker>((resolve) => {
    const worker = idle.pop();
    if (worker === undefined) waiting.push(resolve);
    else resolve(worker);
  });
  const giveBack = (worker: Worker) => {
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else next(worker);
  };
  const part = async (job: Job, trials: number, seed: number) => {
    const worker = await take();
    try {
      worker.postMessage({ job, trials, seed });
      // an error in the worker rejects `once`
      return (await once(worker, 'message'))[0] as number[];
    } finally {
      giveBack(worker);
    }
  };
  return {
    async run(job) {
      const share = (i: number) => Math.floor(((i + 1) * job.trials) / PARTS) - Math.floor((i * job.trials) / PARTS);
      const figures = await Promise.all(Array.from({ length: PARTS }, async (_, i) => (share(i) === 0 ? [] : part(job, share(i), 1_000 + i))));
      return figures.flat().sort((a, b) => a - b);
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}
