/** Whether this replica should get traffic. */
import { setTimeout as after } from 'node:timers/promises';
import { TrimtabError } from './errors.ts';
import { ping } from './store/health.ts';
import type { Pool } from './store/postgres.ts';
import { SECOND } from './vocabulary.ts';

export interface Health {
  /** Throws `stopping`, or `unavailable` when the database does not answer in time. */
  ready(): Promise<void>;
  /** From now on not ready, so that a load balancer sends nothing new while what is in flight ends. */
  stop(): void;
}

/** `timeoutMs` bounds a question to a database that neither answers nor refuses. */
export function createHealth({ pool, timeoutMs = 2 * SECOND }: { pool: Pool; timeoutMs?: number }): Health {
  let stopping = false;
  return {
    async ready() {
      if (stopping) throw new TrimtabError('stopping');
      const answered = new AbortController();
      const late = after(timeoutMs, 'late' as const, { signal: answered.signal });
      try {
        if ((await Promise.race([ping(pool), late])) === 'late') throw new Error(`no answer within ${timeoutMs} ms`);
      } catch (cause) {
        throw new TrimtabError('unavailable', { what: 'the database', retryAfter: 1 }, { cause });
      } finally {
        answered.abort();
        late.catch(() => undefined);
      }
    },
    stop: () => void (stopping = true),
  };
}
