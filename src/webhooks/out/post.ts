/**
 * One request to an endpoint. Its name is resolved once, every address is checked, and the connection goes to exactly those: a name
 * that leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are not followed, the answer is not kept.
 */
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { performance } from 'node:perf_hooks';
import ipaddr from 'ipaddr.js';
import { Agent, request } from 'undici';
import { SECOND } from '../../vocabulary.ts';
import { addressesProblem, hostOf, type AllowList } from './address.ts';

export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answered {
  /** Null: there was no answer. */
  readonly status: number | null;
  /** Null: delivered. */
  readonly problem: string | null;
  /** The `Retry-After` header as it came. */
  readonly retryAfter: string | null;
  readonly seconds: number;
}

export type Post = (outgoing: Outgoing) => Promise<Answered>;
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface PostOptions {
  readonly allow: AllowList;
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15 * SECOND;
const MAX_ANSWER_BYTES = 4_096;

const resolveBySystem: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** Never throws: what went wrong is an answer. */
export function createPost({ allow, resolve = resolveBySystem, timeoutMs = TIMEOUT_MS }: PostOptions): Post {
  return async (outgoing) => {
    const began = performance.now();
    const answer = (rest: Partial<Answered>): Answered => ({ status: null, problem: null, retryAfter: null, ...rest, seconds: (performance.now() - began) / SECOND });
    const signal = AbortSignal.timeout(timeoutMs);
    let agent: Agent | null = null;
    try {
      const url = new URL(outgoing.url);
      const host = hostOf(url);
      const addresses = ipaddr.isValid(host) ? [host] : await before(signal, resolve(host));
      const refused = addressesProblem(url, addresses, allow);
      if (refused !== null) return answer({ problem: `not sent: ${refused}` });
      agent = new Agent({ connect: { lookup: pinned(addresses), timeout: timeoutMs }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
      const { statusCode, headers, body } = await request(url, { dispatcher: agent, method: 'POST', headers: outgoing.headers, body: outgoing.body, signal });
      // a 2xx whose body does not end is a 2xx
      await body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
      const retryAfter = typeof headers['retry-after'] === 'string' ? headers['retry-after'] : null;
      return answer({ status: statusCode, problem: problemOf(statusCode), retryAfter });
    } catch (error) {
      return answer({ problem: signal.aborted ? `no answer within ${timeoutMs / SECOND} s` : `no answer: ${codeOf(error)}` });
    } finally {
      agent?.destroy().catch(() => {});
    }
  };
}

function problemOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? `answered ${status}: redirects are not followed` : `answered ${status}`;
}

/** Hands out the checked addresses, whatever the name leads to by now. */
function pinned(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: ipaddr.parse(address).kind() === 'ipv4' ? 4 : 6 }));
  return (_host, options, done) => {
    if (options.all === true) return done(null, found);
    const [first] = found as [(typeof found)[number]];
    done(null, first.address, first.family);
  };
}

/** The resolver cannot be stopped, but need not be waited for. */
function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('too late')), { once: true });
    work.then(resolve, reject);
  });
}

/** `ECONNREFUSED`, `ENOTFOUND`, `UND_ERR_SOCKET`: enough to look for the cause, and nothing that the receiver wrote. */
function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  return String(code ?? cause?.code ?? (error instanceof Error ? error.name : 'failed'));
}
