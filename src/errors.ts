/**
 * The catalogue of errors: each code says its HTTP status, whether trying again can help, and the public text.
 * `{name}` in a text is filled from the details, so a message always names what, where and what would be right.
 */
interface Entry {
  readonly status: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly retryable: boolean;
  readonly title: string;
  readonly text: string;
}

export const CATALOGUE = {
  'bad-request': { status: 400, level: 'info', retryable: false, title: 'The request is not valid', text: '{what}: {problem}; {right}' },
  'bad-config': { status: 500, level: 'error', retryable: false, title: 'The configuration is not valid', text: '{problems}' },
  'bad-spec': { status: 422, level: 'info', retryable: false, title: 'The model spec is not valid', text: '{problems}' },
  'bad-adapter': { status: 422, level: 'warn', retryable: false, title: 'The adapter is not valid', text: 'adapter {adapter}: {problem}; {right}' },
  'bad-base': { status: 422, level: 'warn', retryable: false, title: 'The base model cannot be used', text: 'base {base}: {problem}; {right}' },
  'bad-data': { status: 422, level: 'info', retryable: false, title: 'The data cannot be used', text: '{what}: {problem}; {right}' },
  'too-little-memory': { status: 422, level: 'warn', retryable: false, title: 'The job does not fit into memory', text: 'the job needs about {needed} of memory, and {available} are there (most for: {largest}); use {right}, or raise the limit' },
  'unauthenticated': { status: 401, level: 'info', retryable: false, title: 'No valid API key', text: 'send a key as "Authorization: Bearer <key>"' },
  'unverified': { status: 401, level: 'info', retryable: false, title: 'The webhook could not be verified', text: 'nothing registered here vouches for this request: check the name of the source in the URL, what it signs with, the clock of the sender, and that nothing on the way rewrites the body' },
  'forbidden': { status: 403, level: 'warn', retryable: false, title: 'The key may not do this', text: 'this needs role {needed}; the key "{key}" has role {role}' },
  'not-found': { status: 404, level: 'info', retryable: false, title: 'Not found', text: 'there is no {what} "{id}"' },
  'conflict': { status: 409, level: 'info', retryable: false, title: 'Conflict', text: '{problem}; {right}' },
  'no-live-adapter': { status: 409, level: 'info', retryable: false, title: 'No adapter is live', text: 'model "{model}" has no live adapter yet; import labelled rows and let a run promote one' },
  'too-large': { status: 413, level: 'info', retryable: false, title: 'The request is too large', text: '{what} is over the limit of {limit}; send smaller batches' },
  'unsupported-media-type': { status: 415, level: 'info', retryable: false, title: 'The content type is not accepted', text: '{what} is not accepted here; send {right}' },
  'rate-limited': { status: 429, level: 'warn', retryable: true, title: 'Too many requests', text: 'this key may send {limit} requests a minute here; try again after {retryAfter} s' },
  'overloaded': { status: 503, level: 'warn', retryable: true, title: 'Too much at once', text: '{what}; try again after {retryAfter} s' },
  'unavailable': { status: 503, level: 'error', retryable: true, title: 'Not available', text: '{what} does not answer; try again after {retryAfter} s' },
  'stopping': { status: 503, level: 'info', retryable: true, title: 'The service is stopping', text: 'another replica will answer; try again' },
  'job-failed': { status: 500, level: 'error', retryable: false, title: 'The training job failed', text: 'job {job}: {problem}' },
  'fenced': { status: 409, level: 'info', retryable: true, title: 'Somebody else took this step', text: '{what} was moved on by another replica' },
  'internal': { status: 500, level: 'error', retryable: true, title: 'Internal error', text: 'see the log under this request id' },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof CATALOGUE;
export type Details = Readonly<Record<string, string | number>>;

/** An error of the catalogue. `cause` carries what is for the log and never for the caller. */
export class TrimtabError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;

  constructor(code: ErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(fill(CATALOGUE[code].text, details), options);
    this.name = 'TrimtabError';
    this.code = code;
    this.details = details;
  }

  get entry(): Entry {
    return CATALOGUE[this.code];
  }
}

/** True for an error of the catalogue with one of the codes. */
export function isTrimtabError(error: unknown, ...codes: ErrorCode[]): error is TrimtabError {
  return error instanceof TrimtabError && (codes.length === 0 || codes.includes(error.code));
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fill(text: string, details: Details): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole));
}
