/** When a delivery that failed is tried again: Standard Webhooks' table, spread out so that receivers that come back are not all called at once. */
import { DAY, HOUR, MINUTE, SECOND } from '../../vocabulary.ts';

/** Waits after the first attempt, the second ...; after the last the endpoint is disabled: three days without one success. */
export const RETRY_DELAYS: readonly number[] = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const SPREAD = 0.2;
const LONGEST = DAY;

/**
 * When to try again after `tries` attempts, the failed one counted; null: not any more. A `Retry-After`, in seconds or as a date,
 * can make it later, by a day at most. `random` in [0, 1) chooses within 20 % of the table's wait.
 */
export function nextTry(tries: number, now: Date, options: { readonly retryAfter: string | null; readonly random: number; readonly delays?: readonly number[] }): Date | null {
  const delay = (options.delays ?? RETRY_DELAYS)[tries - 1];
  if (delay === undefined) return null;
  const wait = delay * (1 - SPREAD + 2 * SPREAD * options.random);
  return new Date(now.getTime() + Math.max(wait, Math.min(retryAfterMs(options.retryAfter, now), LONGEST)));
}

function retryAfterMs(header: string | null, now: Date): number {
  if (header === null) return 0;
  const ms = /^[0-9]{1,9}$/.test(header.trim()) ? Number(header) * SECOND : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
