/** What the three kinds of writes share. */
import type { Clock } from '../clock.ts';
import { ensurePartitions } from '../store/partitions.ts';
import { isGivenUp, transaction, type Client, type Pool } from '../store/postgres.ts';
import type { TaskRules } from '../tasks/index.ts';
import { DAY } from '../vocabulary.ts';
import type { References } from '../store/reference-cache.ts';

export interface WriteParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly references: References;
  /** Of a model that is known to be registered. */
  readonly rulesOf: (model: string) => TaskRules;
}

/** What became of one row. */
export type RowResult = 'accepted' | 'duplicate' | { readonly refused: string };

export const byId = (a: { readonly id: string }, b: { readonly id: string }) => compare(a.id, b.id);
export const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export function unknownModel(model: string): { readonly refused: string } {
  return { refused: `there is no model "${model}"; register it with PUT /v1/models/${model}` };
}

const ATTEMPTS = 3;

/** One transaction; again when the server gave it up for another one. */
export async function write<T>(pool: Pool, work: (db: Client) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(pool, work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isGivenUp(error)) throw error;
    }
  }
}

/** Makes the partitions of a day and its next before the day's first row comes; asks the database once a day. */
export function createDays(pool: Pool): (now: Date) => Promise<void> {
  const known = new Set<number>();
  return async (now) => {
    const day = Math.floor(now.getTime() / DAY);
    if (known.has(day)) return;
    await write(pool, (db) => ensurePartitions(db, now, new Date((day + 2) * DAY)));
    known.add(day);
  };
}
