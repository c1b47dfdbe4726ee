/** Long work beside ingest on one thread. */
import { setImmediate } from 'node:timers/promises';

/** About 5 ms of sketching and comparing. */
const ROWS_A_TURN = 64;

/** To be awaited before each item of long work: now and then it lets others run. */
export function createTurns(): () => Promise<void> | null {
  let items = 0;
  return () => (++items % ROWS_A_TURN === 0 ? setImmediate() : null);
}

/** Maps in order, and lets others run in between: a prediction must not wait for a whole dataset. */
export async function inTurns<T, R>(items: readonly T[], map: (item: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  const turn = createTurns();
  for (const [i, item] of items.entries()) {
    await turn();
    results.push(map(item, i));
  }
  return results;
}
