/** A small cache of answers that live shortly. */
import type { Clock } from '../clock.ts';

export interface ShortLived<T> {
  /** The answer while it lives; else asks. Callers at the same time share one question. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** `maxEntries` bounds memory against callers who send ever new keys: the oldest goes first. */
export function shortLived<T>(options: { clock: Clock; lifeMs: number; maxEntries: number }): ShortLived<T> {
  const entries = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();
  return {
    get(key, ask) {
      const now = options.clock.now().getTime();
      const known = entries.get(key);
      if (known !== undefined && known.until > now) return known.answer;
      const answer = ask();
      entries.delete(key);
      entries.set(key, { until: now + options.lifeMs, answer });
      // A failed question is no answer: the next caller asks again.
      answer.catch(() => entries.get(key)?.answer === answer && entries.delete(key));
      if (entries.size > options.maxEntries) entries.delete(entries.keys().next().value ?? key);
      return answer;
    },
    clear: () => entries.clear(),
  };
}
