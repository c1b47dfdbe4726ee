/** Runs a job as a detached child process: it outlives the service, and any replica on this machine finds it by its folder. */
import { spawn } from 'node:child_process';
import { access, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { TrimtabError } from '../../errors.ts';
import { EXIT, JOB_FILES } from '../job.ts';
import { emptyTail, readOn, type EventTail } from './events.ts';
import type { Executor, JobHandle, JobStatus } from './index.ts';
import { isAlive } from './process.ts';
import { exitCode, latestStart, type Start } from './starts.ts';

const CLAIM = pathToFileURL(path.join(import.meta.dirname, 'claim.ts')).href;
const STDERR = 'stderr.log';
const CANCEL = 'cancel';
const CLAIM_EVERY_MS = 5;
/** A loaded machine needs seconds to start a process; a minute means that it never will. */
const CLAIM_WITHIN_MS = 60_000;

export interface LocalOptions {
  /** The child's whole environment: nothing of ours leaks into it, neither secrets nor settings. */
  readonly environment?: Readonly<Record<string, string>>;
}

export function createLocalExecutor({ environment = {} }: LocalOptions = {}): Executor {
  const tails = new Map<string, EventTail>();

  const statusOf = async (dir: string, start: Start): Promise<JobStatus> => {
    // In this order: what a process that is already gone has written is whole, and the result is written after the last event.
    const alive = isAlive(start);
    const done = await exists(path.join(dir, JOB_FILES.result));
    const known = tails.get(dir);
    const tail = await readOn(dir, known?.start === start.n ? known : emptyTail(start.n));
    tails.set(dir, tail);
    const progress = tail.progress === null ? {} : { progress: tail.progress };
    if (done) return { state: 'done', retryable: false, ...progress };
    if (alive) return { state: 'running', retryable: false, ...progress };
    return { ...(await ending(dir, start, tail)), ...progress };
  };

  return {
    async launch(dir, entry) {
      const latest = latestStart(dir);
      if (latest === null) return handleOf(dir, await spawnStart(dir, entry, 1, environment));
      const { retryable } = await statusOf(dir, latest);
      return handleOf(dir, retryable ? await spawnStart(dir, entry, latest.n + 1, environment) : latest);
    },
    async poll({ dir }) {
      const latest = latestStart(dir);
      return latest === null ? { state: 'lost', retryable: true, error: `no process has claimed ${dir}` } : statusOf(dir, latest);
    },
    async cancel({ dir }) {
      const latest = latestStart(dir);
      if (latest === null) return;
      const first = await writeFile(path.join(dir, CANCEL), '', { flag: 'wx' }).then(() => true, ifExists);
      if (isAlive(latest)) killGroup(latest.pid, first ? 'SIGTERM' : 'SIGKILL');
    },
    async forget({ dir }) {
      const latest = latestStart(dir);
      if (latest !== null && isAlive(latest)) {
        throw new TrimtabError('conflict', { problem: `job ${path.basename(dir)} still runs as process ${latest.pid}`, right: 'cancel it and poll until it has ended' });
      }
      tails.delete(dir);
    },
  };
}

/** Starts the child and waits until start `n` is claimed: by it, or by the child of another launcher. */
async function spawnStart(dir: string, entry: string, n: number, environment: Readonly<Record<string, string>>): Promise<Start> {
  const [out, err] = await Promise.all([open(path.join(dir, 'stdout.log'), 'a'), open(path.join(dir, STDERR), 'a')]);
  try {
    const child = spawn(process.execPath, ['--import', CLAIM, entry, dir, `start-${n}`], {
      cwd: dir,
      detached: true,
      stdio: ['ignore', out.fd, err.fd],
      env: environment,
    });
    let ended: string | null = null;
    child.once('error', (error) => (ended = error.message));
    child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? code} before it began`));
    child.unref();
    return await claimed(dir, n, () => ended);
  } finally {
    await Promise.all([out.close(), err.close()]);
  }
}

async function claimed(dir: string, n: number, endedWith: () => string | null): Promise<Start> {
  for (let waited = 0; ; waited += CLAIM_EVERY_MS) {
    const ended = endedWith();
    const start = latestStart(dir);
    if (start !== null && start.n >= n) return start;
    if (ended !== null || waited > CLAIM_WITHIN_MS) {
      const problem = ended ?? `it did not begin within ${CLAIM_WITHIN_MS / 1000} s`;
      throw new TrimtabError('overloaded', { what: `job ${path.basename(dir)} could not be started: ${problem}${await lastWords(dir)}`, retryAfter: 10 });
    }
    await pause(CLAIM_EVERY_MS);
  }
}

/** How a start ended that left no result. */
async function ending(dir: string, start: Start, tail: EventTail): Promise<JobStatus> {
  if (await exists(path.join(dir, CANCEL))) return { state: 'failed', retryable: false, error: 'cancelled' };
  if (tail.failure !== null) return { state: 'failed', retryable: tail.failure.retryable, error: `${tail.failure.code}: ${tail.failure.message}` };
  const code = exitCode(dir, start.n);
  if (code === null) return { state: 'lost', retryable: true, error: `process ${start.pid} is gone and left no result${await lastWords(dir)}` };
  return { state: 'failed', retryable: code !== EXIT.permanent, error: `it exited with ${code} and left no result${await lastWords(dir)}` };
}

/** The end of what the job printed: mostly the only trace of a crash. */
async function lastWords(dir: string): Promise<string> {
  const text = await readFile(path.join(dir, STDERR), 'utf8').catch(() => '');
  return text.trim() === '' ? '' : `; it last said: ${text.trim().slice(-1000)}`;
}

function handleOf(dir: string, { pid, startTicks, launchedAt }: Start): JobHandle {
  return { executor: 'local', dir, pid, startTicks, launchedAt };
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const exists = (file: string) => access(file).then(() => true, () => false);
const ifExists = (error: unknown): false => {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  throw error;
};
