/** The way through a running service. */
import { TrimtabError, messageOf } from '../errors.ts';
import type { ImportRow, IngestAnswer } from '../ingest/schema.ts';

/** Posts rows to a model's import. The function throws TrimtabError `bad-data` with the service's own words when it refuses the request. */
export function postRows({ url, key, model }: { url: string; key: string | null; model: string }): (rows: readonly ImportRow[]) => Promise<IngestAnswer> {
  const address = addressOf(url, model);
  return async (rows) => {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(rows),
    }).catch((error: unknown) => {
      throw new TrimtabError('bad-data', { what: url, problem: `it does not answer (${causeOf(error)})`, right: 'give the URL of a running service' });
    });
    const body = (await response.json().catch(() => null)) as (IngestAnswer & { detail?: string }) | null;
    if (response.ok && body !== null) return body;
    throw new TrimtabError('bad-data', { what: url, problem: `it answered ${response.status}`, right: body?.detail ?? 'give the URL of a Trimtab service' });
  };
}

function addressOf(url: string, model: string): URL {
  if (!URL.canParse(url)) throw new TrimtabError('bad-request', { what: '--url', problem: `"${url}" is no URL`, right: 'give one such as http://127.0.0.1:8080' });
  return new URL(`/v1/models/${encodeURIComponent(model)}/import`, url);
}

const causeOf = (error: unknown) => messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
