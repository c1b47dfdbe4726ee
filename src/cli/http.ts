/** The way through a running service. */
import { TrimtabError, messageOf } from '../errors.ts';
import type { Arguments } from './arguments.ts';
import { textOf } from './arguments.ts';
import type { ImportRow, IngestAnswer } from '../ingest/schema.ts';
import type { Context } from './command.ts';

/** Options of every command that speaks to a service. */
export const SERVICE_OPTIONS = { url: { type: 'string' }, key: { type: 'string' } } as const;
export const SERVICE_USAGE = '[--url URL] [--key KEY]';
/** Shown as what an address looks like. */
const HERE = 'http://127.0.0.1:8080';

export interface Service {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
}

/** The service that the arguments name, or the one that this machine's TRIMTAB_PORT names; the key is TRIMTAB_API_KEY where none is given. */
export function serviceOf(parsed: Arguments, context: Context): Service {
  const { port, apiKey } = context.config(textOf(parsed, 'data'));
  return openService({ url: textOf(parsed, 'url') ?? `http://127.0.0.1:${port}`, key: textOf(parsed, 'key') ?? apiKey });
}

/** The functions throw TrimtabError `bad-data` with the service's own words when it refuses the request. @throws TrimtabError `bad-request` for what is no URL */
export function openService({ url, key }: { url: string; key: string | null }): Service {
  if (!URL.canParse(url)) throw new TrimtabError('bad-request', { what: '--url', problem: `"${url}" is no URL`, right: `give one such as ${HERE}` });
  const call = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new TrimtabError('bad-data', { what: url, problem: `it does not answer (${causeOf(error)})`, right: 'give the URL of a running service' });
    });
    const answer = (await response.json().catch(() => null)) as (T & { detail?: string }) | null;
    if (response.ok && answer !== null) return answer;
    throw new TrimtabError('bad-data', { what: url, problem: `it answered ${response.status}`, right: answer?.detail ?? 'give the URL of a Trimtab service' });
  };
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) };
}

/** Posts rows to a model's import. */
export function postRows({ url, key, model }: { url: string; key: string | null; model: string }): (rows: readonly ImportRow[]) => Promise<IngestAnswer> {
  const service = openService({ url, key });
  return (rows) => service.post(modelPath(model, '/import'), rows);
}

/** A path below a model. */
export const modelPath = (model: string, rest: string) => `/v1/models/${encodeURIComponent(model)}${rest}`;

const causeOf = (error: unknown) => messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
