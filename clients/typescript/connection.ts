/** One way to the service: bearer key, JSON, and retries that never do a thing twice. Needs nothing but `fetch`. */

/** A problem document of the service (RFC 9457), or what stood in its place. */
export class TrimtabProblem extends Error {
  readonly status: number;
  /** The service's own word for it, such as `not-found`; null when somebody else answered. */
  readonly code: string | null;
  readonly problem: unknown;
  constructor(status: number, code: string | null, detail: string, problem: unknown) {
    super(detail);
    this.name = 'TrimtabProblem';
    this.status = status;
    this.code = code;
    this.problem = problem;
  }
}

export interface ConnectionOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** API key; left out in laptop mode. */
  readonly key?: string;
  /** Times that a request is sent again. */
  readonly retries?: number;
  /** Milliseconds until an attempt is given up. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** It may be sent again although the service may have done it. */
  readonly repeatable?: boolean;
}

export interface Connection {
  /** Throws `TrimtabProblem` for what the service refuses, and the network's own error once all attempts have failed. */
  readonly request: <T>(method: string, path: string, options?: RequestOptions) => Promise<T>;
}

/** The service did not take these: sending them again cannot do anything twice. */
const REFUSED = new Set([429, 503]);
/** Somebody between us and the service gave up; the service may have done it. */
const UNKNOWN = new Set([502, 504]);
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

export function connect({ url, key, retries = 5, timeoutMs = 30_000, fetch: send = fetch }: ConnectionOptions): Connection {
  const attempt = (method: string, path: string, { body, query = {} }: RequestOptions): Promise<Response> => {
    const address = new URL(path, url);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, String(value));
    return send(address, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  };
  return {
    async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
      for (let tried = 0; ; tried++) {
        const answer = await attempt(method, path, options).catch((error: unknown) => ({ lost: error }));
        if ('lost' in answer) {
          if (options.repeatable !== true || tried >= retries) throw answer.lost;
          await wait(backoff(tried));
          continue;
        }
        if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
        const again = REFUSED.has(answer.status) || (options.repeatable === true && UNKNOWN.has(answer.status));
        if (!again || tried >= retries) throw await problemOf(answer);
        await answer.body?.cancel();
        await wait(retryAfter(answer.headers.get('retry-after')) ?? backoff(tried));
      }
    },
  };
}

/** Full jitter: callers who failed together do not come back together. */
const backoff = (tried: number) => Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tried);

/** Seconds, or a date; null when it says nothing. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
}

async function problemOf(answer: Response): Promise<TrimtabProblem> {
  const text = await answer.text();
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string };
    return new TrimtabProblem(answer.status, problem.code ?? null, problem.detail ?? text, problem);
  } catch {
    return new TrimtabProblem(answer.status, null, `the service answered ${answer.status}: ${text.slice(0, 200)}`, text);
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
