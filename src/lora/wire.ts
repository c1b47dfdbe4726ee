/** Errors on their way between threads: a class does not survive it, so those of the catalogue travel as code and details. */
import type { Details, ErrorCode } from '../errors.ts';
import { TrimtabError, isTrimtabError, messageOf } from '../errors.ts';

export type WireError = { readonly code: ErrorCode; readonly details: Details } | { readonly message: string };

export function toWire(error: unknown): WireError {
  return isTrimtabError(error) ? { code: error.code, details: error.details } : { message: messageOf(error) };
}

export function fromWire(error: WireError): Error {
  return 'code' in error ? new TrimtabError(error.code, error.details) : new Error(error.message);
}
