/**
 * The starts of a job, as files of its folder. Start n is claimed by the child itself, by a hard link to `process-<n>.json`:
 * that is atomic, so of two children that were started for it one goes on, and it comes with its content, so there is no moment at which a
 * child runs that nobody could find.
 */
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { JOB_FILES } from '../job.ts';
import { identify, type ProcessIdentity } from './process.ts';

export interface Start extends ProcessIdentity {
  readonly n: number;
  readonly launchedAt: string;
}

const processFile = (dir: string, n: number) => path.join(dir, `process-${n}.json`);
const exitFile = (dir: string, n: number) => path.join(dir, `exit-${n}.json`);

/** In the child: makes start `n` ours. False when another child has it. */
export function claimStart(dir: string, n: number): boolean {
  const file = processFile(dir, n);
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify({ ...identify(process.pid), n, launchedAt: new Date().toISOString() }));
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  putAsideEvents(dir, n);
  return true;
}

/** The events of the start before would otherwise speak for this one: its error would end us. */
function putAsideEvents(dir: string, n: number): void {
  try {
    if (n > 1) renameSync(path.join(dir, JOB_FILES.events), path.join(dir, `events-${n - 1}.ndjson`));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** In the child: leaves its exit code, which nobody else learns when the service that started it is gone. */
export function recordExit(dir: string, n: number, code: number): void {
  writeFileSync(exitFile(dir, n), JSON.stringify({ code }));
}

/** The latest start of the folder, read in one go; null when there was none or no such folder. */
export function latestStart(dir: string): Start | null {
  const n = Math.max(0, ...names(dir).map((name) => Number(/^process-(\d+)\.json$/.exec(name)?.[1] ?? 0)));
  return n === 0 ? null : readJson<Start>(processFile(dir, n));
}

/** Exit code of a start that ended in order; null when it was killed or still runs. */
export function exitCode(dir: string, n: number): number | null {
  return readJson<{ code: number }>(exitFile(dir, n))?.code ?? null;
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    // a child killed while it wrote its exit code leaves half a line: as good as none
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
