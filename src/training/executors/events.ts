/** Follows events.ndjson: each poll reads only what was added, and waits for the rest of a line that is not whole yet. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { JOB_FILES, type JobEvent } from '../job.ts';
import type { JobProgress } from './index.ts';

type JobFailure = Extract<JobEvent, { type: 'error' }>;

/** What has been read of one start's events, up to a byte offset behind a whole line. */
export interface EventTail {
  readonly start: number;
  readonly offset: number;
  readonly progress: JobProgress | null;
  readonly failure: JobFailure | null;
}

export const emptyTail = (start: number): EventTail => ({ start, offset: 0, progress: null, failure: null });

const NEWLINE = 0x0a;

/** Reads on from `tail`. A missing file is an empty one. */
export async function readOn(dir: string, tail: EventTail): Promise<EventTail> {
  const bytes = await bytesFrom(path.join(dir, JOB_FILES.events), tail.offset);
  const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
  const events = whole.toString('utf8').split('\n').flatMap(parseEvent);
  return {
    start: tail.start,
    offset: tail.offset + whole.length,
    progress: events.findLast((event) => event.type === 'progress') ?? tail.progress,
    failure: events.findLast((event) => event.type === 'error') ?? tail.failure,
  };
}

async function bytesFrom(file: string, offset: number): Promise<Buffer> {
  const handle = await open(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A line that is no event (a library that prints, a disk that filled up) must not end the job. */
function parseEvent(line: string): JobEvent[] {
  try {
    const event = JSON.parse(line) as JobEvent | null;
    return event !== null && typeof event === 'object' && typeof event.type === 'string' ? [event] : [];
  } catch {
    return [];
  }
}
