/** A process's identity: a pid alone is used again by the kernel, and a kill would then hit a stranger. */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; null where there is no /proc. */
  readonly startTicks: number | null;
}

const hasProc = process.platform === 'linux';

/** The identity of a running process; null when it is gone. Synchronous, since the child claims its folder before all else. */
export function identify(pid: number): ProcessIdentity | null {
  if (hasProc) return fromStat(pid);
  try {
    process.kill(pid, 0);
    return { pid, startTicks: null };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? { pid, startTicks: null } : null;
  }
}

/** True while this very process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

function fromStat(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The second field is the command in brackets and may itself hold brackets and spaces: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], Number(fields[19])];
  // Where nobody reaps orphans (a container without an init), a job that ended stays as a zombie for ever.
  if (state === 'Z' || state === 'X' || !Number.isSafeInteger(startTicks)) return null;
  return { pid, startTicks };
}
