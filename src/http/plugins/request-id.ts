/** A request's id: the caller's when it is harmless, so that one id goes through all systems; else a new one. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

// An id stands in logs and answers: no line breaks, no quotes, no kilobytes.
const HARMLESS = /^[A-Za-z0-9._-]{1,64}$/;

export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && HARMLESS.test(given) ? given : randomUUID();
}
