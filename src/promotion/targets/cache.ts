/**
 * A few open things per group, the least recently used given up first. Opening is single-flight; what is given up is closed only
 * when its last user has left, so that a promotion never breaks a prediction in flight.
 */
import { TrimtabError } from '../../errors.ts';

export interface Slot<T> {
  readonly key: string;
  readonly opening: Promise<T>;
  users: number;
  givenUp: boolean;
  /** Resolves when the thing is closed, or never opened. */
  readonly closed: PromiseWithResolvers<void>;
}

export interface Cache<T> {
  /** Opens the thing, or finds it open, and keeps it open while `work` runs. Throws what opening threw; `stopping` after `stop`. */
  use<R>(group: string, key: string, work: (thing: T) => Promise<R>): Promise<R>;
  /** Gives the thing up and waits until it is closed. */
  drop(key: string): Promise<void>;
  /** Keys of what is open or opening. */
  keys(): string[];
  stop(): Promise<void>;
}

interface CacheOptions<T> {
  open(group: string, key: string): Promise<T>;
  /** Must not throw. */
  close(slot: Slot<T>, thing: T): Promise<void>;
  readonly keep: number;
}

export function createCache<T>({ open, close, keep }: CacheOptions<T>): Cache<T> {
  /** In each group the least recently used slot comes first. */
  const groups = new Map<string, Map<string, Slot<T>>>();
  const closing = new Set<Promise<void>>();
  let stopping = false;

  const closeWhenIdle = (slot: Slot<T>): void => {
    if (!slot.givenUp || slot.users > 0) return;
    void slot.opening.then((thing) => close(slot, thing), () => {}).then(() => slot.closed.resolve());
  };
  const giveUp = (group: Map<string, Slot<T>>, slot: Slot<T>): Promise<void> => {
    if (group.get(slot.key) === slot) group.delete(slot.key);
    slot.givenUp = true;
    const done = slot.closed.promise;
    closing.add(done);
    void done.then(() => closing.delete(done));
    closeWhenIdle(slot);
    return done;
  };
  const take = (name: string, key: string): [Map<string, Slot<T>>, Slot<T>] => {
    if (stopping) throw new TrimtabError('stopping');
    const group = groups.get(name) ?? new Map<string, Slot<T>>();
    groups.set(name, group);
    const slot = group.get(key) ?? { key, opening: open(name, key), users: 0, givenUp: false, closed: Promise.withResolvers<void>() };
    group.delete(key);
    group.set(key, slot);
    slot.users += 1;
    const [oldest] = group.values();
    if (group.size > keep && oldest !== undefined) void giveUp(group, oldest);
    return [group, slot];
  };

  return {
    async use(name, key, work) {
      const [group, slot] = take(name, key);
      try {
        const thing = await slot.opening.catch((error: unknown) => {
          // What failed to open is forgotten: the next call tries again.
          if (!slot.givenUp) void giveUp(group, slot);
          throw error;
        });
        return await work(thing);
      } finally {
        slot.users -= 1;
        closeWhenIdle(slot);
      }
    },
    async drop(key) {
      await Promise.all([...groups.values()].flatMap((group) => {
        const slot = group.get(key);
        return slot === undefined ? [] : [giveUp(group, slot)];
      }));
    },
    keys: () => [...groups.values()].flatMap((group) => [...group.keys()]),
    async stop() {
      stopping = true;
      for (const group of groups.values()) for (const slot of [...group.values()]) void giveUp(group, slot);
      await Promise.all(closing);
    },
  };
}
