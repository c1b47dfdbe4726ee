/** The objective that the error budget is of. */
import type { Queries } from './promql.ts';

/** Share of HTTP requests not answered with 5xx. */
export const AVAILABILITY = 0.999;

/** Share of the requests answered with 5xx, 0 when there was none of them; a 503 that sheds counts, too. */
export function errorRatio(q: Queries, window: string): string {
  const all = q.rate('httpRequests', [], window);
  return `((${q.rate('httpRequests', [], window, { status: { like: '5..' } })} or 0 * ${all}) / ${all})`;
}
