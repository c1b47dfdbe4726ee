/** The service's own API, with the viewer's key. The key lives in this tab only: sessionStorage, gone when it is closed. */
import type { Problem } from '../../http/api.ts';

const KEY = 'trimtab.key';

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set(value: string | null) {
    if (value === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, value);
    document.dispatchEvent(new Event('key'));
  },
};

/** The service's clock: the viewer's may be wrong, and a demo's service lives in another time. */
export const clock = {
  ahead: 0,
  now: () => Date.now() + clock.ahead,
  follow(response: Response) {
    const told = response.headers.get('x-trimtab-time');
    if (told !== null) clock.ahead = new Date(told).getTime() - Date.now();
  },
};

/** What the service refused, in its own words; `status` 0 when it did not answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function headers(): Record<string, string> {
  const value = key.get();
  return value === null ? {} : { authorization: `Bearer ${value}` };
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** @throws ApiError */
export async function call<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { ...headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The service does not answer. Is it running, and is the network there?');
  });
  clock.follow(response);
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? null : await response.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body);

export async function problemOf(response: Response): Promise<ApiError> {
  const problem = await response.json().catch(() => null) as Problem | null;
  const error = new ApiError(response.status, problem?.code ?? 'unknown', response.status === 401 ? 'This service asks for an API key, and the one given is none of its own.' : (problem?.detail ?? `The service answered ${response.status}.`));
  if (error.status === 401) document.dispatchEvent(new Event('unauthenticated'));
  return error;
}

/** A path with its parts encoded: `at('/v1/models', name, 'drift')`. */
export const at = (head: string, ...parts: readonly string[]) => [head, ...parts.map(encodeURIComponent)].join('/');

/** A query string of what is there. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
