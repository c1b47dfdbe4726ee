/** Hooks that all views share: the route, loaded data, the time. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, clock, get } from './api.ts';
import { listen, type LiveEvent } from './live.ts';
import { hrefOf, parseRoute, type Known, type Query, type Route } from './route.ts';

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return parseRoute(hash);
}

export function go(place: Known, query: Query = {}): void {
  location.hash = hrefOf(place, query);
}

/** Puts state into the URL of the place that somebody is at, without a step for the back button. */
export function replaceQuery(change: Readonly<Record<string, string | null>>): void {
  const { place, query } = parseRoute(location.hash);
  if (place.view === 'unknown') return;
  const next = Object.fromEntries(Object.entries({ ...query, ...change }).filter(([, value]) => value !== null)) as Query;
  history.replaceState(null, '', hrefOf(place, next));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export interface Loaded<T> {
  readonly data: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
  reload(): void;
}

/** How often everything is asked again without being told to: events of another replica do not reach us. */
const REFRESH_MS = 30_000;

/**
 * Loads a path of the API; null loads nothing. It is loaded again when `on` says that an event of the service concerns it, and now and
 * then. What was there stays while it loads, and when loading it again fails.
 */
export function useLoad<T>(path: string | null, on?: (event: LiveEvent) => boolean): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null; loading: boolean }>({ path, data: null, error: null, loading: path !== null });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const concerns = useRef(on);
  concerns.current = on;
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    setState((was) => (was.path === path ? { ...was, loading: true } : { path, data: null, error: null, loading: true }));
    get<T>(path, stop.signal).then(
      (data) => setState({ path, data, error: null, loading: false }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState((was) => ({ path, data: was.path === path ? was.data : null, error: asApiError(error), loading: false }));
      },
    );
    return () => stop.abort();
  }, [path, turn]);
  useEffect(() => {
    if (path === null) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), REFRESH_MS);
    const hush = soon(reload);
    const stop = listen((event) => concerns.current?.(event) && hush.call());
    document.addEventListener('key', reload);
    return () => {
      clearInterval(timer);
      hush.cancel();
      stop();
      document.removeEventListener('key', reload);
    };
  }, [path]);
  return state.path === path ? { ...state, reload } : { data: null, error: null, loading: path !== null, reload };
}

/** What a path lists of one model, loaded again at every event of a type that concerns it. */
export function useListOf<T>(model: string, type: string, path: string): Loaded<readonly T[]> {
  return useLoad<readonly T[]>(path, (event) => event.type === type && event.data['model'] === model);
}

/** Events come in bursts: one load answers all of them. */
function soon(task: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    call() {
      timer ??= setTimeout(() => {
        timer = undefined;
        task();
      }, 150);
    },
    cancel: () => clearTimeout(timer),
  };
}

export const asApiError = (error: unknown) => (error instanceof ApiError ? error : new ApiError(0, 'fault', error instanceof Error ? error.message : String(error)));

/** The service's time, looked at again every `ms`. */
export function useNow(ms = 10_000): number {
  const [, turn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => turn((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return clock.now();
}
