/**
 * A reference has no value that it does not know, so counted by itself it would promise that none ever comes. Each of its rows is
 * therefore counted as if it were not in the reference: a value that came once is `unseen`. Its share is then an unbiased estimate of the
 * share of unseen values to come (Good 1953).
 */
import { hashText } from '../hash.ts';
import { nameOf, type CategoryCounts, type CategoryLayout } from './category.ts';
import { observeDistinct } from './distinct.ts';

/** `counts` are of `values`, in the reference of `layout`. */
export function leaveOneOut(counts: CategoryCounts, { places }: CategoryLayout, values: Iterable<unknown>): void {
  const times = new Map<string, number>();
  for (const value of values) {
    const name = nameOf(value);
    if (name !== null) times.set(name, (times.get(name) ?? 0) + 1);
  }
  for (const [name, n] of times) {
    const at = places.get(name);
    if (n !== 1 || at === undefined) continue;
    counts.unseen++;
    if (at >= counts.counts.length) counts.other--;
    else {
      counts.counts[at] = 0;
      observeDistinct(counts.rest, hashText(name));
    }
  }
}
