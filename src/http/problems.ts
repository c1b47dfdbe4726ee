/** From anything thrown to a problem document; the one place that decides what a caller is told. */
import type { FastifyError } from 'fastify';
import { CATALOGUE, isTrimtabError, messageOf, TrimtabError } from '../errors.ts';
import type { Problem } from './schemas/answers.ts';
import { isJsonObject } from './schemas/json.ts';

const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** The problem document. What happened inside never leaves with a 500: the caller gets the request's id, the log has the rest. */
export function problemOf(error: TrimtabError, requestId: string, errors?: Problem['errors']): Problem {
  const { status, title, retryable } = error.entry;
  const retryAfter = retryAfterOf(error);
  return {
    type: `urn:trimtab:error:${error.code}`,
    title,
    status,
    detail: status === 500 ? CATALOGUE.internal.text : error.message,
    instance: requestId,
    code: error.code,
    retryable,
    ...(retryAfter === null ? {} : { retryAfter }),
    ...(errors === undefined ? {} : { errors }),
  };
}

function retryAfterOf({ entry, details }: TrimtabError): number | null {
  if (entry.status !== 503 && entry.status !== 429) return null;
  return Number(details['retryAfter'] ?? DEFAULT_RETRY_AFTER_SECONDS);
}

/** The error of the catalogue that stands for anything thrown; `cause` keeps the original for the log. */
export function inCatalogue(error: unknown): TrimtabError {
  if (isTrimtabError(error)) return error;
  const { statusCode, code, validation, validationContext } = (error ?? {}) as Partial<FastifyError>;
  if (validation !== undefined) {
    const problem = errorsOf(error)?.map(({ at, problem }) => `${at} ${problem}`).join('; ') ?? 'not valid';
    return new TrimtabError('bad-request', { what: `the ${validationContext ?? 'request'}`, problem, right: 'see /openapi.json for what is accepted' });
  }
  if (statusCode === 413) return new TrimtabError('too-large', { what: 'the body', limit: 'what this service takes in one request' });
  if (statusCode === 415) return new TrimtabError('unsupported-media-type', { what: messageOf(error), right: 'application/json' });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new TrimtabError('bad-request', { what: 'the request', problem: messageOf(error), right: `see /openapi.json (${code ?? statusCode})` });
  }
  return new TrimtabError('internal', {}, { cause: error });
}

/** Where and how a request failed its schema; names the fields that are missing or too many. */
export function errorsOf(error: unknown): Problem['errors'] {
  const { validation, validationContext } = (error ?? {}) as Partial<FastifyError>;
  return validation
    // the same unknown field is reported twice, once less readably
    ?.filter(({ keyword }) => (keyword as string) !== 'boolean')
    .map(({ instancePath, message, params }) => ({ at: `${validationContext ?? ''}${instancePath}`, problem: (message ?? 'is not valid') + named(params) }));
}

function named(params: unknown): string {
  if (!isJsonObject(params)) return '';
  const names = params['additionalProperties'] ?? params['allowedValues'] ?? params['pattern'];
  return names === undefined ? '' : `: ${Array.isArray(names) ? names.join(', ') : String(names)}`;
}
