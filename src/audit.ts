/**
 * The audit: every action of a person or a key that changes what the service does, with who, in which role, and why. An entry is
 * written before the action and closed after it, so that an action without an entry cannot be, and one that died on the way is seen.
 */
import type { Clock } from './clock.ts';
import { isTrimtabError } from './errors.ts';
import { beginAudit, endAudit, listAudit, type AuditEntry } from './store/audit.ts';
import type { Pool } from './store/postgres.ts';

export type { AuditEntry } from './store/audit.ts';

export const ACTIONS = [
  'retrain', 'approve', 'cancel', 'rollback', 'acknowledge', 'resolve', 'mute', 'unmute', 'put-model', 'make-key', 'revoke-key',
  'put-source', 'rotate-source', 'remove-source', 'put-endpoint', 'rotate-endpoint', 'remove-endpoint', 'disable-endpoint', 'enable-endpoint', 'test-endpoint',
  'replay-delivery', 'skip-delivery',
] as const;
export type Action = (typeof ACTIONS)[number];

export type Deed = Pick<AuditEntry, 'who' | 'role' | 'model' | 'subject' | 'reason'> & { readonly action: Action };

export interface Audit {
  /** Does the work between the two lines of its entry; throws what it throws. `tell`: what came of it, for the entry's detail. */
  during<T>(deed: Deed, work: () => Promise<T>, tell?: (result: T) => string): Promise<T>;
  /** Newest first; `before` (an id) pages on. */
  list(filter: { readonly model?: string; readonly before?: number; readonly limit: number }): Promise<AuditEntry[]>;
}

export function createAudit({ pool, clock }: { pool: Pool; clock: Clock }): Audit {
  return {
    async during(deed, work, tell) {
      const id = await beginAudit(pool, { ...deed, at: clock.now() });
      try {
        const result = await work();
        await endAudit(pool, id, 'done', tell?.(result) ?? null);
        return result;
      } catch (error) {
        // a database that is gone refuses this line too; the entry then stays open, which says so
        await endAudit(pool, id, isTrimtabError(error) ? error.code : 'internal', null).catch(() => {});
        throw error;
      }
    },
    list: ({ model = null, before = null, limit }) => listAudit(pool, { model, before, limit }),
  };
}
