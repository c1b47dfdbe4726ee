/** Long work beside ingest on one thread. */
import { setImmediate } from 'node:timers/promises';

/** About 5 ms of sketching and comparing. */
const ROWS_A_TURN = 64;

/** Maps in order, and lets others run in between: a prediction must not wait for a whole dataset. */
export async function inTurns<T, R>(items: readonly T[], map: (item: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  for (const [i, item] of items.entries()) {
    if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await setImmediate();
    results.push(map(item, i));
  }
  return results;
}
