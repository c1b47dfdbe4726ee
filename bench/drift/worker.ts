/** Plays parts of jobs that come as messages. */
import { parentPort } from 'node:worker_threads';
import { play, type Job } from './jobs.ts';

parentPort?.on('message', ({ job, trials, seed }: { job: Job; trials: number; seed: number }) => parentPort?.postMessage(play(job, trials, seed)));
